// Package orphans looks for what does not fit together in the life of a service:
// contracts without work or a subscription, services that run and are not billed,
// jobs that wait for what is done. It reports, and repairs what a machine may
// decide; what needs a person is said in words.
//
// Routes: GET and POST /contract/audit-orphans. By the clock: the task orphans.
// Events: orphans.found, of the night.
// Systems called: ERPNext. What an inspection costs does not grow with what it
// finds: one list of 500 rows for each 500 documents that are younger than the
// legacy import, one for each 400 names they mention, and five counts (see the
// room census); one that repairs looks again until nothing more can be, at most four
// times. A repair costs at most 15 small lists and its write, or
// its story and the same lists again.
// Remembers: each inspection as a job of kind contract.orphans, one at a time over
// all replicas; its report for a day (contract:orphans:run:<job>), the last
// report on everything (contract:orphans:last), and how many of each kind it left
// (contract:orphans:counts).
//
// Its rooms: census (what stands in ERPNext), rule (what must be true of it), mend
// (repairs).
package orphans

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
	"gigafibre.ca/targo-hub/hub/contract/orphans/mend"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Config is this room's part of the settings.
type Config struct {
	CutOff       string `yaml:"cut_off" env:"CUT_OFF" default:"2026-03-29" doc:"last day of the legacy import: documents created until then are not judged"`
	Repair       bool   `yaml:"repair" env:"REPAIR" doc:"repair by night as well; false only reports"`
	EndCompleted bool   `yaml:"end_completed" env:"END_COMPLETED" doc:"a service ends with the term of its contract (Complété); false lets it go on without one"`
	Most         int    `yaml:"most" env:"MOST" default:"500" doc:"repairs of one inspection, 1 to 5000; the rest waits for the next one"`
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if erpnext.Date(c.CutOff).Time().IsZero() {
		wrong = append(wrong, config.Wrong("cut_off", "must be a day, as 2026-03-29"))
	}
	if c.Most < 1 || c.Most > 5000 {
		wrong = append(wrong, config.Wrong("most", "must be from 1 to 5000"))
	}
	return errors.Join(wrong...)
}

// Words are the site's own words for the states of a job.
type Words = census.Words

// Store is what the desk needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Lists
	keep.Values
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Stories are sequences that a repair calls for. Each asks for its own traces and
// may be called again. What is nil is left to a person.
type Stories struct {
	Resume   func(ctx context.Context, contract string) error // what the signature of the contract leads to
	Activate func(ctx context.Context, job string) error      // what the completion of the job leads to
	Unblock  func(ctx context.Context, job string) error      // releases a job whose predecessors are completed
}

// Deps is what the desk works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: the part is off
	Store   Store
	News    News
	Config  Config
	Late    int // days after which nothing is activated or invoiced by itself
	Stories Stories
	Words   Words                 // the hub's own when nil
	Metrics prometheus.Registerer // none when nil
	Now     func() time.Time
	Log     *slog.Logger
}

// Desk inspects.
type Desk struct {
	erp    *erpnext.Client
	store  Store
	news   News
	cfg    Config
	reader *census.Reader
	mender *mend.Mender
	policy rule.Policy
	now    func() time.Time
	log    *slog.Logger
}

// New makes a desk.
func New(d Deps) *Desk {
	if d.Words == nil {
		d.Words = plain{}
	}
	desk := &Desk{erp: d.ERPNext, store: d.Store, news: d.News, cfg: d.Config, now: d.Now, log: d.Log}
	desk.reader = &census.Reader{ERPNext: d.ERPNext, CutOff: erpnext.Date(d.Config.CutOff), Late: d.Late, Words: d.Words, Now: d.Now}
	stories := map[string]func(context.Context, string) error{
		rule.Resume: d.Stories.Resume, rule.Activate: d.Stories.Activate, rule.Unblock: d.Stories.Unblock,
	}
	desk.policy.EndCompleted = d.Config.EndCompleted
	for _, name := range []string{rule.Resume, rule.Activate, rule.Unblock} {
		if stories[name] != nil {
			desk.policy.Can = append(desk.policy.Can, name)
		}
	}
	desk.mender = &mend.Mender{
		ERPNext: d.ERPNext, Trail: d.Store, Reader: desk.reader, Policy: desk.policy, Stories: stories, Out: d.Words.Out,
	}
	if d.Metrics != nil {
		d.Metrics.MustRegister(newMeter(desk))
	}
	return desk
}

// plain is a site that has the hub's words.
type plain struct{}

func (plain) In(word string) string    { return word }
func (plain) Out(status string) string { return status }

// known refuses the name of a check that is not there.
func known(checks []string) error {
	for _, name := range checks {
		if !slices.Contains(rule.Names(), name) {
			return hub.Fail(hub.Invalid, "invalid", "There is no such check.", nil, hub.WithField("/checks", "names of checks, as the counts have them"))
		}
	}
	return nil
}
