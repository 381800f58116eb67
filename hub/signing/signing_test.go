package signing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/signing"
)

func TestALostSignatureIsFoundAndTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.create("Client")
	b.sign(id, "")
	if note := b.reconcile(); note != "Compared 1 signature, 1 had no webhook and was filed now; 0 envelopes are still open." {
		t.Errorf("compared: %s", note)
	}
	b.work()
	if diff := cmp.Diff(map[string]int{fmt.Sprint(id): 1}, b.outcomes()); diff != "" {
		t.Error(diff)
	}
	records, _, err := b.store.Audits(t.Context(), keep.AuditFilter{Action: "delivery.recover"})
	if err != nil || len(records) != 1 || records[0].Name != fmt.Sprint(id) || records[0].Actor != "service:hub" {
		t.Errorf("audit %+v %v", records, err)
	}
	events, _, err := b.store.Read(t.Context(), 0, 10, hub.TopicInbox)
	if err != nil || len(events) != 2 || events[0].Name != hub.DeliveryRecovered || !strings.Contains(string(events[0].Data), fmt.Sprint(`"envelope":`, id)) {
		t.Errorf("events %+v %v", events, err)
	}
	if log := b.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "webhook of docuseal was lost") {
		t.Errorf("log %s", log)
	}
	if got := b.metrics(); got["targo_docuseal_missed_total"] != 1 || got["targo_docuseal_reconciled_timestamp_seconds"] != float64(b.now().Unix()) {
		t.Errorf("metrics %v", got)
	}
	b.start()
	if note := b.reconcile(); strings.Contains(note, "had no webhook") || b.metrics()["targo_docuseal_missed_total"] != 1 {
		t.Errorf("after a restart: %s", note)
	}
}

// slowStore lets something happen after the deliveries of an envelope were read
// for the first time.
type slowStore struct {
	signing.Store
	lane string
	once sync.Once
	then func()
}

func (s *slowStore) Jobs(ctx context.Context, f keep.Filter) ([]keep.Job, string, error) {
	page, next, err := s.Store.Jobs(ctx, f)
	if f.Lane == s.lane {
		s.once.Do(s.then)
	}
	return page, next, err
}

func TestAWebhookThatIsOnItsWayIsNotLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, second := b.create("Client"), b.create("Client")
	lane := func(envelope int64) string { return fmt.Sprint("envelope:", envelope) }
	parcels := b.sign(first, "")
	b.deps.Store = &slowStore{Store: b.store, lane: lane(first), then: func() { b.arrive(parcels[len(parcels)-1]) }}
	b.start()
	if note := b.reconcile(); !strings.HasPrefix(note, "Compared 1 signature, each had a webhook") {
		t.Errorf("compared: %s", note)
	}
	late := b.sign(second, "")
	b.pass(time.Minute) // this one should have come long ago
	b.deps.Store = &slowStore{Store: b.store, lane: lane(second), then: func() { b.arrive(late[len(late)-1]) }}
	b.start()
	if note := b.reconcile(); !strings.HasPrefix(note, "Compared 2 signatures, 1 had no webhook and was") {
		t.Errorf("compared: %s", note)
	}
	b.work()
	for envelope, n := range b.outcomes() {
		if n != 1 {
			t.Errorf("envelope %s has %d outcomes", envelope, n)
		}
	}
}

func TestWhatWasToldIsNotLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, p := range b.sign(b.create("Client"), "") {
		if p.Event == "form.completed" {
			b.arrive(p)
		}
	}
	first := b.create("Client", "Entreprise") // told of the first signer only
	for _, p := range b.sign(first, "Client") {
		b.arrive(p)
	}
	b.pass(time.Second)
	b.sign(first, "Entreprise")
	archived := b.create("Client")
	b.sign(archived, "")
	b.call("DELETE", fmt.Sprintf("/api/submissions/%d", archived), "", nil)
	b.pass(time.Hour)
	if note := b.reconcile(); !strings.HasPrefix(note, "Compared 3 signatures, 2 had no webhook and were") {
		t.Errorf("compared: %s", note)
	}
	want := map[string]int{fmt.Sprint("envelope:", first): 1, fmt.Sprint("envelope:", archived): 1}
	if diff := cmp.Diff(want, b.recovered()); diff != "" {
		t.Error(diff)
	}
}

func TestGivenUpDeliveriesAreReportedAndLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.create("Client")
	parcels := b.sign(id, "")
	b.arrive(parcels[len(parcels)-1])
	jobs, err := b.store.Claim(t.Context(), []string{"inbox.docuseal"}, 1, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	if err := b.store.Finish(t.Context(), jobs[0].ID, jobs[0].Fence, keep.Outcome{Next: keep.Dead, Attempt: keep.Attempt{Class: keep.Rejected}}); err != nil {
		t.Fatal(err)
	}
	b.pass(time.Hour)
	if note := b.reconcile(); strings.Contains(note, "had no webhook") || !strings.Contains(note, "Given up after a webhook, see the inbox: 1") {
		t.Errorf("compared: %s", note)
	}
	if b.metrics()["targo_docuseal_dead"] != 1 {
		t.Error("the metric does not say so")
	}
}

func TestFirstComparisonLooksBackAsFarAsTheSettingSays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sign(b.create("Client"), "")
	b.pass(8 * 24 * time.Hour)
	b.sign(b.create("Client"), "")
	b.pass(time.Hour)
	if note := b.reconcile(); !strings.HasPrefix(note, "Compared 1 signature, 1 had no webhook") {
		t.Errorf("compared: %s", note)
	}
}

