package crew_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
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
	"gigafibre.ca/targo-hub/hub/dispatch/crew"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

var today = time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local())

// begun is when the tests began: their clock stands at today then and goes on, for
// ERPNext tells two states of a document apart by the time.
var begun = time.Now()

func clock() time.Time { return today.Add(time.Since(begun)) }

// founded is what the sites of all tests begin as, by release.
var founded = erpnexttest.Founded(clock, func(site *erpnexttest.Founding) {
	for _, id := range []string{"T1", "T2", "T3"} {
		site.Put("Dispatch Technician", map[string]any{"technician_id": id, "full_name": "Équipe " + id})
	}
	site.Put("Dispatch Technician", map[string]any{"technician_id": "T9", "full_name": "Parti", "active": 0})
})

// office is a hub with the crew's routes beside a site.
type office struct {
	tb     testing.TB
	site   *erpnextsim.Site
	erp    *erpnext.Client
	store  keep.Engine
	ledger *ledger.Ledger
	url    string
	calls  atomic.Int32
	// meanwhile runs once, when ERPNext is asked to write the next time.
	meanwhile func()
	lose      bool // the reply to the next write
	lock      sync.Mutex
	blind     atomic.Bool // nobody may look any more once something was written
	written   atomic.Bool
}

func newOffice(tb testing.TB, words string) *office {
	tb.Helper()
	return newOfficeOn(tb, erpnextsim.V16, words)
}

func newOfficeOn(tb testing.TB, profile erpnextsim.Profile, words string) *office {
	tb.Helper()
	site := erpnexttest.Site(tb, founded[profile], clock)
	o := &office{tb: tb, site: site, store: hubtest.Store(tb)}
	o.erp = erpnexttest.Client(tb, erpnexttest.Serve(tb, http.HandlerFunc(o.upstream)), nil)
	said, err := machine.ParseWords(words)
	if err != nil {
		tb.Fatal(err)
	}
	if words != "" {
		o.put("Property Setter", map[string]any{"doctype_or_field": "DocField", "doc_type": "Dispatch Job", "field_name": "status", "property": "options",
			"property_type": "Text", "value": strings.Join(said.All(machine.Statuses()...), "\n")})
	}
	o.ledger = ledger.New(o.store, clock)
	o.serve(crew.New(crew.Deps{ERPNext: o.erp, Words: said, Ledger: o.ledger, News: hubtest.News{Ring: o.store}, Now: clock, Log: slog.New(slog.DiscardHandler)}))
	return o
}

func (o *office) upstream(w http.ResponseWriter, r *http.Request) {
	o.calls.Add(1)
	if o.blind.Load() && o.written.Load() {
		http.Error(w, `{"exc_type":"PermissionError"}`, http.StatusForbidden)
		return
	}
	if r.Method == http.MethodPut || strings.HasSuffix(r.URL.Path, "/bulk_update") {
		o.lock.Lock()
		do, lose := o.meanwhile, o.lose
		o.meanwhile, o.lose = nil, false
		defer o.written.Store(true)
		o.lock.Unlock()
		if do != nil {
			do()
		}
		if lose {
			o.site.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
	}
	o.site.ServeHTTP(w, r)
}

func (o *office) serve(c *crew.Crew) {
	o.tb.Helper()
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		o.tb.Fatal(err)
	}
	c.Mount(server.Router())
	hubServer := httptest.NewServer(server.Handler())
	o.tb.Cleanup(hubServer.Close)
	o.url = hubServer.URL
}

// job makes a job of the day.
func (o *office) job(more map[string]any) string {
	o.tb.Helper()
	doc := map[string]any{"subject": "Installation", "scheduled_date": "2026-11-23", "start_time": "", "assigned_group": "Installation"}
	for k, v := range more {
		doc[k] = v
	}
	return o.put("Dispatch Job", doc)
}

func (o *office) put(doctype string, doc map[string]any) string {
	o.tb.Helper()
	name, err := o.site.Put(doctype, doc)
	if err != nil {
		o.tb.Fatal(err)
	}
	return name
}

func (o *office) read(name string) erpnext.DispatchJob {
	o.tb.Helper()
	job, err := erpnext.Get[erpnext.DispatchJob](o.tb.Context(), o.erp, "Dispatch Job", name)
	if err != nil {
		o.tb.Fatal(err)
	}
	return *job
}

// answer is what any of the routes says.
type answer struct {
	status int
	Action string         `json:"action"`
	Items  []crew.Outcome `json:"items"`
	Code   string         `json:"code"`
	Errors []hub.Field    `json:"errors"`
	State  map[string]any `json:"state"`
}

// ask calls a route as somebody ("staff:ann").
func (o *office) ask(who, method, path, body string) answer {
	o.tb.Helper()
	req, err := http.NewRequestWithContext(o.tb.Context(), method, o.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		o.tb.Fatal(err)
	}
	req.Header.Set(hubtest.RoleHeader, who)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.tb.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	a := answer{status: resp.StatusCode}
	if err := errors.Join(err, json.Unmarshal(raw, &a)); err != nil && method == http.MethodPost {
		o.tb.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
	return a
}

func (o *office) assign(body string) answer {
	o.tb.Helper()
	return o.ask("staff:ann", http.MethodPost, "/dispatch/assign", body)
}

func (o *office) news() []hub.Event {
	o.tb.Helper()
	events, _, err := o.store.Read(o.tb.Context(), 0, 200, hub.TopicJobs)
	if err != nil {
		o.tb.Fatal(err)
	}
	return events
}
