// Package mutation is the queue of what technicians did: status steps, notes,
// answers, photos, whatever a telephone sends late, twice, or in the wrong order.
// Each mutation is a durable job of the lane of its work order: stored before it is
// answered, worked off in order, once. What the office has changed meanwhile is a
// conflict with both versions, and nothing that a technician typed is lost.
//
// Routes: none; the parent package and the pages have them.
// Events: job.conflict.
// Systems called: ERPNext (Dispatch Job, Comment), and what the kinds call.
// Remembers: mutations with their outcomes, as jobs (field.mutation), 7 days.
package mutation

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Kind is the kind of the jobs.
const Kind = "field.mutation"

// How a mutation stands.
const (
	Applied   = "applied"
	Duplicate = "duplicate" // it was applied before
	Conflict  = "conflict"  // the office was faster: both versions are kept
	Rejected  = "rejected"  // it can never be applied
	Retry     = "retry"     // not finished yet: ask again
)

// Wire is a mutation as a telephone sends it. Nothing but a wrong JSON type fails
// the whole request: one that cannot be is refused alone.
type Wire struct {
	ID           string          `json:"id" doc:"Made by the telephone: 8 to 80 of A-Z a-z 0-9 _ -"`
	Seq          int64           `json:"seq" doc:"Rises within a work order"`
	Job          string          `json:"job"`
	Kind         string          `json:"kind" doc:"status, note, checklist, photo, signature, material, equipment_link, equipment_create, equipment_swap or flow_step"`
	At           string          `json:"at" doc:"When it happened by the telephone's clock, RFC 3339"`
	BaseModified string          `json:"base_modified,omitempty" doc:"The modified of the work order that the technician saw"`
	Data         json.RawMessage `json:"data,omitempty" doc:"What the kind needs"`
}

// Batch is what a telephone sends at once.
type Batch struct {
	SentAt    string `json:"sent_at,omitempty" doc:"The telephone's clock now: a clock that is off is corrected by the difference"`
	Mutations []Wire `json:"mutations" nullable:"false" maxItems:"1000" doc:"Of each work order in the order of seq. More than 200 are not taken at once: the rest is answered retry"`
}

// Result is how a mutation stands.
type Result struct {
	ID       string          `json:"id"`
	State    string          `json:"state" enum:"applied,duplicate,conflict,rejected,retry"`
	Document json.RawMessage `json:"document,omitempty" doc:"The work order as the office has it now, like an item of GET /field/jobs; on a conflict that is its version"`
	Outcome  json.RawMessage `json:"outcome,omitempty" doc:"What the kind has to say: the move, the device"`
	Error    *Refusal        `json:"error,omitempty"`
}

// Refusal says why, in words.
type Refusal struct {
	Code   string         `json:"code"`
	Title  string         `json:"title" doc:"In the caller's language"`
	Detail string         `json:"detail,omitempty"`
	Errors []hub.Field    `json:"errors,omitempty"`
	State  map[string]any `json:"state,omitempty"`
}

// Mutation is what is worked off. Key names it among all.
type Mutation struct {
	ID           string          `json:"id"`
	Key          string          `json:"key"`
	Seq          int64           `json:"seq"`
	Job          string          `json:"job"`
	Kind         string          `json:"kind"`
	At           time.Time       `json:"at"`       // when it happened, by our clock
	Clock        time.Time       `json:"clock"`    // by the telephone's
	Received     time.Time       `json:"received"` // when the hub had it
	BaseModified string          `json:"base_modified,omitempty"`
	Data         json.RawMessage `json:"data,omitempty"`

	Technician string   `json:"technician"`
	Link       string   `json:"link,omitempty"` // the work order of the link he came with
	Scopes     []string `json:"scopes,omitempty"`
	Lang       hub.Lang `json:"lang,omitempty"`
}

// Take does one mutation and returns what there is to say of it, or nil. It may run
// again for the same mutation, and asks for its own trace. hub.Conflict keeps both versions;
// hub.Malformed, Invalid, NotFound and Forbidden are for good; other failures are
// tried again. The technician is the actor on the context.
type Take func(ctx context.Context, m Mutation) (outcome any, err error)

// Store is what the desk needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the desk works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: the part is switched off
	Store   Store
	News    News
	Kinds   map[string]Take
	// Documents reads work orders as their technician sees them, by name; a failure
	// leaves them out. Nil for none.
	Documents func(ctx context.Context, actor hub.Actor, jobs []string) (map[string]any, error)
	// Evidence keeps for the office what came with a mutation that met a conflict, a
	// photo say; nil for nothing.
	Evidence func(ctx context.Context, m Mutation) error
	// Had tells that the work order was shown to the technician as one of his; nil
	// when nobody remembers.
	Had func(ctx context.Context, technician, job string) (bool, error)

	In   func(word string) string // the hub's word for a state of the site
	Wait time.Duration            // how long a request waits for its mutations; 8 s when 0
	Now  func() time.Time
	Log  *slog.Logger
}

// Desk takes mutations in and works them off.
type Desk struct{ Deps }

// New makes a desk.
func New(d Deps) *Desk {
	d.Log, d.Wait = d.Log.With("part", "field"), cmp.Or(d.Wait, 8*time.Second)
	return &Desk{d}
}

// Work says how mutations are worked off. ERPNext may be away for days. Of a work
// order one runs at a time, so a few seats are enough; the moves that some of them
// wait for have seats of their own.
func (d *Desk) Work() keep.Work {
	return keep.Work{
		Kind: Kind, Concurrency: 8, Budget: time.Minute, Backoff: saga.Patience(), MaxTries: 1000, Retain: 7 * 24 * time.Hour, Do: d.work,
	}
}

// Actor is the technician, as he was when he sent it.
func (m Mutation) Actor() hub.Actor {
	return hub.Actor{Role: hub.RoleTechnician, ID: m.Technician, Job: m.Link, Scopes: m.Scopes, Lang: m.Lang}
}