// What no list of DocuSeal has is found by asking for each envelope that a
// quotation waits for.
func TestOpenEnvelopesAreAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := make([]int64, 5)
	for i := range ids {
		ids[i] = b.create("Client")
	}
	old, declined, expired, pending, fresh := ids[0], ids[1], ids[2], ids[3], ids[4]
	b.sign(old, "")
	b.call("POST", "/_sim/decline", fmt.Sprintf(`{"submission":%d,"reason":"trop cher"}`, declined), nil)
	b.call("POST", "/_sim/expire", fmt.Sprintf(`{"submission":%d}`, expired), nil)
	b.pass(30 * 24 * time.Hour)
	b.sign(fresh, "")
	waiting := quotations{{"name": "Q-x", "status": "Open", "custom_docuseal_envelope_id": "999999"}, {"name": "Q-y", "status": "Open", "custom_docuseal_envelope_id": "by hand"}}
	for _, id := range []int64{old, declined, expired, pending, fresh} {
		waiting = append(waiting, map[string]string{"name": fmt.Sprint("Q-", id), "status": "Open", "custom_docuseal_envelope_id": fmt.Sprint(id)})
	}
	b.deps.ERPNext = waiting
	b.start()
	if note := b.reconcile(); note != "Compared 3 signatures, 3 had no webhook and were filed now; 1 envelope is still open. Open quotations whose envelope has expired: 1." {
		t.Errorf("compared: %s", note)
	}
	b.work()
	if b.took[old] != 1 || b.took[declined] != 1 || b.took[fresh] != 1 || len(b.took) != 3 {
		t.Errorf("worked off: %v", b.took)
	}
	page, _, err := b.store.Jobs(t.Context(), keep.Filter{Lane: fmt.Sprint("envelope:", declined)})
	if err != nil || len(page) != 1 {
		t.Fatal(page, err)
	}
	job, err := b.store.Job(t.Context(), page[0].ID)
	if err != nil || !strings.Contains(string(job.Payload), "trop cher") {
		t.Errorf("the reason is not passed on: %s %v", job.Payload, err)
	}
	if note := b.reconcile(); strings.Contains(note, "had no webhook") {
		t.Errorf("compared again: %s", note)
	}
}

func TestASignatureThatWasGivenUpAfterItWasTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.create("Client")
	for _, p := range b.sign(id, "") {
		b.arrive(p)
	}
	if _, _, err := b.store.Put(t.Context(), keep.Job{Kind: "inbox.acceptance", Subject: keep.Subject{Name: "Q-1"}}); err != nil {
		t.Fatal(err)
	}
	jobs, err := b.store.Claim(t.Context(), []string{"inbox.acceptance"}, 1, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	if err := b.store.Finish(t.Context(), jobs[0].ID, jobs[0].Fence, keep.Outcome{Next: keep.Dead, Attempt: keep.Attempt{Class: keep.Rejected}}); err != nil {
		t.Fatal(err)
	}
	b.deps.ERPNext = quotations{{"name": "Q-1", "status": "Open", "custom_docuseal_envelope_id": fmt.Sprint(id)}}
	b.start()
	b.pass(time.Hour)
	if note := b.reconcile(); !strings.Contains(note, "Given up after a webhook, see the inbox: 1") {
		t.Errorf("compared: %s", note)
	}
}

func TestTheTaskFitsTheSchedule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, err := schedule.New(schedule.Config{}, schedule.Deps{Store: b.store, Events: hubtest.News{Ring: b.store}, Log: slog.New(slog.DiscardHandler)}, b.Task())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.OnStart(t.Context(), s.Start); err != nil {
		t.Fatal(err)
	}
	page, _, err := b.store.Jobs(t.Context(), keep.Filter{Kind: "schedule.docuseal"})
	if err != nil || len(page) != 1 {
		t.Errorf("%d runs at the start, %v", len(page), err)
	}
	b.reconcile()
	asked := 0
	count := func(context.Context, string) (string, error) { asked++; return "", nil }
	if err := b.OnStart(t.Context(), count); err != nil || asked != 0 {
		t.Errorf("a replica that starts right after compares again: %d %v", asked, err)
	}
	b.pass(time.Hour)
	if err := b.OnStart(t.Context(), count); err != nil || asked != 1 {
		t.Errorf("an hour later: %d %v", asked, err)
	}
}

// awayStore is a store that is away for some calls.
type awayStore struct {
	signing.Store
	mu   sync.Mutex
	left int
}

func (s *awayStore) Value(context.Context, string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left >= 0 {
		return nil, 0, errors.New("away")
	}
	return nil, 0, keep.ErrNotFound
}

func TestTheStartWaitsForTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := signing.New(newConfig(), signing.Deps{DocuSeal: docuseal.New(newConfig(), nil), Store: &awayStore{left: 3}})
		began := time.Now()
		asked := 0
		if err := r.OnStart(t.Context(), func(context.Context, string) (string, error) { asked++; return "", nil }); err != nil || asked != 1 {
			t.Errorf("asked %d times, %v", asked, err)
		}
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("it took %s", took)
		}
		off := signing.New(newConfig(), signing.Deps{Store: &awayStore{left: 3}})
		if err := off.OnStart(t.Context(), nil); err != nil {
			t.Errorf("without DocuSeal: %v", err)
		}
	})
}

// metrics are what a scrape shows, by name and label.
func (b *bench) metrics() map[string]float64 {
	b.t.Helper()
	families, err := b.reg.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += "/" + l.GetValue()
			}
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return all
}

// get reads a page of the hub as the staff.
func (b *bench) get(path string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.hub.URL+path, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set(hubtest.RoleHeader, string(hub.RoleStaff))
	resp, err := b.hub.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
