package activation_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/activation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/simkit"
)

// run works off what was stored until the test ends.
func (p *plant) run(t *testing.T, engine keep.Engine, desk *activation.Desk) {
	t.Helper()
	hubtest.Work(t, engine, keep.RunnerOptions{Poll: 10 * time.Millisecond}, desk.Work()...)
}

// serve gives the routes of the desk, worked off or not.
func (p *plant) serve(t *testing.T, working bool) http.Handler {
	t.Helper()
	engine := p.deps.Store.(keep.Engine)
	server, err := web.NewServer(web.Config{}, web.Deps{
		Verifier: hubtest.Door{Scopes: []string{"contract"}}, Limits: engine, Memory: engine, Metrics: prometheus.NewRegistry(), Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.desk.Mount(server.Router())
	if working {
		p.run(t, engine, p.desk)
	}
	return server.Handler()
}

func post(t *testing.T, h http.Handler, role hub.Role, body string) (int, doc) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/contract/activate", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(hubtest.RoleHeader, string(role))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer doc
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Code, answer
}

func TestActivatedByHand(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.rich()
	h := p.serve(t, true)
	code, answer := post(t, h, hub.RoleStaff, `{"contract": "CTR-1"}`)
	if code != http.StatusOK {
		t.Fatalf("%d %v", code, answer)
	}
	p.whole(answer["invoice"].(string))
	got := doc{}
	for _, key := range []string{"state", "contract", "subscription", "job", "start_date", "amount", "taxes", "total"} {
		got[key] = answer[key]
	}
	want := doc{"state": "activated", "contract": "CTR-1", "subscription": "SUB-1", "job": "DJ-1", "start_date": "2026-04-24", "amount": "246.99",
		"taxes": doc{"tps": "12.35", "tvq": "24.64"}, "total": "283.98"}
	if diff := cmp.Diff(want, got); diff != "" || len(answer["steps"].([]any)) != 6 {
		t.Errorf("the answer (-want +got):\n%s", diff)
	}
	for _, body := range []string{`{"contract": "CTR-1"}`, `{"job": "DJ-1"}`, `{"contract": "CTR-1", "job": "DJ-1"}`} {
		if code, again := post(t, h, hub.RoleStaff, body); code != http.StatusOK || again["state"] != "found" || again["invoice"] != answer["invoice"] {
			t.Errorf("%s again: %d %v", body, code, again)
		}
	}
	records, _, err := p.deps.Store.(keep.Trail).Audits(t.Context(), keep.AuditFilter{Action: "subscription.activate"})
	if err != nil || len(records) != 1 || records[0].Actor != "staff:ann" || records[0].Name != "SUB-1" {
		t.Errorf("the audit: %+v, %v", records, err)
	}
}

// TestByHandWhatIsNotClearIsRefused stores nothing.
func TestByHandWhatIsNotClearIsRefused(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.usual()
	p.job("DJ-2", doc{"status": "In Progress"})
	p.contract("CTR-2", "", doc{"service_location": nil})
	p.job("DJ-3", doc{"service_contract": "CTR-2"})
	p.subscription("SUB-4", doc{"customer": "CUST-2", "service_location": nil})
	p.job("DJ-4", doc{"customer": "CUST-2", "service_contract": nil, "subscription": "SUB-4", "status": "Assigned"})
	h := p.serve(t, false)
	for body, want := range map[string][2]any{
		`{}`:                                   {422, "invalid"},
		`{"contract": "CTR-9"}`:                {404, "contract-not-found"},
		`{"job": "DJ-9"}`:                      {404, "job-not-found"},
		`{"contract": "CTR-1"}`:                {409, "state-conflict"}, // DJ-2 is open
		`{"contract": "CTR-2"}`:                {404, "subscription-not-found"},
		`{"contract": "CTR-1", "job": "DJ-3"}`: {409, "state-conflict"},
		`{"job": "DJ-4"}`:                      {409, "state-conflict"},
		`{"contract": 7}`:                      {422, "invalid"},
	} {
		if code, answer := post(t, h, hub.RoleStaff, body); code != want[0] || answer["code"] != want[1] {
			t.Errorf("%s: %d %v", body, code, answer)
		}
	}
	if code, _ := post(t, h, hub.RoleTechnician, `{"contract": "CTR-1"}`); code != http.StatusUnauthorized {
		t.Errorf("a technician gets %d", code)
	}
	jobs, _, err := p.deps.Store.(keep.Lists).Jobs(t.Context(), keep.Filter{Kind: activation.Kind})
	if err != nil || len(jobs) != 0 || len(p.invoices()) != 0 {
		t.Errorf("%d jobs, %d invoices, %v", len(jobs), len(p.invoices()), err)
	}
}

// TestForceActivatesWhileWorkIsOpen takes the day on which it is asked for.
func TestForceActivatesWhileWorkIsOpen(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.usual()
	p.job("DJ-2", doc{"status": "In Progress"})
	code, answer := post(t, p.serve(t, true), hub.RoleService, `{"contract": "CTR-1", "force": true}`)
	if code != http.StatusOK || answer["start_date"] != "2026-04-24" || answer["job"] != nil || answer["amount"] != "9.32" {
		t.Errorf("%d %v", code, answer)
	}
}

// TestByHandItIsCarriedOn has ERPNext refuse things for a while: the request that
// was stored is worked off until it is whole.
func TestByHandItIsCarriedOn(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.rich()
	h := p.serve(t, true)
	p.site.Fault().Fail(simkit.Fault{Match: "POST /api/resource/Sales Invoice", Status: 417, Next: 2})
	p.site.Fault().Fail(simkit.Fault{Match: "PUT /api/resource/Service Contract", DropAfterCommit: true})
	code, answer := post(t, h, hub.RoleStaff, `{"job": "DJ-1"}`)
	if code != http.StatusOK || answer["state"] != "activated" {
		t.Fatalf("%d %v", code, answer)
	}
	p.whole(answer["invoice"].(string))
}
