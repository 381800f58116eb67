// Package mirror notices what has changed in ERPNext: at once when a webhook
// says so, and within an interval when the webhook was lost, which ERPNext does
// not promise against. Each new state of a document is told once, whoever
// brought it.
//
// Routes: none; it is the task "mirror" of hub/schedule. Events:
// document.changed, document.deleted, and documents.changed instead of many at
// once. Systems called: ERPNext, one list per doctype and interval. It remembers
// in hub/keep, for each doctype, up to which modified it has read and what it
// has seen around there (value mirror:mark:<doctype>), for a week what was told
// (mirror:told:<document>@<modified>), and when it last read everything
// (mirror:walked).
//
// What it cannot see: a change that leaves modified as it was (an import that
// keeps old times, SQL, a value set without touching modified), and states
// between two readings, of which only the last is seen. A deletion does not show
// in modified at all; it is read from ERPNext's list of deleted documents, where
// the hub's user may read that, and otherwise only a webhook tells it.
//
// A state is told again in one case: when the hub dies, or loses its store,
// between telling it and remembering that. Who listens must bear that.
package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
)

// Config says what is watched.
type Config struct {
	Doctypes  []string      `yaml:"doctypes" env:"DOCTYPES" default:"Quotation,Service Contract,Dispatch Job,Dispatch Technician,Issue,Service Subscription,Sales Invoice" doc:"doctypes of ERPNext whose changes are noticed; empty for none"`
	Interval  time.Duration `yaml:"interval" env:"INTERVAL" default:"1m" doc:"how long a lost webhook stays unnoticed, at most"`
	Overlap   time.Duration `yaml:"overlap" env:"OVERLAP" default:"5m" doc:"how late a change may become visible in ERPNext after its time"`
	Deletions bool          `yaml:"deletions" env:"DELETIONS" default:"true" doc:"also read the list of deleted documents"`
}

// Watched are the doctypes that are watched unless the settings say otherwise:
// those that features decide by.
func Watched() []string {
	return []string{"Quotation", "Service Contract", "Dispatch Job", "Dispatch Technician", "Issue", "Service Subscription", "Sales Invoice"}
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if len(c.Doctypes) > 0 && (c.Interval < 10*time.Second || c.Interval > time.Hour) {
		wrong = append(wrong, config.Wrong("interval", "must be from 10s to 1h"))
	}
	if len(c.Doctypes) > 0 && (c.Overlap < time.Minute || c.Overlap > time.Hour) {
		wrong = append(wrong, config.Wrong("overlap", "must be from 1m to 1h"))
	}
	return errors.Join(wrong...)
}

// Source says who brought a change.
type Source string

// The sources.
const (
	ByWebhook Source = "webhook"
	ByPoll    Source = "poll"
)

// Change is a new state of a document.
type Change struct {
	Doctype   string `json:"doctype"`
	Name      string `json:"name"`
	Modified  string `json:"modified"` // "2026-11-22 10:11:12.123456" in the zone of the site
	Status    string `json:"status,omitempty"`
	DocStatus int    `json:"docstatus"`
	Customer  string `json:"customer,omitempty"`
	Source    Source `json:"source"`
	Deleted   bool   `json:"-"` // the document is gone; Modified is then its last, or when it was deleted
}

// Reader is what the mirror reads.
type Reader interface {
	List(ctx context.Context, q erpnext.Query, into any) error
	// Zone is the zone of the site's clock.
	Zone(ctx context.Context) (*time.Location, error)
}

// Publisher tells the news.
type Publisher interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the mirror works with.
type Deps struct {
	ERPNext Reader
	Store   keep.Values
	Events  Publisher
	// Changes hears of every change, from several goroutines. After an error it
	// is told again later; it has two minutes.
	Changes func(ctx context.Context, change Change) error
	Log     *slog.Logger
	Metrics prometheus.Registerer // none when nil
	Now     func() time.Time      // time.Now when nil
	Page    int                   // rows of one list; 500 when 0
}

// Mirror notices changes.
type Mirror struct {
	cfg   Config
	deps  Deps
	began time.Time
	meter *meter
}

// New makes a mirror. Its Task does the reading; Told takes what webhooks say.
func New(cfg Config, deps Deps) (*Mirror, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	deps.Log = cmp.Or(deps.Log, slog.New(slog.DiscardHandler))
	deps.Page = cmp.Or(deps.Page, 500)
	m := &Mirror{cfg: cfg, deps: deps, began: deps.Now()}
	m.meter = newMeter(m)
	return m, nil
}

// Task is what reads ERPNext by the clock. While ERPNext is away its tries
// become rarer, at most two minutes apart.
func (m *Mirror) Task() schedule.Task {
	backoff := []time.Duration{15 * time.Second, 30 * time.Second, time.Minute}
	for range 9 {
		backoff = append(backoff, 2*time.Minute)
	}
	return schedule.Task{
		Name: "mirror", Spec: "@every " + cmp.Or(m.cfg.Interval, time.Minute).String(), Budget: 10 * time.Minute, Backoff: backoff, Run: m.Walk,
	}
}

// Told takes what a webhook says. An error means that it is to be told again.
func (m *Mirror) Told(ctx context.Context, c Change) error {
	at, err := clockOf(c.Modified)
	if err != nil {
		return hub.Fail(hub.Invalid, "invalid", "The change has no readable modified.", err)
	}
	c.Source, c.Modified = ByWebhook, at.Format(exact)
	fresh, err := m.tell(ctx, c)
	if err != nil {
		return fmt.Errorf("telling a change of %s %s: %w", c.Doctype, c.Name, err)
	}
	if fresh {
		m.publish(ctx, []Change{c})
	}
	return nil
}

// Check says for /readyz whether ERPNext was read lately.
func (m *Mirror) Check(ctx context.Context) error {
	walked, _, err := m.walked(ctx)
	if err != nil {
		return err
	}
	for _, s := range m.streams() {
		if s.optional {
			continue
		}
		last, ever := walked[s.doctype]
		if !ever {
			last = m.began
		}
		if late := m.deps.Now().Sub(last); late > max(5*m.cfg.Interval, 10*time.Minute) {
			return fmt.Errorf("%s was last read %s ago", s.doctype, late.Round(time.Second))
		}
	}
	return nil
}
