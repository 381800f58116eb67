package field_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// morning is when all tests begin.
var morning = time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local())

// founded is what all sites begin as. It is never changed.
var founded = erpnexttest.Founded(func() time.Time { return morning }, func(f *erpnexttest.Founding) {
	for id, name := range map[string]string{"T1": "Rémi Tremblay", "T2": "Ana Roy"} {
		f.Put("Dispatch Technician", map[string]any{"technician_id": id, "full_name": name})
	}
	for _, code := range []string{"CABLE", "PRISE"} {
		f.Put("Item", map[string]any{"item_code": code, "item_name": "Article " + code, "item_group": "All Item Groups", "stock_uom": "Nos"})
	}
	f.Put("Customer", map[string]any{"name": "C1", "customer_name": "Marie Essai", "customer_type": "Individual", "language": "fr", "cell_phone": "418 555-0134", "notes": "chien"})
	f.Put("Checklist Template", map[string]any{"template_name": "Réparation", "job_type": "Repair", "items": []any{
		map[string]any{"label": "Puissance", "required": 1, "answer_type": "number"}, map[string]any{"label": "Photo prise", "answer_type": "check"},
	}})
})

// words are the states as the site of the tests writes them.
type words struct{}

func (words) In(word string) string         { return word }
func (words) All(states ...string) []string { return states }
func (words) Next(state string) []string    { return steps()[state] }

func steps() map[string][]string {
	return map[string][]string{
		"Scheduled": {"Open", "En Route", "In Progress", "Cancelled"}, "Assigned": {"Open", "En Route", "In Progress"}, "En Route": {"In Progress"},
		"In Progress": {"Paused", "Completed"}, "Paused": {"In Progress"},
	}
}

// crew is a desk with its site, its door and its work.
type crew struct {
	site  *erpnextsim.Site
	erp   *erpnext.Client
	store *sqlite.Engine
	door  http.Handler
	place string
	url   string // of the site

	mu    sync.Mutex
	calls int
	away  bool // nothing answers
	cut   int  // how many writes more until a reply is lost, once
	kills int  // how many ends of work nobody lives to record
	now   time.Time
	// breaks gives another answer than the site's to some requests.
	breaks func(r *http.Request) http.HandlerFunc
}

// badge names the caller: "T1" or "T1@DJ-00001", who came with the link of a job.
const badge = "X-Test-Badge"

// scopesHeader narrows what the link lets its technician do.
const scopesHeader = "X-Test-Scopes"

type door struct{}

func (door) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	who, job, _ := strings.Cut(r.Header.Get(badge), "@")
	if who == "" || role != hub.RoleTechnician {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Who are you?", nil)
	}
	return hub.Actor{Role: role, ID: who, Job: job, Scopes: strings.Fields(r.Header.Get(scopesHeader)), Expires: morning.Add(8 * time.Hour)}, nil
}

func newCrew(t testing.TB, profile erpnextsim.Profile) *crew {
	t.Helper()
	return staffed(t, profile, shift{wait: 20 * time.Second})
}

// shift is how long a dead worker is not missed (0 is long), and how long a
// telephone waits for an answer.
type shift struct {
	lease, wait time.Duration
	slow        func(c *crew) (field.Take, keep.Work) // another way to do status, and the work that it waits for
}

// staffed opens a crew with its shift.
func staffed(t testing.TB, profile erpnextsim.Profile, s shift) *crew {
	t.Helper()
	c := &crew{store: hubtest.Store(t), now: morning}
	c.site = erpnexttest.Site(t, founded[profile], c.clock)
	c.url = erpnexttest.Serve(t, http.HandlerFunc(c.line))
	c.erp = erpnexttest.Client(t, c.url, nil)
	c.place = c.put(t, "Service Location", map[string]any{
		"customer": "C1", "location_name": "Maison", "address_line": "12 rue des Essais", "city": "Granby", "postal_code": "J2G 0A0", "latitude": 45.4, "longitude": -72.7,
		"access_notes": "porte 4512", "contact_name": "Paul Essai", "contact_phone": "450-555-0177",
	})
	c.open(t, s)
	return c
}

