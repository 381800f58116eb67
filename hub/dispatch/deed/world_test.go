package deed_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/deed"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// day is today in all worlds of the tests: a Monday, 9 o'clock.
var day = time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local())

type doc = map[string]any

// founded is what all worlds begin as: a customer at home, a technician with a
// van, and what lies in it. It is never changed.
var founded = sync.OnceValues(func() (*erpnextsim.Image, error) { return found(erpnextsim.Options{}) })

func found(opts erpnextsim.Options) (*erpnextsim.Image, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	opts.Now = func() time.Time { return day }
	return erpnextsim.Found(opts, func(site *erpnextsim.Site) error {
		faults := []error{site.Import(raw), site.AddUser("hub@example.test", "key0", "secret0", "System Manager")}
		for _, d := range []doc{
			{"doctype": "Company", "company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"},
			{"doctype": "Customer", "customer_name": "Ann Exemple", "cell_phone": "514 555-0142", "language": "fr"},
			{"doctype": "Customer", "customer_name": "Sam Sample", "mobile_no": "514 555-0143", "language": "en"},
			{"doctype": "Customer", "customer_name": "Fil Fixe", "tel_home": "514 555-0144"},
			{"doctype": "Service Location", "name": "LOC-A", "customer": "Ann Exemple", "address_line": "1 rue A", "city": "Granby"},
			{"doctype": "Service Location", "name": "LOC-B", "customer": "Sam Sample", "address_line": "2 rue B", "city": "Granby"},
			{"doctype": "Warehouse", "warehouse_name": "Camion 1", "company": "TARGO", "parent_warehouse": "All Warehouses - T"},
			{"doctype": "Dispatch Technician", "technician_id": "T1", "full_name": "Rémi Tremblay", "warehouse": "Camion 1 - T"},
			{"doctype": "Dispatch Technician", "technician_id": "T2", "full_name": "Zoé Sans-Camion"},
			{"doctype": "Item", "item_code": "CABLE", "item_group": "Products", "stock_uom": "Nos"},
			{"doctype": "Item", "item_code": "PRISE", "item_group": "Products", "stock_uom": "Nos"},
			{"doctype": "Item", "item_code": "BORNE", "item_group": "Products", "stock_uom": "Nos", "has_serial_no": 1},
			{"doctype": "Item", "item_code": "HEURE", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0},
			{"doctype": "Stock Entry", "stock_entry_type": "Material Receipt", "company": "TARGO", "docstatus": 1, "items": []any{
				doc{"item_code": "CABLE", "qty": 10, "basic_rate": 4, "t_warehouse": "Camion 1 - T"},
				doc{"item_code": "PRISE", "qty": 1, "basic_rate": 2, "t_warehouse": "Camion 1 - T"},
				doc{"item_code": "BORNE", "qty": 2, "basic_rate": 90, "t_warehouse": "Camion 1 - T", "serial_no": "ZZ1\nZZ2", "use_serial_batch_fields": 1},
			}},
		} {
			_, err := site.Put(d["doctype"].(string), d)
			faults = append(faults, err)
		}
		return errors.Join(faults...)
	})
}

// world is a site, and what the effects do to it and to others.
type world struct {
	testing.TB
	site *erpnextsim.Site
	url  string
	erp  *erpnext.Client
	deps deed.Deps

	calls atomic.Int32
	reads sync.Map // numbers of the requests that change nothing
	kill  atomic.Pointer[killing]

	mu      sync.Mutex
	hooks   []standardwebhooks.Webhook
	hooked  error // what the receiver of webhooks says
	texts   map[string]outbox.Message
	queued  error
	created time.Time // of messages that are queued once more
}

// killing is the end of the process at one request: before it is worked on, or
// after.
type killing struct {
	at    int32
	after bool
	end   context.CancelFunc
}

func newWorld(t testing.TB) *world {
	t.Helper()
	image, err := founded()
	if err != nil {
		t.Fatal(err)
	}
	return worldOf(t, image)
}

func worldOf(t testing.TB, image *erpnextsim.Image) *world {
	t.Helper()
	site, err := erpnextsim.New(erpnextsim.Options{Image: image, Now: func() time.Time { return day }})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, site: site, texts: map[string]outbox.Message{}}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	w.connect()
	return w
}

