package notice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/dispatch/notice"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

// begun is when the tests began: their clock stands at a Monday then and goes on,
// for ERPNext tells two states of a document apart by the time.
var begun = time.Now()

func clock() time.Time {
	return time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local()).Add(time.Since(begun))
}

// founded is what the sites of all tests begin as, by release: two technicians who
// have telephones, one who has none, and one who left.
var founded = erpnexttest.Founded(clock, func(site *erpnexttest.Founding) {
	site.Check(site.AddUser("zoe@example.test", "key1", "secret1", "System Manager"))
	for _, t := range []map[string]any{
		{"technician_id": "T1", "full_name": "Rémi Tremblay", "phone": "514 555-0101"},
		{"technician_id": "T2", "full_name": "Zoé Roy", "phone": "+15145550102", "user": "zoe@example.test"},
		{"technician_id": "T3", "full_name": "Sans Numéro"},
		{"technician_id": "T9", "full_name": "Parti", "phone": "+15145550109", "active": 0},
	} {
		site.Put("Dispatch Technician", t)
	}
})

// post is the outbox, whose replies can be lost.
type post struct {
	box    *outbox.Outbox
	lock   sync.Mutex
	before error // what the next Queue answers without queueing
	after  error // what the next Queue answers although it queued
}

func (p *post) Queue(ctx context.Context, m outbox.Message) (outbox.Entry, error) {
	p.lock.Lock()
	before, after := p.before, p.after
	p.before, p.after = nil, nil
	p.lock.Unlock()
	if before != nil {
		return outbox.Entry{}, before
	}
	entry, err := p.box.Queue(ctx, m)
	if after != nil {
		return outbox.Entry{}, after
	}
	return entry, err
}

// office is a hub with the notices' route beside a site.
type office struct {
	tb     testing.TB
	site   *erpnextsim.Site
	erp    *erpnext.Client
	store  keep.Engine
	post   *post
	ledger *ledger.Ledger
	deps   notice.Deps
	url    string

	upstream string
	// meanwhile runs once, when jobs are published the next time.
	meanwhile atomic.Pointer[func()]
	lose      atomic.Bool // the reply to the next of these
}

// client is a hub's own way to the site.
func (o *office) client() *erpnext.Client {
	o.tb.Helper()
	return erpnexttest.Client(o.tb, o.upstream, nil)
}

func newOffice(tb testing.TB, with ...func(*notice.Deps)) *office {
	tb.Helper()
	return newOfficeOn(tb, erpnextsim.V16, with...)
}

func newOfficeOn(tb testing.TB, profile erpnextsim.Profile, with ...func(*notice.Deps)) *office {
	tb.Helper()
	o := &office{tb: tb, site: erpnexttest.Site(tb, founded[profile], clock), store: hubtest.Store(tb)}
	o.upstream = erpnexttest.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if do := o.meanwhile.Swap(nil); do != nil && strings.HasSuffix(r.URL.Path, "/bulk_update") {
			(*do)()
		} else if do != nil {
			o.meanwhile.Store(do)
		}
		if strings.HasSuffix(r.URL.Path, "/bulk_update") && o.lose.Swap(false) {
			o.site.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		o.site.ServeHTTP(w, r)
	}))
	o.erp = o.client()
	o.open()
	o.ledger = ledger.New(o.store, clock)
	o.deps = notice.Deps{
		ERPNext: o.erp, Words: machine.Words{}, Store: o.store, News: hubtest.News{Ring: o.store}, Mail: o.post, Brand: "Gigafibre", Now: clock,
		Log: slog.New(slog.DiscardHandler),
		Acted: func(ctx context.Context, kind string, changes ...ledger.Change) string {
			id, err := o.ledger.Record(ctx, hub.ActorOf(ctx), kind, changes...)
			if err != nil {
				tb.Error(err)
			}
			return id
		},
	}
	for _, set := range with {
		set(&o.deps)
	}
	o.serve()
	return o
}

// open makes the outbox, with its gate shut.
func (o *office) open() {
	o.tb.Helper()
	texts, err := notice.Texts()
	if err != nil {
		o.tb.Fatal(err)
	}
	box, err := outbox.New(outbox.Config{}, outbox.Deps{Store: o.store, Events: hubtest.News{Ring: o.store}, Log: slog.New(slog.DiscardHandler), PublicURL: "https://hub.example.com"})
	if err != nil {
		o.tb.Fatal(err)
	}
	box.AddTexts("notice", texts)
	o.post = &post{box: box}
}

func (o *office) serve() {
	o.tb.Helper()
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		o.tb.Fatal(err)
	}
	notice.New(o.deps).Mount(server.Router())
	o.url = erpnexttest.Serve(o.tb, server.Handler())
}

// job makes a job of somebody; its customer, place and notes must never be seen in
// a message.
func (o *office) job(technician, day, start string, more map[string]any) string {
	o.tb.Helper()
	return erpnexttest.Put(o.tb, o.site, "Dispatch Job", map[string]any{
		"subject": "Chez Ève Untel, 9 rue des Essais", "notes": "code 1234", "address": "9 rue des Essais", "scheduled_date": day, "start_time": start,
		"assigned_tech": technician, "status": "Assigned",
	}, more)
}

// place is a customer's address in a town; nothing of it but the town is told.
func (o *office) place(town string) string {
	o.tb.Helper()
	customer := erpnexttest.Put(o.tb, o.site, "Customer", map[string]any{"customer_name": "Ève Untel", "customer_type": "Individual"})
	return erpnexttest.Put(o.tb, o.site, "Service Location", map[string]any{"customer": customer, "address_line": "9 rue des Essais", "city": town, "access_notes": "code 1234"})
}

func (o *office) change(job string, values erpnext.Values) {
	o.tb.Helper()
	if err := o.erp.Update(o.tb.Context(), "Dispatch Job", job, values, nil); err != nil {
		o.tb.Fatal(err)
	}
}

// answer is what the route says.
type answer struct {
	status int
	notice.Answer
	Code   string      `json:"code"`
	Errors []hub.Field `json:"errors"`
}

func (o *office) publish(body string) (a answer) {
	o.tb.Helper()
	got := hubtest.Send(o.tb, http.MethodPost, o.url+"/dispatch/publish", strings.NewReader(body),
		map[string]string{hubtest.RoleHeader: string(hub.RoleStaff), "Content-Type": "application/json"})
	if err := json.Unmarshal([]byte(got.Body), &a); err != nil {
		o.tb.Fatal(err)
	}
	a.status = got.Status
	return a
}

// week publishes the week from Monday on.
func (o *office) week() answer {
	o.tb.Helper()
	return o.publish(`{"from":"2026-11-23","to":"2026-11-29"}`)
}

// states are the technicians' outcomes in few words.
func states(a answer) string {
	var out []string
	for _, item := range a.Items {
		out = append(out, fmt.Sprintf("%s %s %d", item.Technician, item.State, len(item.Jobs)))
	}
	return strings.Join(out, ", ")
}

// messages are all SMS.
func (o *office) messages() []string { return hubtest.Texts(o.tb, o.store) }
