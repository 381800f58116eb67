// Package notice publishes plans: jobs stop being drafts, and each technician is
// told of his days by one SMS. Publishing again tells nobody anything, unless what
// he was told is not so any more.
//
// Routes: POST /dispatch/publish.
// Events: jobs.published.
// Systems called: ERPNext (Dispatch Job, Dispatch Technician, User).
// Remembers: dispatch:told:<technician>, of which jobs he was told last, and by
// how many messages.
package notice

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

//go:embed texts
var files embed.FS

// Texts are the messages to technicians; the outbox knows them under "notice".
func Texts() (*outbox.Texts, error) { return outbox.ParseTexts(files) }

// Mail takes messages.
type Mail interface {
	Queue(ctx context.Context, m outbox.Message) (outbox.Entry, error)
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what a board of notices works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: the route answers that the part is off
	Words   machine.Words
	Store   keep.Values
	News    News
	Mail    Mail // nil: nobody is told
	// Link makes the address under which the technician finds the job and his day;
	// nil for none.
	Link func(ctx context.Context, technician, job string) (url string, err error)
	// Acted records for the dispatcher what can be undone; nil for nothing.
	Acted func(ctx context.Context, kind string, changes ...ledger.Change) string
	Brand string // who writes
	Now   func() time.Time
	Log   *slog.Logger
}

// Notices publishes.
type Notices struct{ Deps }

// New makes a board of notices.
func New(deps Deps) *Notices { return &Notices{deps} }

const (
	abreast  = 4               // technicians are told at a time
	patience = 5 * time.Minute // for a plan: a slow site takes a second for twenty jobs
)

// Publish sets the flag of the jobs, then tells the technicians what their days
// are: the lead of each job, never those who assist. Each step looks for its own
// trace, so a call that was cut short is simply repeated.
func (n *Notices) Publish(ctx context.Context, o Order) (answer *Answer, err error) {
	if n.ERPNext == nil {
		return nil, hub.PartOff("ERPNext")
	}
	// One plan after the other: an older one would be news after a newer one.
	err = n.ERPNext.Alone(ctx, "dispatch/publish", func(ctx context.Context) error {
		// Who closes his browser now does not leave half of them untold.
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer done()
		answer, err = n.publishNow(ctx, o)
		return err
	})
	return answer, err
}

func (n *Notices) publishNow(ctx context.Context, o Order) (*Answer, error) {
	o, err := n.dated(ctx, o)
	if err != nil {
		return nil, err
	}
	days, err := n.days(ctx, o)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Published: []string{}, Items: []Told{}}
	changes, err := n.flag(ctx, o, days, answer)
	if n.Acted != nil && len(changes) > 0 {
		answer.Action = n.Acted(ctx, ledger.Publish, changes...)
	}
	if err != nil {
		return nil, err
	}
	answer.Skipped = days.skipped
	if answer.Items, err = n.tellAll(ctx, o, days); err != nil {
		return nil, err
	}
	n.announce(ctx, o, answer)
	return answer, nil
}

// dated gives named jobs the days that they span: those of today when none has one.
func (n *Notices) dated(ctx context.Context, o Order) (Order, error) {
	if o.From != "" || len(o.Jobs) == 0 {
		return o, nil
	}
	rows, err := erpnext.ByNames[erpnext.DispatchJob](ctx, n.ERPNext, "Dispatch Job", o.Jobs...)
	if err != nil {
		return o, fmt.Errorf("reading the work orders: %w", err)
	}
	for _, job := range rows {
		if day := job.ScheduledDate; day != "" {
			o.From, o.To = min(cmp.Or(o.From, day), day), max(o.To, day)
		}
	}
	switch {
	case o.From == "":
		o.From = erpnext.DateOf(n.Now())
		o.To = o.From
	case !o.To.Time().Before(o.From.Time().AddDate(0, 0, mostDays)):
		return o, wrong("jobs", fmt.Sprintf("their days lie too far apart: at most %d days at once", mostDays))
	}
	return o, nil
}

// tellAll tells everybody whose days may not be what he knows.
func (n *Notices) tellAll(ctx context.Context, o Order, days *days) ([]Told, error) {
	people, err := n.concerned(ctx, o, days)
	if err != nil {
		return nil, err
	}
	lost, err := n.lost(ctx, people)
	if err != nil {
		return nil, err
	}
	speak := n.tongues(ctx, people)
	items := make([]Told, len(people))
	work := errgroup.Group{}
	work.SetLimit(abreast)
	for i, p := range people {
		p.lost, p.lang = lost, speak[p.User]
		work.Go(func() error { items[i] = n.tell(ctx, o, p); return nil })
	}
	_ = work.Wait() // what went wrong stands in the items
	return items, nil
}

func (n *Notices) announce(ctx context.Context, o Order, answer *Answer) {
	technicians := []string{}
	for _, item := range answer.Items {
		if item.State == told {
			technicians = append(technicians, item.Technician)
		}
	}
	if len(answer.Published)+len(technicians) == 0 {
		return
	}
	event := hub.NewEvent(hub.TopicJobs, hub.JobsPublished, "", map[string]any{
		"jobs": slices.Clone(answer.Published), "technicians": technicians, "from": o.From, "to": o.To, "by": hub.ActorOf(ctx).ID,
	})
	if err := n.News.Publish(ctx, event); err != nil {
		n.Log.WarnContext(ctx, "event not published", "event", hub.JobsPublished, "err", err)
	}
}