// open puts a hub before the site: its desk, its door, its work.
func (c *crew) open(t testing.TB, s shift) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	status, beside := c.status, keep.Work{Kind: "beside", Do: func(context.Context, keep.Job) (keep.Result, error) { return keep.Result{}, nil }}
	if s.slow != nil {
		status, beside = s.slow(c)
	}
	desk := field.NewDesk(field.Deps{
		ERPNext: c.erp, Store: c.store, News: hubtest.News{Ring: c.store}, States: words{}, Kinds: map[string]field.Take{"status": status}, Now: c.clock, Log: log, Wait: s.wait,
		NeedsReason: func(kind string) bool { return kind == "Removal" },
	})
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: door{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Mount(server.Router()); err != nil {
		t.Fatal(err)
	}
	c.door = server.Handler()
	hubtest.Work(t, mortal{c.store, c}, keep.RunnerOptions{Poll: 20 * time.Millisecond, Lease: s.lease}, append(desk.Work(), beside)...)
}

// mortal is a store whose worker dies after its work, before that is recorded.
type mortal struct {
	*sqlite.Engine
	crew *crew
}

func (m mortal) Finish(ctx context.Context, id string, fence int64, o keep.Outcome) error {
	dies := false
	m.crew.set(func() {
		if dies = m.crew.kills > 0; dies {
			m.crew.kills--
		}
	})
	if dies {
		return errors.New("killed")
	}
	return m.Engine.Finish(ctx, id, fence, o)
}

func (c *crew) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// line carries a request to the site, unless the site is away; the reply to a write
// is lost once, when that is asked for.
func (c *crew) line(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.calls++
	away, lost, breaks := c.away, false, c.breaks
	if r.Method != http.MethodGet && !away && c.cut > 0 {
		c.cut--
		lost = c.cut == 0
	}
	c.mu.Unlock()
	if breaks != nil {
		if answer := breaks(r); answer != nil {
			answer(w, r)
			return
		}
	}
	switch {
	case away:
		panic(http.ErrAbortHandler)
	case lost:
		c.site.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	c.site.ServeHTTP(w, r)
}

func (c *crew) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// status is the kind that another feature does: it writes the state, and refuses
// one that may not follow.
func (c *crew) status(ctx context.Context, m field.Mutation) (any, error) {
	var in struct{ Status string }
	if err := json.Unmarshal(m.Data, &in); err != nil {
		return nil, err
	}
	_, err := erpnext.Revise(ctx, c.erp, "Dispatch Job", m.Job, func(job *erpnext.DispatchJob) (erpnext.Values, error) {
		if job.HubState == m.Key {
			return nil, nil
		}
		if !slices.Contains(steps()[job.Status], in.Status) {
			return nil, hub.Fail(hub.Conflict, "transition-illegal", "It cannot follow.", nil)
		}
		return erpnext.Values{"status": in.Status, "hub_state": m.Key, "en_route_at": erpnext.At(m.At)}, nil
	})
	return map[string]string{"status": in.Status}, err
}

func (c *crew) put(t testing.TB, doctype string, doc map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, c.site, doctype, doc)
}

// file files a work order of T1, of today.
func (c *crew) file(t testing.TB, more map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, c.site, "Dispatch Job", map[string]any{
		"subject": "Réparer", "job_type": "Repair", "status": "Scheduled", "assigned_tech": "T1", "scheduled_date": "2026-11-23", "start_time": "08:30:00", "duration_h": 1.5,
		"customer": "C1", "service_location": c.place, "published": 1,
	}, more)
}

func (c *crew) job(t testing.TB, name string) *erpnext.DispatchJob {
	t.Helper()
	return erpnexttest.Get[erpnext.DispatchJob](t, c.erp, "Dispatch Job", name)
}

// ask sends a request ("GET /field/jobs") as the technician.
func (c *crew) ask(t testing.TB, who, what string, body any, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	method, path, _ := strings.Cut(what, " ")
	r := httptest.NewRequest(method, path, reader)
	r.Header.Set(badge, who)
	if reader != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.door.ServeHTTP(w, r)
	return w
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) T {
	t.Helper()
	var into T
	if err := json.Unmarshal(w.Body.Bytes(), &into); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body.String(), err)
	}
	return into
}
