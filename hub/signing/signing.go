// Package signing makes sure that no signature given in DocuSeal is lost on its
// way to the hub. DocuSeal takes a redirect for a delivery, and a webhook can be
// registered wrongly; so the hub asks, at its start and every night, who has
// signed, and files what no webhook has told at the door, as if one had. It also
// says in words whether the two are set up as they must be.
//
// Routes: GET /signing/doctor; the reconciliation is the task "docuseal" of
// hub/schedule. Events: delivery.recovered. Systems called: DocuSeal, ERPNext
// (the quotations that wait for a signature), and the hub's own public address.
// It remembers in hub/keep up to when signatures were compared, and how that went
// (value signing:state). Deliveries are the inbox's.
package signing

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/web"
)

// Store is what the reconciler needs of hub/keep.
type Store interface {
	keep.Lists
	keep.Values
	keep.Trail
}

// Door files what was fetched as if it had been delivered. proof says how it is
// known. It is not filed twice: fresh says whether it was new.
type Door interface {
	File(ctx context.Context, source string, body []byte, header http.Header, proof string) (job keep.Job, fresh bool, err error)
}

// Publisher tells the news.
type Publisher interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Quotations lists those of ERPNext.
type Quotations interface {
	List(ctx context.Context, q erpnext.Query, into any) error
}

// Deps is what the reconciler works with.
type Deps struct {
	DocuSeal *docuseal.Client // nil: the part is off, and the doctor says so
	ERPNext  Quotations       // nil: only the list of completions is compared
	Door     Door
	Store    Store // nil for a doctor without a running hub
	Events   Publisher
	Fields   []string                 // of a template, that the hub fills in
	Public   func(path string) string // absolute address of a path of the hub
	Log      *slog.Logger
	Metrics  prometheus.Registerer // none when nil
	Now      func() time.Time      // time.Now when nil
	Settle   time.Duration         // how long a webhook may take to come; 10 s when 0
}

// Reconciler compares what was signed with what was told.
type Reconciler struct {
	cfg    docuseal.Config
	deps   Deps
	now    func() time.Time
	log    *slog.Logger
	settle time.Duration
}

// New makes a reconciler.
func New(cfg docuseal.Config, deps Deps) *Reconciler {
	r := &Reconciler{cfg: cfg, deps: deps, now: deps.Now, log: deps.Log, settle: cmp.Or(deps.Settle, settleFor)}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if deps.Metrics != nil && deps.Store != nil {
		deps.Metrics.MustRegister(newMeter(r))
	}
	return r
}

// Mount adds the route.
func (r *Reconciler) Mount(router *web.Router) {
	web.Operation(router, web.Op{
		Method: http.MethodGet, Path: "/signing/doctor", Guard: web.Staff, ID: "signing-doctor", Tag: "signing", Calls: true,
		Summary: "Say whether DocuSeal and its webhook are set up as they must be",
		Description: "Asks DocuSeal for its account, version and templates, looks at the deliveries that came, and posts an unsigned " +
			"delivery to the hub's own public address to see whether it would arrive.",
	}, r.show)
}

// taskName is the task's name in the schedule.
const taskName = "docuseal"

// Task is the reconciliation by the clock. While DocuSeal is away it is tried
// again for half a day.
func (r *Reconciler) Task() schedule.Task {
	backoff := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	for range 11 {
		backoff = append(backoff, time.Hour)
	}
	return schedule.Task{Name: taskName, Spec: "17 3 * * *", Budget: 10 * time.Minute, Backoff: backoff, Run: r.Reconcile}
}

// lately is how old a reconciliation may be to make one at the start needless:
// replicas that start one after the other need one together.
const lately = 5 * time.Minute

// OnStart has the task run once, when the hub was away for a while, and returns.
// start is the schedule's Start: the run is as durable as those of the night. It
// waits for a store that is away.
func (r *Reconciler) OnStart(ctx context.Context, start func(ctx context.Context, task string) (string, error)) error {
	for wait := time.Second; r.deps.DocuSeal != nil; wait = min(2*wait, time.Minute) {
		err := r.begin(asHub(ctx), start)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		r.log.WarnContext(ctx, "reconciliation not started", "err", err)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
	return nil
}

func (r *Reconciler) begin(ctx context.Context, start func(ctx context.Context, task string) (string, error)) error {
	s, _, err := r.state(ctx)
	if err != nil || r.now().Sub(s.Success) < lately {
		return err
	}
	_, err = start(ctx, taskName)
	return err
}

// asHub says on record that nobody asked for it.
func asHub(ctx context.Context) context.Context {
	return hub.WithActor(ctx, hub.Actor{Role: hub.RoleService, ID: "hub"})
}

// show answers GET /signing/doctor.
func (r *Reconciler) show(ctx context.Context, _ *struct{}) (*doctorOutput, error) {
	out := &doctorOutput{}
	out.Body.Findings = r.Examine(ctx)
	return out, nil
}

type doctorOutput struct {
	Body struct {
		Findings []Finding `json:"findings" nullable:"false"`
	}
}
