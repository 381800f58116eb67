// Package field is the technician's day on his telephone: what he has to do, and
// what he did, sent when there is a network. The pages are an app that works in a
// dead zone, and plain forms where there is no JavaScript.
//
// Its rooms: day (what he reads), mutation (the queue of what he did), visit (what
// of that is written into the work order), upload (pictures, in pieces), paper (the
// pages).
//
// Routes: GET /field/context, GET /field/jobs, GET /field/jobs/{name}, POST
// /field/mutations; those of uploads and of the pages (/j/, /t/) stand in their
// rooms.
// Events: job.conflict.
// Systems called: ERPNext, and what the kinds of mutations call.
// Remembers: mutations and their outcomes 7 days, unfinished uploads, and 14 days
// which work orders a technician was shown as his own.
package field

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/mutation"
	"gigafibre.ca/targo-hub/hub/field/paper"
	"gigafibre.ca/targo-hub/hub/field/upload"
	"gigafibre.ca/targo-hub/hub/field/visit"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/photo"
)

// What other packages need of the rooms.
type (
	Mutation = mutation.Mutation
	Take     = mutation.Take
	States   = day.States
	Job      = day.Job
	Device   = paper.Device
	Card     = paper.Card
	Fact     = paper.Fact
)

// Config is the section "field" of the settings.
type Config struct {
	OfficePhone string `yaml:"office_phone" env:"OFFICE_PHONE" doc:"number that technicians call when a link has ended or nothing else helps; empty shows none"`
}

// Validate names what is wrong with the section.
func (c Config) Validate() error {
	if _, err := hub.ParsePhone(c.OfficePhone); c.OfficePhone != "" && err != nil {
		return errors.Join(config.Wrong("office_phone", "must be a telephone number with its area code"))
	}
	return nil
}

// Store is what the desk needs of hub/keep.
type Store interface {
	mutation.Store
	upload.Store
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the desk works with. ERPNext may be nil: the part is switched off.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Config  Config
	Brand   string // of the company
	Secure  bool   // people reach the hub over https

	States      States
	NeedsReason func(jobType string) bool // a completion has to say why; nil: never
	// Kinds are the mutations that other features do: status, equipment_link,
	// equipment_create, equipment_swap. What is not there is refused in words.
	Kinds map[string]Take

	// Device shows a device on the technician's page; nil: the page says so.
	Device func(ctx context.Context, serial string) (Device, error)

	Wait time.Duration // how long a request waits for its mutations; 8 s when 0
	Now  func() time.Time
	Log  *slog.Logger
}

// Desk is where technicians' telephones ask and tell.
type Desk struct {
	Deps
	day       *day.Desk
	mutations *mutation.Desk
	uploads   *upload.Desk
	visits    *visit.Desk
}

// NewDesk makes a desk.
func NewDesk(d Deps) *Desk {
	desk, seen := &Desk{Deps: d}, newMemory(d.Store, d.Log.With("part", "field"))
	desk.day = day.New(day.Deps{
		ERPNext: d.ERPNext, States: d.States, NeedsReason: d.NeedsReason, Now: d.Now,
		Shown: func(ctx context.Context, technician string, jobs []string) {
			seen.shown(ctx, d.Now(), technician, jobs)
		},
	})
	desk.uploads = upload.New(upload.Deps{Store: d.Store, Clean: clean, Now: d.Now, Log: d.Log})
	desk.visits = visit.New(visit.Deps{ERPNext: d.ERPNext, Pictures: desk.uploads, In: d.States.In, Now: d.Now})
	kinds := desk.visits.Kinds()
	maps.Copy(kinds, d.Kinds)
	desk.mutations = mutation.New(mutation.Deps{
		ERPNext: d.ERPNext, Store: d.Store, News: d.News, Kinds: kinds, In: d.States.In, Wait: d.Wait, Now: d.Now, Log: d.Log,
		Documents: desk.documents, Evidence: desk.visits.Evidence, Had: seen.had,
	})
	return desk
}

// document is a work order outside of a list, where none is the next one.
type document struct {
	*day.Job
	NextUp *bool `json:"next_up,omitempty"`
}

// documents reads work orders for the answer to those who changed them.
func (d *Desk) documents(ctx context.Context, actor hub.Actor, names []string) (map[string]any, error) {
	jobs, err := d.day.Jobs(ctx, actor, names...)
	byName := map[string]any{}
	for i := range jobs {
		byName[jobs[i].Name] = document{Job: &jobs[i]}
	}
	return byName, err
}

// Work is what the desk does in the background.
func (d *Desk) Work() []keep.Work { return []keep.Work{d.mutations.Work()} }

// Pictures are shown on a screen and printed on paper, not enlarged.
const (
	longSide = 2560
	largest  = 4 << 20
)

// clean opens a picture and writes it anew: upright, and without what was in the
// file beside it.
func clean(ctx context.Context, raw []byte) (body []byte, extension string, err error) {
	opened, err := photo.Open(ctx, raw)
	if err != nil {
		return nil, "", err
	}
	body, err = photo.JPEG(photo.Fit(opened.Image, longSide), largest)
	return body, ".jpg", err
}
