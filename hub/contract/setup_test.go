package contract_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

type doc = map[string]any

// founded is what all sites begin as: a customer with a plan, a rebate under it,
// a contract of 24 months in its sixth, visits and a device. It is never changed.
var founded = erpnexttest.Founded(nil, func(site *erpnexttest.Founding) {
	site.Company()
	for _, item := range []string{"FIBRE", "FIBRE1G"} {
		site.Put("Item", doc{"item_code": item, "item_name": "Article " + item, "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	}
	site.Put("Customer", doc{"name": "CUST-1", "customer_name": "Ann Roy", "customer_type": "Individual", "language": "fr"})
	site.Put("Customer", doc{"name": "CUST-2", "customer_name": "Bo Gray", "customer_type": "Company", "language": "en"})
	site.Put("Service Location", doc{"name": "LOC-1", "customer": "CUST-1", "address_line": "1 rue des Essais", "city": "Granby"})
	site.Put("Service Location", doc{"name": "LOC-2", "customer": "CUST-1", "address_line": "2 rue des Essais", "city": "Granby"})
	site.Put("Service Contract", doc{"name": "CTR-1", "customer": "CUST-1", "service_location": "LOC-1", "contract_type": "Résidentiel", "status": "Actif",
		"start_date": "2026-01-01", "duration_months": 24, "monthly_rate": 49.95, "install_fee": 240})
	subscription := func(name, place, plan string, price float64, order int, more doc) {
		values := doc{"name": name, "customer": "CUST-1", "service_location": place, "service_category": "Internet", "plan_name": plan,
			"monthly_price": price, "billing_cycle": "Monthly", "status": "Actif", "start_date": "2026-01-01", "display_order": order}
		for k, v := range more {
			values[k] = v
		}
		site.Put("Service Subscription", values)
	}
	subscription("SUB-1", "LOC-1", "Fibre 500", 59.95, 10, doc{"service_contract": "CTR-1", "item": "FIBRE"})
	subscription("SUB-R", "LOC-1", "Rabais fidélité", -10, 11, nil)
	subscription("SUB-X", "LOC-2", "Fibre 100", 39.95, 10, nil)
	site.Put("Service Contract", doc{"name": "CTR-1", "service_subscription": "SUB-1"})
	for name, status := range map[string]string{"DJ-1": "Completed", "DJ-2": "Open", "DJ-3": "On Hold"} {
		site.Put("Dispatch Job", doc{"name": name, "subject": "Branchement", "customer": "CUST-1", "service_location": "LOC-1", "job_type": "Installation",
			"status": status, "scheduled_date": "2026-06-10", "service_contract": "CTR-1"})
	}
	site.Put("Service Equipment", doc{"name": "EQP-1", "equipment_type": "ONT", "serial_number": "TPLG00000001", "status": "active", "customer": "CUST-1", "service_location": "LOC-1"})
})

// plant is a site with a hub, at an instant of its own.
type plant struct {
	t     testing.TB
	site  *erpnextsim.Site
	url   string
	at    atomic.Pointer[time.Time]
	store *sqlite.Engine
	h     http.Handler
	cfg   contract.Config
}

func settings() contract.Config {
	return contract.Config{
		Bill:        contract.Bill{Company: "TARGO", IncomeAccount: "Ventes - T", TPSAccount: "TPS - T", TVQAccount: "TVQ - T", UOM: "Nos", DueDays: 30},
		Late:        35,
		Termination: contract.Termination{InstallMonths: 24, PickupGroup: "Installation", PickupDays: 7},
		Life:        contract.Life{FridayUntil: "12:00", VacationMin: 14, VacationMax: 183, VacationsAYear: 2},
	}
}

// open gives a hub whose runner works, on Monday the 15th of June 2026 unless told
// otherwise.
func open(t testing.TB, change ...func(*contract.Config)) *plant {
	t.Helper()
	p := idle(t, change...)
	p.h = p.serve(p.desk(p.store, nil), true)
	return p
}

// openOn is open with another generation of ERPNext.
func openOn(t testing.TB, profile erpnextsim.Profile) *plant {
	t.Helper()
	p := settled(t, profile)
	p.h = p.serve(p.desk(p.store, nil), true)
	return p
}

// idle gives a site and a store without a hub.
func idle(t testing.TB, change ...func(*contract.Config)) *plant {
	t.Helper()
	return settled(t, erpnextsim.V16, change...)
}

func settled(t testing.TB, profile erpnextsim.Profile, change ...func(*contract.Config)) *plant {
	t.Helper()
	p := &plant{t: t, site: erpnexttest.Site(t, founded[profile], nil), store: hubtest.Store(t), cfg: settings()}
	for _, c := range change {
		c(&p.cfg)
	}
	p.clock("2026-06-15 10:00")
	p.url = erpnexttest.Serve(t, p.site)
	return p
}

func (p *plant) now() time.Time { return *p.at.Load() }

// clock sets the time: "2026-06-15 10:00" in Quebec.
func (p *plant) clock(at string) {
	p.t.Helper()
	instant, err := time.ParseInLocation("2006-01-02 15:04", at, hub.Local())
	if err != nil {
		p.t.Fatal(err)
	}
	p.at.Store(&instant)
}

// desk is that of a hub; wire, when given, stands between it and ERPNext.
func (p *plant) desk(store contract.Store, wire http.RoundTripper) *contract.Desk {
	p.t.Helper()
	if wire == nil {
		wire = &http.Transport{DisableKeepAlives: true}
	}
	desk, err := contract.NewDesk(contract.Deps{
		ERPNext: erpnexttest.Client(p.t, p.url, wire), Store: store, News: hubtest.News{Ring: p.store}, Config: p.cfg, Now: p.now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return desk
}

// serve gives the routes of the desk, and works off what they store.
func (p *plant) serve(desk *contract.Desk, working bool) http.Handler {
	p.t.Helper()
	server, err := web.NewServer(web.Config{}, web.Deps{
		Verifier: hubtest.Door{}, Limits: p.store, Memory: p.store, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	desk.Mount(server.Router())
	if working {
		p.run(desk)
	}
	return server.Handler()
}

// refusals are how many of them a job is given up after, at most.
const refusals = 3

func (p *plant) run(desk *contract.Desk) {
	p.t.Helper()
	runner := keep.NewRunner(p.store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 250 * time.Millisecond})
	for _, w := range desk.Work() {
		w.Backoff, w.Refusals = []time.Duration{10 * time.Millisecond}, min(w.Refusals, refusals)
		runner.Register(w)
	}
	hubtest.Run(p.t, runner)
}

// ask calls a route as the staff does.
func (p *plant) ask(method, path string, body doc) (int, doc) {
	p.t.Helper()
	return p.askIn(p.t.Context(), p.h, method, path, body)
}

func (p *plant) askIn(ctx context.Context, h http.Handler, method, path string, body doc) (int, doc) {
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Error(err)
	}
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(string(raw)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "fr")
	r.Header.Set(hubtest.RoleHeader, string(hub.RoleStaff))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer doc
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		p.t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Code, answer
}

// must is ask for what has to succeed.
func (p *plant) must(method, path string, body doc) doc {
	p.t.Helper()
	code, answer := p.ask(method, path, body)
	if code != http.StatusOK {
		p.t.Fatalf("%s %s: %d %v", method, path, code, answer)
	}
	return answer
}

// refuses checks the status and the code of a refusal.
func (p *plant) refuses(status int, code, path string, body doc) doc {
	p.t.Helper()
	got, answer := p.ask(http.MethodPost, path, body)
	if got != status || answer["code"] != code {
		p.t.Errorf("POST %s %v: %d %v, want %d %s", path, body, got, answer, status, code)
	}
	return answer
}
