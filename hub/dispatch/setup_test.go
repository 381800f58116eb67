package dispatch_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// founded is what all sites begin as. It is never changed.
var founded = erpnexttest.Founded(nil, func(f *erpnexttest.Founding) {
	for _, tech := range []map[string]any{
		{"technician_id": "T1", "full_name": "Rémi Tremblay", "assigned_group": "Fibre"},
		{"technician_id": "T2", "full_name": "Ana Roy", "assigned_group": "Fibre"},
		{"technician_id": "T3", "full_name": "Luc Caron", "assigned_group": "Support"},
		{"technician_id": "T4", "full_name": "Zoé Partie", "assigned_group": "Fibre", "active": 0},
	} {
		f.Put("Dispatch Technician", tech)
	}
})

// office is a desk with its site, its door and its work.
type office struct {
	site  *erpnextsim.Site
	url   string
	erp   *erpnext.Client
	store keep.Engine
	desk  *dispatch.Desk
	door  http.Handler

	mu    sync.Mutex
	calls map[string]int // of activation and of effects under test, by job
	fail  func(what, job string) error
	cut   int  // how many requests more the line to the site carries until it breaks, once
	late  bool // it breaks after the site has done what it was asked
}

// line carries a request to the site. It breaks once, when that is asked for.
func (of *office) line(w http.ResponseWriter, r *http.Request) {
	of.mu.Lock()
	breaks, late := false, of.late
	if !late || r.Method != http.MethodGet { // the reply to a question is lost like the question
		of.cut--
		breaks = of.cut == 0
	}
	of.mu.Unlock()
	if !breaks {
		of.site.ServeHTTP(w, r)
		return
	}
	if late {
		of.site.ServeHTTP(httptest.NewRecorder(), r)
	}
	panic(http.ErrAbortHandler)
}

// breakAfter has the line break at the request after n more.
func (of *office) breakAfter(n int, late bool) {
	of.mu.Lock()
	defer of.mu.Unlock()
	of.cut, of.late = n, late
}

// broken tells that the line has broken since breakAfter.
func (of *office) broken() bool {
	of.mu.Lock()
	defer of.mu.Unlock()
	return of.cut <= 0
}

// opening is how an office differs from the usual one.
type opening struct {
	words   string
	store   keep.Engine
	still   bool // nobody works
	effects []dispatch.Effect
	more    func(*dispatch.Deps)
}

func newOffice(t testing.TB, o opening) *office {
	t.Helper()
	of := &office{site: erpnexttest.Site(t, founded[erpnextsim.V16], nil), store: o.store, calls: map[string]int{}}
	of.url = erpnexttest.Serve(t, http.HandlerFunc(of.line))
	of.erp = erpnexttest.Client(t, of.url, nil)
	if of.store == nil {
		of.store = hubtest.Store(t)
	}
	of.open(t, o)
	return of
}

// twin is another hub for the same site and with the same store.
func (of *office) twin(t testing.TB, o opening) *office {
	t.Helper()
	twin := &office{site: of.site, url: of.url, erp: erpnexttest.Client(t, of.url, nil), store: of.store, calls: map[string]int{}}
	twin.open(t, o)
	return twin
}

// open makes the desk and its door, and has it work unless it is to stand still.
func (of *office) open(t testing.TB, o opening) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	deps := dispatch.Deps{
		ERPNext: of.erp, Store: of.store, News: hubtest.News{Ring: of.store}, Activate: of.activate, Effects: o.effects,
		Config: dispatch.Config{StatusWords: o.words, ReasonTypes: []string{"Removal"}, IssueTypes: "Panne=Repair:1.5:fusion"}, Now: time.Now, Log: quiet,
	}
	if o.more != nil {
		o.more(&deps)
	}
	var err error
	if of.desk, err = dispatch.NewDesk(deps); err != nil {
		t.Fatal(err)
	}
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off"}, web.Deps{Verifier: badge{}, Memory: of.store})
	if err != nil {
		t.Fatal(err)
	}
	of.desk.Mount(edge.Router())
	of.door = edge.Handler()
	if !o.still {
		hubtest.Work(t, of.store, keep.RunnerOptions{Poll: 50 * time.Millisecond, OnDead: of.desk.Died}, of.desk.Work()...)
	}
}

// activate counts, and gives the contract a service.
func (of *office) activate(_ context.Context, job *erpnext.DispatchJob) (dispatch.Activated, error) {
	if err := of.count("activate", job.Name); err != nil {
		return dispatch.Activated{}, err
	}
	return dispatch.Activated{Subscription: "SUB-1", Invoice: "ACC-SINV-1", Start: "2026-11-24"}, nil
}

// count counts a call, and fails it when that is asked for.
func (of *office) count(what, job string) error {
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.fail != nil {
		if err := of.fail(what, job); err != nil {
			return err
		}
	}
	of.calls[what]++
	return nil
}

func (of *office) counted(what string) int {
	of.mu.Lock()
	defer of.mu.Unlock()
	return of.calls[what]
}

func (of *office) put(t testing.TB, doctype string, doc map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, of.site, doctype, doc)
}

// file puts a work order into the site; some members have useful values.
func (of *office) file(t testing.TB, doc map[string]any) string {
	t.Helper()
	usual := map[string]any{"subject": "Essai", "job_type": "Installation", "status": "Open", "scheduled_date": "2026-11-23", "assigned_group": "Fibre"}
	return erpnexttest.Put(t, of.site, "Dispatch Job", usual, doc)
}

func (of *office) job(t testing.TB, name string) *erpnext.DispatchJob {
	t.Helper()
	return erpnexttest.Get[erpnext.DispatchJob](t, of.erp, "Dispatch Job", name)
}

// finish walks an open work order to its completion, as the staff.
func (of *office) finish(t testing.TB, name string) answer {
	t.Helper()
	if a := of.post(t, "staff:ann", "/dispatch/job-status", body{"job": name, "status": "In Progress"}); a.code != http.StatusOK {
		t.Fatalf("%s cannot be begun: %+v", name, a)
	}
	return of.post(t, "staff:ann", "/dispatch/job-status", body{"job": name, "status": "Completed"})
}

// news lists the events of a name.
func (of *office) news(t testing.TB, name string) []map[string]any {
	t.Helper()
	events, _, err := of.store.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, e := range events {
		if e.Name == name {
			var data map[string]any
			if err := json.Unmarshal(e.Data, &data); err != nil {
				t.Fatal(err)
			}
			out = append(out, data)
		}
	}
	return out
}
