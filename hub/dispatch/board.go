package dispatch

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/board"
	"gigafibre.ca/targo-hub/hub/dispatch/crew"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/notice"
	"gigafibre.ca/targo-hub/hub/dispatch/pool"
	"gigafibre.ca/targo-hub/hub/dispatch/presence"
	"gigafibre.ca/targo-hub/hub/dispatch/rechain"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

// NoticeTexts are the messages to technicians; the outbox knows them under
// "notice".
func NoticeTexts() (*outbox.Texts, error) { return notice.Texts() }

// office is where dispatchers work: the rooms with routes of their own.
type office struct {
	crew    *crew.Crew
	notices *notice.Notices
	rooms   []interface{ Mount(r *web.Router) }
}

// newOffice furnishes the rooms of a desk.
func newOffice(d *Desk) *office {
	o := &office{crew: crew.New(crew.Deps{
		ERPNext: d.ERPNext, Words: d.words, Ledger: ledger.New(d.Store, d.Now), News: d.News, Now: d.Now, Log: d.Log, Reassigning: d.Reassigning,
		Rechain: func(ctx context.Context, job string, waitsFor []string) error {
			_, err := d.rechains.Link(ctx, job, rechain.Link{WaitsFor: &waitsFor})
			return err
		},
	})}
	o.notices = notice.New(notice.Deps{
		ERPNext: d.ERPNext, Words: d.words, Store: d.Store, News: d.News, Mail: d.Messages, Link: d.Link, Acted: o.crew.Acted,
		Brand: d.Brand, Now: d.Now, Log: d.Log,
	})
	o.rooms = []interface{ Mount(r *web.Router) }{
		board.New(d.ERPNext, d.words, d.Now), o.crew, pool.New(d.ERPNext, d.words), presence.New(d.Store, d.News, d.Now, d.Log).Of(d.ERPNext),
		o.notices,
	}
	return o
}

func (o *office) mount(r *web.Router) {
	for _, room := range o.rooms {
		room.Mount(r)
	}
}

// linked records a change of whom a job waits for, so that the dispatcher can take
// it back with his other actions.
func (o *office) linked(ctx context.Context, out rechain.Linked) {
	was := out.Before()
	after := ledger.Fields{Status: &out.Status, WaitsFor: &out.DependsOn}
	before := ledger.Of(&was).Only(after)
	if len(after.Differences(before)) > 0 {
		o.crew.Acted(ctx, ledger.DependsOn, ledger.Change{Job: out.Job, Before: before, After: after})
	}
}

// Told tells when the technician was told last by a plan that was published, if he
// knows the work order as it stands from one; zero when he does not.
func (d *Desk) Told(ctx context.Context, technician string, job *erpnext.DispatchJob) (time.Time, error) {
	return d.office.notices.Knows(ctx, technician, job)
}

// Learned notes that the technician was told that his work has changed, and of these
// work orders, by another message than that of a plan.
func (d *Desk) Learned(ctx context.Context, technician string, jobs ...*erpnext.DispatchJob) error {
	return d.office.notices.Learn(ctx, technician, jobs...)
}
