package magiclink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/outbox"
)

const doctype = "Dispatch Job"

// How long links stand.
const (
	afterDay = 4 * time.Hour // the last visit of a day may be long
	longest  = 72 * time.Hour
	shortest = time.Hour
)

// link is a link that was made, and its form for an SMS.
type link struct {
	Made
	short string
}

// Link makes the link at which a technician finds a work order and his day, in its
// short form. He must have the work order, or assist. Where there are no keys for
// tokens there are no links, nor for who does not work: it is "".
func (d *Desk) Link(ctx context.Context, technician, job string) (url string, err error) {
	if err := d.off(); err != nil {
		return "", err
	}
	doc, err := d.job(ctx, job)
	if err != nil {
		return "", err
	}
	tech, err := d.technician(ctx, technician)
	if err != nil || !tech.Works() {
		return "", err
	}
	made, err := d.issue(ctx, tech, doc, 0)
	if hub.HasCode(err, "part-off") {
		return "", nil
	}
	return made.short, err
}

// issue makes a link and writes down that it stands before it is given out, so that
// it can be ended. The work order may have gone to somebody else since it was read:
// who looks at that looks at the links that are written down, and this one may have
// come after.
func (d *Desk) issue(ctx context.Context, tech *erpnext.DispatchTechnician, job *erpnext.DispatchJob, life time.Duration) (link, error) {
	if job.AssignedTech != "" && !has(job, tech.Name) {
		return link{}, otherHands(job, nil)
	}
	ends := expiry(d.Now(), job.ScheduledDate)
	if life > 0 {
		ends = d.Now().Add(min(life, longest))
	}
	token, claims, err := d.Keys.Mint(ctx, access.Grant{
		Audience: access.Technician, Subject: tech.Name, Job: job.Name, Scopes: access.JobScopes(), Lang: langOf(tech), Expires: ends,
	})
	if err != nil {
		return link{}, fmt.Errorf("making a link for %s: %w", job.Name, err)
	}
	holder, err := d.standing(ctx, job, grant{Technician: tech.Name, JTI: claims.ID, Expires: claims.Expires})
	if err != nil {
		return link{}, err
	}
	if holder != "" && holder != tech.Name {
		if err := d.sure(ctx, tech.Name, job.Name, claims); err != nil {
			return link{}, err
		}
	}
	code, err := d.Keys.Short(ctx, token, claims)
	return link{short: d.Public("/j/" + code), Made: Made{
		Technician: tech.Name, Job: job.Name, URL: d.Public("/j/" + token), Token: token, JTI: claims.ID, ExpiresAt: claims.Expires, Sent: []Sent{},
	}}, err
}

// sure looks again whether the technician has the work order; else the link ends
// before anybody has it.
func (d *Desk) sure(ctx context.Context, technician, name string, claims access.Claims) error {
	job, err := d.job(ctx, name)
	if err == nil && (job.AssignedTech == "" || has(job, technician)) {
		return nil
	}
	if err == nil {
		err = otherHands(job, nil)
	}
	return errors.Join(err, d.Keys.RevokeID(ctx, claims.ID, claims.Expires))
}

func otherHands(job *erpnext.DispatchJob, cause error) error {
	return hub.Fail(hub.Conflict, "state-conflict", "Somebody else has this work order.", cause,
		hub.WithState(map[string]any{"job": job.Name, "technician": job.AssignedTech}))
}

// expiry is when a link for work on a day ends, today when it has none: some hours
// after the day, and not too soon nor too late from now.
func expiry(now time.Time, day erpnext.Date) time.Time {
	t := day.Time()
	if t.IsZero() {
		t = now.In(hub.Local())
	}
	at := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, hub.Local()).Add(afterDay)
	switch {
	case at.Before(now.Add(shortest)):
		at = now.Add(shortest)
	case at.After(now.Add(longest)):
		at = now.Add(longest)
	}
	return at.UTC()
}

// send sends a link at once: somebody asked for that.
func (d *Desk) send(ctx context.Context, tech *erpnext.DispatchTechnician, job *erpnext.DispatchJob, made link) ([]Sent, error) {
	entry, err := d.Mail.Queue(ctx, outbox.Message{
		Channel: outbox.SMS, To: phoneOf(tech), Template: "magiclink.link", Lang: langOf(tech), Urgent: true,
		Vars:    map[string]any{"Company": d.Brand, "Link": made.short},
		Doctype: doctype, Name: job.Name, DedupeKey: "magiclink:link:" + made.JTI,
	})
	if err != nil {
		return nil, fmt.Errorf("queueing the link for %s: %w", job.Name, err)
	}
	return []Sent{{Channel: string(outbox.SMS), ID: entry.ID, Status: entry.Status}}, nil
}

// has tells that the technician has the work order, or assists.
func has(job *erpnext.DispatchJob, technician string) bool {
	return job.AssignedTech == technician || slices.ContainsFunc(job.Assistants, func(a erpnext.JobAssistant) bool { return a.Technician == technician })
}

// job reads a work order.
func (d *Desk) job(ctx context.Context, name string) (*erpnext.DispatchJob, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, d.ERPNext, doctype, name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "job-not-found", "There is no such work order.", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return job, nil
}

// technician reads a technician.
func (d *Desk) technician(ctx context.Context, name string) (*erpnext.DispatchTechnician, error) {
	tech, err := erpnext.Get[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.Invalid, "invalid", "There is no such technician.", err, hub.WithField("/technician", "there is no such technician"))
	}
	if err != nil {
		return nil, fmt.Errorf("reading technician %s: %w", name, err)
	}
	return tech, nil
}

// atWork reads a technician who works.
func (d *Desk) atWork(ctx context.Context, name string) (*erpnext.DispatchTechnician, error) {
	tech, err := d.technician(ctx, name)
	if err == nil && !tech.Works() {
		err = hub.Fail(hub.Invalid, "invalid", "The technician does not work.", nil, hub.WithField("/technician", "does not work any more, or is no person"))
	}
	return tech, err
}

// phoneOf is where the technician gets his SMS; "" for nowhere.
func phoneOf(tech *erpnext.DispatchTechnician) string {
	number, err := hub.ParsePhone(tech.Phone)
	if err != nil {
		return ""
	}
	return string(number)
}

func langOf(tech *erpnext.DispatchTechnician) hub.Lang {
	return hub.LangOf(cmp.Or(tech.Language, string(hub.French)))
}
