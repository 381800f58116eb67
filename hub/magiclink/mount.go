package magiclink

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

const tag = "technicians"

func (d *Desk) mountLinks(r *web.Router) {
	office := web.Staff.Or(web.Service)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/otp/tech-link", Guard: office, Tag: tag, ID: "tech-link", Calls: true, Status: http.StatusCreated,
		Summary: "Make a technician's link to a work order",
		Description: "Bound to both. It stands until four hours after the end of the scheduled day, at least an hour and at most 72; `ttl_hours` sets it. " +
			"`send` has it sent by SMS at once. Who neither has the work order nor assists gets none: 409 `state-conflict` names who has it.",
	}, d.techLink)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/magic-link/refresh", Guard: office, Tag: tag, ID: "magic-link-refresh", Calls: true,
		Summary: "End the links of whoever had a work order, and give one to who has it now",
		Description: "He is told by SMS: one for all that changes within two minutes, with a link of its own. " +
			"While nobody has the work order, or when it is over, it is 409 `state-conflict`; the old links end all the same. A reassignment ends the links by itself, and tells whoever lost the work order; it makes a published one a draft, so who has it now is told when it is published (POST /dispatch/publish), or by this.",
	}, d.refresh)
}

// Made is a link that was made.
type Made struct {
	Technician string    `json:"technician"`
	Job        string    `json:"job"`
	URL        string    `json:"url"`
	Token      string    `json:"token"`
	JTI        string    `json:"jti" doc:"Names the token, for POST /auth/revoke"`
	ExpiresAt  time.Time `json:"expires_at"`
	Sent       []Sent    `json:"sent" nullable:"false" doc:"The messages about it"`
}

// Sent is a message that is on its way.
type Sent struct {
	Channel string     `json:"channel"`
	ID      string     `json:"id" doc:"Of the message; empty while it waits"`
	Status  string     `json:"status" doc:"waiting: it leaves at due, with what else changes until then; else as GET /messages/{id} says"`
	Due     *time.Time `json:"due,omitempty"`
}

type techLinkInput struct {
	Body struct {
		Technician string  `json:"technician" minLength:"1" maxLength:"140"`
		Job        string  `json:"job" minLength:"1" maxLength:"140"`
		Send       bool    `json:"send,omitempty" doc:"Also send it by SMS"`
		Hours      float64 `json:"ttl_hours,omitempty" minimum:"0" maximum:"72" doc:"For how long it stands, a minute at least; 0 for as long as the scheduled day asks"`
	}
}

type techLinkOutput struct{ Body Made }

// techLink answers POST /otp/tech-link.
func (d *Desk) techLink(ctx context.Context, in *techLinkInput) (*techLinkOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	tech, err := d.atWork(ctx, in.Body.Technician)
	if err != nil {
		return nil, err
	}
	job, err := d.job(ctx, in.Body.Job)
	if err != nil {
		return nil, err
	}
	if h := in.Body.Hours; h > 0 && h < 1./60 {
		return nil, hub.Fail(hub.Invalid, "invalid", "The link would end at once.", nil, hub.WithField("/ttl_hours", "a minute (0.017) at least, or 0"))
	}
	if in.Body.Send && phoneOf(tech) == "" {
		return nil, hub.Fail(hub.Invalid, "invalid", "The technician cannot be sent an SMS.", nil, hub.WithField("/technician", "has no telephone number"))
	}
	made, err := d.make(ctx, tech, job, in.Body.Hours)
	if err == nil && in.Body.Send {
		made.Sent, err = d.send(ctx, tech, job, made)
	}
	return &techLinkOutput{Body: made.Made}, err
}

// make makes the link that somebody asked for, within his allowance.
func (d *Desk) make(ctx context.Context, tech *erpnext.DispatchTechnician, job *erpnext.DispatchJob, hours float64) (link, error) {
	if job.AssignedTech != "" && !has(job, tech.Name) {
		return link{}, otherHands(job, nil)
	}
	ok, wait, err := d.Store.Allow(ctx, "magiclink:mint:"+tech.Name, mints, time.Hour)
	if err == nil && !ok {
		err = hub.Fail(hub.TooMany, "too-many-requests", "Too many links were made for this technician.", nil, hub.WithRetryAfter(wait))
	}
	if err != nil {
		return link{}, err
	}
	made, err := d.issue(ctx, tech, job, time.Duration(hours*float64(time.Hour)))
	if err != nil {
		return link{}, err
	}
	return made, d.Store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "link.mint", Doctype: doctype, Name: job.Name, Detail: tech.Name + " " + made.JTI, Request: hub.RequestID(ctx),
	})
}

// mints is how many links somebody may ask for one technician in an hour.
const mints = 60

type refreshInput struct {
	Body struct {
		Job string `json:"job" minLength:"1" maxLength:"140"`
	}
}

type refreshOutput struct {
	Body struct {
		Made
		Revoked int `json:"revoked" doc:"How many links of others ended"`
	}
}

// refresh answers POST /magic-link/refresh.
func (d *Desk) refresh(ctx context.Context, in *refreshInput) (*refreshOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	job, err := d.job(ctx, in.Body.Job)
	if err != nil {
		return nil, err
	}
	out := &refreshOutput{}
	occasion := uuid.NewString()
	if out.Body.Revoked, err = d.settle(ctx, job, occasion, upcoming{}); err != nil {
		return nil, err
	}
	state := hub.WithState(map[string]any{"job": job.Name, "technician": job.AssignedTech, "status": job.Status, "revoked": out.Body.Revoked})
	switch {
	case job.AssignedTech == "":
		return nil, hub.Fail(hub.Conflict, "state-conflict", "Nobody has this work order.", nil, state)
	case d.Final(job.Status):
		return nil, hub.Fail(hub.Conflict, "state-conflict", "This work order is over: there is nothing to tell anybody.", nil, state)
	}
	tech, err := d.atWork(ctx, job.AssignedTech)
	if err != nil {
		return nil, err
	}
	made, err := d.make(ctx, tech, job, 0)
	if err != nil {
		return nil, err
	}
	out.Body.Made = made.Made
	if phoneOf(tech) == "" {
		return out, nil
	}
	due, err := d.owe(ctx, tech.Name, job.Name, news{Occasion: occasion, Must: true, Draft: true})
	out.Body.Sent = []Sent{{Channel: "sms", Status: "waiting", Due: &due}}
	return out, err
}
