package signing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/signing"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/webhooks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_aW52ZW50ZWQtZm9yLXRlc3Rz"

// bench is a DocuSeal, a hub with its door, and a reconciler between them.
type bench struct {
	*signing.Reconciler
	t      *testing.T
	sim    *docusealsim.Sim
	seal   *httptest.Server
	client *docuseal.Client
	store  *sqlite.Engine
	door   *inbox.Door
	hub    *httptest.Server // the public address
	cfg    docuseal.Config
	deps   signing.Deps
	log    *bytes.Buffer
	reg    *prometheus.Registry

	mu    sync.Mutex
	clock time.Time
	took  map[int64]int // deliveries that were worked off, by envelope
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: time.Now().Truncate(time.Second), took: map[int64]int{}, log: &bytes.Buffer{}, reg: prometheus.NewRegistry()}
	b.sim = docusealsim.New(docusealsim.Options{Now: b.now})
	t.Cleanup(b.sim.Close)
	b.seal = httptest.NewServer(b.sim)
	t.Cleanup(b.seal.Close)
	b.cfg = docuseal.Config{
		URL: b.seal.URL + "/api", Token: "docuseal-sim-token", WebhookSecret: secret, TemplateCommercial: 1, TemplateProject: 2,
		QuietDays: 7, ReconcileDays: 7, Timeout: 10 * time.Second,
	}
	b.client = docuseal.New(b.cfg, nil)
	b.store = hubtest.Store(t)
	quiet := slog.New(slog.DiscardHandler)
	b.door = inbox.NewDoor(inbox.Deps{Store: b.store, Events: hubtest.News{Ring: b.store}, Log: quiet, Now: b.now},
		webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: b.cfg.WebhookSecret, Header: "X-Hook-Key: static"}, b.take))
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	b.door.Mount(edge.Router())
	b.hub = httptest.NewServer(edge.Handler())
	t.Cleanup(b.hub.Close)
	b.deps = signing.Deps{
		DocuSeal: b.client, Door: b.door, Store: b.store, Events: hubtest.News{Ring: b.store}, Fields: []string{"quotation", "grand_total"},
		Public: func(path string) string { return b.hub.URL + path }, Log: slog.New(slog.NewTextHandler(b.log, nil)), Metrics: b.reg, Now: b.now, Settle: time.Millisecond,
	}
	b.start()
	b.Mount(edge.Router())
	return b
}

// start makes the reconciler anew, as a restart does.
func (b *bench) start() {
	b.reg = prometheus.NewRegistry()
	b.deps.Metrics = b.reg
	b.Reconciler = signing.New(b.cfg, b.deps)
}

// take does what the acceptance desk does: it reads the envelope and stores one
// signature for each.
func (b *bench) take(ctx context.Context, e docuseal.Event) (inbox.Taken, error) {
	var id int64
	switch e.Type {
	case docuseal.FormCompleted, docuseal.FormDeclined:
		form, err := e.Form()
		if err != nil {
			return inbox.Taken{}, err
		}
		id = form.SubmissionID
	case docuseal.SubmissionCompleted:
		submission, err := e.Submission()
		if err != nil {
			return inbox.Taken{}, err
		}
		id = submission.ID
	default:
		return inbox.Taken{State: "nothing-to-do"}, nil
	}
	envelope, err := b.client.Submission(ctx, id)
	if err != nil || envelope.Status == "pending" {
		return inbox.Taken{State: "waiting-for-signers"}, err
	}
	b.mu.Lock()
	b.took[id]++
	b.mu.Unlock()
	if envelope.Status == "declined" {
		return inbox.Taken{State: "declined"}, nil
	}
	job, _, err := b.store.Put(ctx, keep.Job{Kind: "test.signature", Dedupe: fmt.Sprint(id)})
	return inbox.Taken{State: "taken", LedTo: job.ID}, err
}

// work works off what is in the inbox, until nothing is left to do.
func (b *bench) work() {
	b.t.Helper()
	runner := keep.NewRunner(b.store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 20 * time.Millisecond, OnDead: b.door.Died})
	for _, w := range b.door.Work() {
		runner.Register(w)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- runner.Run(ctx) }()
	hubtest.Await(b.t, "the inbox is worked off", func() bool {
		for _, status := range []keep.Status{keep.Pending, keep.Running} {
			if page, _, err := b.store.Jobs(b.t.Context(), keep.Filter{Kind: "inbox.docuseal", Status: status}); err != nil || len(page) > 0 {
				return false
			}
		}
		return true
	})
	stop()
	if err := <-ran; err != nil {
		b.t.Errorf("the runner returned %v", err)
	}
}

// call makes a request of DocuSeal or of its controls.
func (b *bench) call(method, path, body string, out any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.seal.URL+path, bytes.NewBufferString(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "docuseal-sim-token")
	resp, err := b.seal.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s: %d", method, path, resp.StatusCode)
	}
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			b.t.Fatal(err)
		}
	}
}

// parcel is a webhook that DocuSeal would send.
type parcel struct {
	Event   string            `json:"event_type"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

// create makes an envelope for some signers.
func (b *bench) create(roles ...string) (envelope int64) {
	b.t.Helper()
	signers := []map[string]any{}
	for _, role := range roles {
		signers = append(signers, map[string]any{"role": role, "name": role + " inventé", "external_id": "SAL-QTN-2026-00001"})
	}
	order, _ := json.Marshal(map[string]any{"template_id": len(roles), "send_email": false, "submitters": signers})
	var made []struct {
		SubmissionID int64 `json:"submission_id"`
	}
	b.call("POST", "/api/submissions", string(order), &made)
	return made[0].SubmissionID
}

// sign lets a role sign, or everybody, and returns the webhooks of it, unsent.
func (b *bench) sign(envelope int64, role string) []parcel {
	b.t.Helper()
	var out struct {
		Deliveries []parcel `json:"deliveries"`
	}
	b.call("POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d,"role":%q}`, envelope, role), &out)
	return out.Deliveries
}

// arrive brings a webhook to the door, its proof aside.
func (b *bench) arrive(p parcel) {
	b.t.Helper()
	if _, _, err := b.door.File(b.t.Context(), "docuseal", []byte(p.Body), http.Header{"Content-Type": {"application/json"}}, "hmac"); err != nil {
		b.t.Fatal(err)
	}
}

// reconcile compares once and returns the note.
func (b *bench) reconcile() string {
	b.t.Helper()
	note, err := b.Reconcile(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return note
}

// outcomes counts the signatures that were stored.
func (b *bench) outcomes() map[string]int {
	b.t.Helper()
	all, filter := map[string]int{}, keep.Filter{Kind: "test.signature", Limit: 200}
	for {
		page, next, err := b.store.Jobs(b.t.Context(), filter)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, job := range page {
			all[job.Dedupe]++
		}
		if next == "" {
			return all
		}
		filter.Cursor = next
	}
}

// quotations are what ERPNext lists as waiting for a signature.
type quotations []map[string]string

func (q quotations) List(_ context.Context, _ erpnext.Query, into any) error {
	raw, _ := json.Marshal(q)
	return json.Unmarshal(raw, into)
}
