// Package presence tells dispatchers who is about to assign which job, so that two
// do not do it at once. It forbids nothing: whoever writes second is told so then.
//
// Routes: POST /dispatch/presence, GET /dispatch/presence.
// Events: job.presence.
// Systems called: ERPNext (Dispatch Job: whether it exists).
// Remembers: dispatch:presence, who is at which job, for half a minute.
package presence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// How long somebody is taken to be at a job after he last said so, when others are
// told again that he still is, and how many are remembered: of one dispatcher, and
// of all.
const (
	lasting  = 30 * time.Second
	renewing = lasting / 2
	mostOwn  = 20
	mostAll  = 500
	attempts = 50 // at a value that others change
)

const key = "dispatch:presence"

// What somebody does at a job.
const (
	Assigning = "assigning"
	Gone      = "gone"
)

// Here is somebody at a job.
type Here struct {
	Job   string    `json:"job"`
	Actor string    `json:"actor"`
	Doing string    `json:"doing" enum:"assigning,gone"`
	Until time.Time `json:"until" doc:"afterwards he is taken to be gone"`
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Presence knows who is where.
type Presence struct {
	store keep.Values
	news  News
	now   func() time.Time
	log   *slog.Logger
	jobs  *register // nil: any name is taken for a job
}

// New makes a presence.
func New(store keep.Values, news News, now func() time.Time, log *slog.Logger) *Presence {
	return &Presence{store: store, news: news, now: now, log: log}
}

// Of has it refuse jobs that ERPNext does not know; while ERPNext is away, or erp
// is nil, it refuses none.
func (p *Presence) Of(erp *erpnext.Client) *Presence {
	if erp != nil {
		p.jobs = newRegister(erp, p.now, p.log)
	}
	return p
}

// Mount registers the routes.
func (p *Presence) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/presence", Guard: web.Staff, Tag: "dispatch", ID: "dispatch-presence",
		Summary:     "Say that the caller is about to assign a job, or is not any more",
		Description: "Said again every 10 to 15 seconds; 30 seconds after the last time he is taken to be gone. Others hear it as the event `job.presence`. An unknown job is 404 `job-not-found`.",
	}, p.say)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/dispatch/presence", Guard: web.Staff, Tag: "dispatch", ID: "dispatch-presence-list",
		Summary: "Who is about to assign which job, for those who come later",
	}, p.list)
}

type sayInput struct {
	Body struct {
		Job   string `json:"job" minLength:"1" maxLength:"140"`
		Doing string `json:"doing" enum:"assigning,gone"`
	}
}

type sayOutput struct{ Body Here }

func (p *Presence) say(ctx context.Context, in *sayInput) (*sayOutput, error) {
	here, err := p.Say(ctx, in.Body.Job, in.Body.Doing)
	return &sayOutput{Body: here}, err
}

func (p *Presence) list(ctx context.Context, _ *struct{}) (*web.Listing[Here], error) {
	all, _, err := p.read(ctx)
	return web.List(all, ""), err
}

// Say notes what the caller does at a job, and tells the others when that is new
// to them.
func (p *Presence) Say(ctx context.Context, job, doing string) (Here, error) {
	if doing == Assigning && !p.jobs.has(ctx, job) {
		return Here{}, hub.Fail(hub.NotFound, "job-not-found", "There is no such work order.", nil)
	}
	now := p.now().UTC().Truncate(time.Millisecond)
	here := Here{Job: job, Actor: hub.ActorOf(ctx).ID, Doing: doing, Until: now.Add(lasting)}
	if doing == Gone {
		here.Until = now
	}
	for range attempts {
		all, version, err := p.read(ctx)
		if err != nil {
			return here, err
		}
		was, others := part(all, here)
		switch {
		case doing == Gone && was == nil:
			return here, nil
		case doing == Assigning && was != nil && was.Until.Sub(now) > renewing:
			return *was, nil
		case doing == Assigning:
			others = append(others, here)
		}
		if err = p.write(ctx, version, others); errors.Is(err, keep.ErrStale) {
			continue
		}
		if err == nil {
			p.tell(ctx, here)
		}
		return here, err
	}
	return here, fmt.Errorf("writing who is where: %w", keep.ErrStale)
}

// part takes out of the list what it says about the same person and job, and what
// is too much: the oldest of his, and the oldest of all.
func part(all []Here, of Here) (was *Here, others []Here) {
	own := 0
	for _, h := range slices.Backward(all) { // the newest first
		if h.Actor != of.Actor {
			others = append(others, h)
			continue
		}
		if h.Job == of.Job {
			was = &h
		} else if own++; own < mostOwn {
			others = append(others, h)
		}
	}
	if len(others) >= mostAll {
		others = others[:mostAll-1]
	}
	slices.Reverse(others)
	return was, others
}

// read lists who is there now, those who came last at the end.
func (p *Presence) read(ctx context.Context) (all []Here, version int64, err error) {
	raw, version, err := p.store.Value(ctx, key)
	switch {
	case errors.Is(err, keep.ErrNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("reading who is where: %w", err)
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, 0, fmt.Errorf("reading who is where: %w", err)
	}
	now := p.now()
	return slices.DeleteFunc(all, func(h Here) bool { return !h.Until.After(now) }), version, nil
}

func (p *Presence) write(ctx context.Context, version int64, all []Here) error {
	raw, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("writing who is where: %w", err)
	}
	_, err = p.store.Swap(ctx, key, version, raw, 2*lasting)
	return err
}

func (p *Presence) tell(ctx context.Context, here Here) {
	if err := p.news.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobPresence, "", here)); err != nil {
		p.log.WarnContext(ctx, "event not published", "event", hub.JobPresence, "job", here.Job, "err", err)
	}
}