// connect makes the client of one hub, and what the effects are given there.
func (w *world) connect() {
	w.Helper()
	var err error
	if w.erp, err = erpnext.New(erpnext.Config{URL: w.url, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{Now: func() time.Time { return day }}); err != nil {
		w.Fatal(err)
	}
	w.deps = deed.Deps{
		ERPNext: w.erp, Messages: w, Hooks: hooksOf{w}, Brand: "Exemple", Now: func() time.Time { return day },
		Config: deed.Config{ArrivalWindow: 2 * time.Hour, TasksTo: "hub@example.test"},
	}
}

// another is another hub on the same site.
func (w *world) another() *world {
	w.Helper()
	other := &world{TB: w.TB, site: w.site, url: w.url, texts: map[string]outbox.Message{}}
	other.connect()
	return other
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	n := w.calls.Add(1)
	if r.Method == http.MethodGet {
		w.reads.Store(int(n), true)
	}
	k := w.kill.Load()
	if k == nil || n != k.at {
		w.site.ServeHTTP(rw, r)
		return
	}
	if k.after {
		w.site.ServeHTTP(httptest.NewRecorder(), r)
	}
	k.end()
	panic(http.ErrAbortHandler)
}

// Queue keeps the first message of each key, as the outbox does.
func (w *world) Queue(_ context.Context, m outbox.Message) (outbox.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queued != nil {
		return outbox.Entry{}, w.queued
	}
	_, known := w.texts[m.DedupeKey]
	if !known {
		w.texts[m.DedupeKey] = m
	}
	created := w.created
	if created.IsZero() {
		created = day.Add(time.Second)
	}
	return outbox.Entry{ID: "msg:" + m.DedupeKey, Status: outbox.StatusQueued, Duplicate: known, CreatedAt: created}, nil
}

type hooksOf struct{ *world }

// Send takes a webhook as the connector does.
func (w hooksOf) Send(_ context.Context, h standardwebhooks.Webhook) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hooks = append(w.hooks, h)
	return w.hooked
}

func refusedHook(code string, temporary bool) error {
	return &connectors.Error{System: "standardwebhooks", Code: code, Reason: "no, because of " + code, Temporary: temporary}
}

func (w *world) put(doctype string, d doc) string {
	w.Helper()
	name, err := w.site.Put(doctype, d)
	if err != nil {
		w.Fatal(err)
	}
	return name
}

func (w *world) get(doctype, name string) doc {
	w.Helper()
	d, err := w.site.Doc(doctype, name)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

// job files a work order at Ann's for T1, with more.
func (w *world) job(more doc) string {
	d := doc{"subject": "Branchement", "job_type": "Installation", "status": "Completed", "customer": "Ann Exemple", "service_location": "LOC-A",
		"assigned_tech": "T1", "scheduled_date": "2026-11-23", "start_time": "8:30:00"}
	for k, v := range more {
		d[k] = v
	}
	return w.put("Dispatch Job", d)
}

// moved is a change of state that has just happened.
func moved(job, from, to string) effect.Move {
	return effect.Move{
		ID: "0197f2aa-0000-7000-8000-00000000000" + job[len(job)-1:], Job: job, From: from, To: to, At: day.UTC(),
		Actor: "technician:T1", Lead: true,
	}
}

func (w *world) effect(name string) effect.Effect {
	w.Helper()
	all := deed.Effects(w.deps)
	i := slices.IndexFunc(all, func(e effect.Effect) bool { return e.Name == name })
	if i < 0 {
		w.Fatalf("no effect %q", name)
	}
	return all[i]
}

// do runs an effect as the engine does: the work order is read anew.
func (w *world) do(ctx context.Context, name string, m effect.Move) (effect.Result, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, w.erp, "Dispatch Job", m.Job)
	if err != nil {
		return effect.Result{}, err
	}
	w.deps.Words.Read(job)
	one := w.effect(name)
	if !one.Wanted(m, job) {
		return effect.Result{State: "unwanted"}, nil
	}
	return one.Do(ctx, m, job)
}

func (w *world) must(name string, m effect.Move) effect.Result {
	w.Helper()
	r, err := w.do(w.Context(), name, m)
	if err != nil {
		w.Fatalf("%s of %s: %v", name, m.Job, err)
	}
	return r
}

// refused runs an effect that a person has to see to.
func (w *world) refused(name string, m effect.Move, code string, words ...string) {
	w.Helper()
	_, err := w.do(w.Context(), name, m)
	if !hub.HasCode(err, code) {
		w.Fatalf("%s of %s: %v, want %s", name, m.Job, err, code)
	}
	for _, word := range words {
		if detail := hub.ProblemOf(err).Detail; !strings.Contains(detail, word) {
			w.Errorf("%s does not say %q: %s", code, word, detail)
		}
	}
}
