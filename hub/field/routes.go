package field

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/mutation"
	"gigafibre.ca/targo-hub/hub/field/paper"
	"gigafibre.ca/targo-hub/hub/field/upload"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) error {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/field/context", Guard: web.Technician, ID: "field-context",
		Summary: "Who the technician is, and what his link lets him do",
	}, d.context)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/field/jobs", Guard: web.Technician, ID: "field-jobs", Calls: true,
		Summary:     "The technician's work orders, with all that is needed to work them off without a network",
		Description: "From `from` (today) to `to` (tomorrow), both included, and what is unfinished of days before; the one to do now first. A bounded number of calls to ERPNext. With `If-None-Match` the answer is 304 while nothing has changed.",
	}, d.jobs)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/field/jobs/{name}", Guard: web.Technician, ID: "field-job", Calls: true,
		Summary: "One work order of the technician",
	}, d.job)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/field/mutations", Guard: web.Technician, ID: "field-mutations", Calls: true,
		Summary: "What the technician did: stored, applied once, in order within a work order",
		Description: "Every mutation has its own `state`. `retry`: it is stored, or comes behind one that is not finished; send it again. `duplicate`: it was applied before. " +
			"`conflict`: the office changed the same thing meanwhile; `document` is its version, the technician's is kept for the office. `rejected`: it can never be applied, `error` says why. Ids are remembered 7 days.",
	}, d.mutate)
	r.Handle(http.MethodGet, "/field/photos/{job}/{row}", web.Technician, d.photo, web.Doc{
		Tag: "field", Summary: "One photo of a work order of the technician, small", Calls: true, Answer: "image/jpeg",
	})
	d.uploads.Mount(r)
	return paper.Mount(r, paper.Deps{
		Day: d.day, Mutations: d.mutations, Goods: d.visits.Goods, Device: d.Device, Brand: d.Brand, Office: d.Config.OfficePhone, Secure: d.Secure, Now: d.Now, Log: d.Log,
	})
}

// Context says who the technician is.
type Context struct {
	Technician string       `json:"technician"`
	Name       string       `json:"name"`
	Job        string       `json:"job,omitempty" doc:"The work order of his link"`
	Scopes     []string     `json:"scopes" nullable:"false"`
	Expires    *time.Time   `json:"expires_at"`
	Today      erpnext.Date `json:"today"`
	Now        time.Time    `json:"now" doc:"The hub's clock"`
	Lang       hub.Lang     `json:"lang"`
	Office     string       `json:"office_phone,omitempty"`
	Limits     Limits       `json:"limits"`
}

// Limits are what a telephone may send at once.
type Limits struct {
	Picture   int `json:"picture_bytes"`
	Mutations int `json:"mutations"`
}

type contextOutput struct{ Body Context }

// context answers GET /field/context. The name is left out while ERPNext is away.
func (d *Desk) context(ctx context.Context, _ *struct{}) (*contextOutput, error) {
	actor := hub.ActorOf(ctx)
	out := &contextOutput{Body: Context{
		Technician: actor.ID, Name: actor.ID, Job: actor.Job, Scopes: actor.Scopes, Today: erpnext.DateOf(d.Now()), Now: d.Now().UTC(), Lang: actor.Lang,
		Office: d.Config.OfficePhone, Limits: Limits{Picture: upload.Largest, Mutations: mutation.AtOnce},
	}}
	if len(out.Body.Scopes) == 0 {
		out.Body.Scopes = access.JobScopes()
	}
	if !actor.Expires.IsZero() {
		end := actor.Expires.UTC()
		out.Body.Expires = &end
	}
	if d.ERPNext == nil {
		return out, nil
	}
	people, err := erpnext.ByNames[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", actor.ID)
	if err == nil && len(people) > 0 && people[0].FullName != "" {
		out.Body.Name = people[0].FullName
	}
	return out, nil
}

type jobsInput struct {
	From  string `query:"from" maxLength:"10" doc:"first day, YYYY-MM-DD; today when empty"`
	To    string `query:"to" maxLength:"10" doc:"last day; tomorrow when empty, 31 days after the first at most"`
	Known string `header:"If-None-Match" maxLength:"200"`
}

type jobsOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *day.Sheet
}

// jobs answers GET /field/jobs.
func (d *Desk) jobs(ctx context.Context, in *jobsInput) (*jobsOutput, error) {
	sheet, err := d.day.Day(ctx, hub.ActorOf(ctx), erpnext.Date(in.From), erpnext.Date(in.To))
	if err != nil {
		return nil, err
	}
	tag, err := tagOf(sheet)
	if err != nil {
		return nil, err
	}
	out := &jobsOutput{Status: http.StatusOK, ETag: tag, Body: &sheet}
	for known := range strings.SplitSeq(in.Known, ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			out.Status, out.Body = http.StatusNotModified, nil
		}
	}
	return out, nil
}

// tagOf names what a sheet says; when it was read is no part of that.
func tagOf(s day.Sheet) (string, error) {
	s.AsOf = time.Time{}
	raw, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("naming a sheet: %w", err)
	}
	sum := sha256.Sum256(raw)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, nil
}

type jobInput struct {
	Name string `path:"name" maxLength:"140"`
}

type jobOutput struct{ Body day.Job }

// job answers GET /field/jobs/{name}.
func (d *Desk) job(ctx context.Context, in *jobInput) (*jobOutput, error) {
	job, err := d.day.Job(ctx, hub.ActorOf(ctx), in.Name)
	return &jobOutput{Body: job}, err
}

type mutateInput struct{ Body mutation.Batch }

type mutateOutput struct {
	Body struct {
		Results []mutation.Result `json:"results" nullable:"false"`
		Now     time.Time         `json:"now" doc:"The hub's clock"`
	}
}

// mutate answers POST /field/mutations.
func (d *Desk) mutate(ctx context.Context, in *mutateInput) (*mutateOutput, error) {
	results, err := d.mutations.Take(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	out := &mutateOutput{}
	out.Body.Results, out.Body.Now = results, d.Now().UTC()
	return out, nil
}
