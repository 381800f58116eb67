package activation_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/activation"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

type doc = map[string]any

// founded is what all sites begin as. It is never changed.
var founded = erpnexttest.Founded(nil, func(site *erpnexttest.Founding) {
	site.Company()
	site.Put("Item Group", doc{"item_group_name": "Installation", "parent_item_group": "All Item Groups"})
	for _, item := range [][2]string{{"FIBRE", "Services"}, {"ROUTEUR", "Services"}, {"POSE", "Installation"}} {
		site.Put("Item", doc{"item_code": item[0], "item_name": "Article " + item[0], "item_group": item[1], "stock_uom": "Nos", "is_stock_item": 0})
	}
	site.Put("Customer", doc{"name": "CUST-1", "customer_name": "Ann Roy", "customer_type": "Individual", "language": "fr"})
	site.Put("Customer", doc{"name": "CUST-2", "customer_name": "Bo Gray", "customer_type": "Individual", "language": "en"})
	site.Put("Service Location", doc{"name": "LOC-1", "customer": "CUST-1", "address_line": "1 rue des Essais", "city": "Granby", "status": "Pending Install"})
})

// plant is a site with a desk, at an instant of its own.
type plant struct {
	t    testing.TB
	site *erpnextsim.Site
	url  string
	at   atomic.Pointer[time.Time]
	desk *activation.Desk
	deps activation.Deps

	ticks atomic.Int64
	mark  string // ends the names of what is put and read, so that cases can share a site

	lock     sync.Mutex
	asked    []string     // all requests: "GET /api/resource/Item/FIBRE"
	midnight atomic.Int64 // how many requests until the clock strikes; below zero for never
}

func open(t testing.TB, at string) *plant {
	t.Helper()
	return openFrom(t, at, founded[erpnextsim.V16])
}

func openFrom(t testing.TB, at string, found erpnexttest.Image) *plant {
	t.Helper()
	p := &plant{t: t}
	p.clock(at)
	p.site = erpnexttest.Site(t, found, p.now)
	p.url = erpnexttest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.lock.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.Path)
		p.lock.Unlock()
		if p.midnight.Add(-1) == 0 {
			p.clock("2026-04-24 00:02")
		}
		p.site.ServeHTTP(w, r)
	}))
	store := hubtest.Store(t)
	p.deps = activation.Deps{Store: store, News: hubtest.News{Ring: store}, Late: 35, Now: p.now, Log: slog.New(slog.DiscardHandler)}
	p.desk = p.another()
	return p
}

// now never says the same twice: the lock of a document is the time of its last
// change.
func (p *plant) now() time.Time {
	return p.at.Load().Add(time.Duration(p.ticks.Add(1)) * time.Microsecond)
}

// clock sets the time: "2026-04-23 14:00" in Quebec.
func (p *plant) clock(at string) {
	p.t.Helper()
	instant, err := time.ParseInLocation("2006-01-02 15:04", at, hub.Local())
	if err != nil {
		p.t.Fatal(err)
	}
	p.at.Store(&instant)
}

// another is the desk of another hub, or of the same after a restart.
func (p *plant) another() *activation.Desk {
	p.t.Helper()
	erp := erpnexttest.Client(p.t, p.url, &http.Transport{DisableKeepAlives: true})
	deps := p.deps
	deps.ERPNext = erp
	deps.Bills = bill.New(erp, bill.Config{
		Company: "TARGO", IncomeAccount: "Ventes - T", TPSAccount: "TPS - T", TVQAccount: "TVQ - T", UOM: "Nos", DueDays: 30,
	}, func() erpnext.Date { return erpnext.DateOf(p.now()) })
	return activation.NewDesk(deps)
}

// named is the name of a document in the present case.
func (p *plant) named(name string) string {
	for _, series := range []string{"SUB-", "CTR-", "DJ-", "LOC-"} {
		if strings.HasPrefix(name, series) {
			return name + p.mark
		}
	}
	return name
}

// begin makes a place for one more case on the site.
func (p *plant) begin(mark int, at string) {
	p.t.Helper()
	p.clock(at)
	p.mark = fmt.Sprint("/", mark)
	p.put("Service Location", doc{"name": "LOC-1", "customer": "CUST-1", "address_line": "1 rue des Essais", "status": "Pending Install"})
}

func (p *plant) put(doctype string, values doc) string {
	p.t.Helper()
	for field, value := range values {
		if text, is := value.(string); is {
			values[field] = p.named(text)
		}
	}
	name, err := p.site.Put(doctype, values)
	if err != nil {
		p.t.Fatal(err)
	}
	return name
}

func (p *plant) read(doctype, name string, fields ...string) doc {
	p.t.Helper()
	all, err := p.site.Doc(doctype, p.named(name))
	if err != nil {
		p.t.Fatal(err)
	}
	out := doc{}
	for _, field := range fields {
		if v, there := all[field]; there {
			out[field] = v
		}
	}
	return out
}

func (p *plant) invoices() []doc {
	p.t.Helper()
	all, err := p.site.All("Sales Invoice", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// lines are the lines of the only invoice.
func (p *plant) lines() []string {
	p.t.Helper()
	all := p.invoices()
	if len(all) != 1 {
		p.t.Fatalf("%d invoices", len(all))
	}
	invoice, err := p.site.Doc("Sales Invoice", all[0]["name"].(string))
	if err != nil {
		p.t.Fatal(err)
	}
	var out []string
	for _, each := range invoice["items"].([]any) {
		row := each.(doc)
		out = append(out, strings.TrimSpace(row["description"].(string))+": "+decimal.NewFromFloat(row["qty"].(float64)).String()+" × "+
			decimal.NewFromFloat(row["rate"].(float64)).StringFixed(2))
	}
	return out
}

func with(base doc, changes ...doc) doc {
	for _, c := range changes {
		for k, v := range c {
			if v == nil {
				delete(base, k)
				continue
			}
			base[k] = v
		}
	}
	return base
}

func (p *plant) subscription(name string, changes ...doc) string {
	return p.put("Service Subscription", with(doc{"name": name, "customer": "CUST-1", "service_location": "LOC-1", "service_category": "Internet",
		"plan_name": "Fibre 500", "item": "FIBRE", "monthly_price": 39.95, "billing_cycle": "Monthly", "status": "En attente", "display_order": 10}, changes...))
}

func (p *plant) contract(name, subscription string, changes ...doc) string {
	return p.put("Service Contract", with(doc{"name": name, "customer": "CUST-1", "service_location": "LOC-1", "contract_type": "Résidentiel",
		"status": "Signé", "signed_at": "2026-01-02 10:00:00", "service_subscription": subscription, "duration_months": 24}, changes...))
}

// job is a finished one.
func (p *plant) job(name string, changes ...doc) *erpnext.DispatchJob {
	p.t.Helper()
	p.put("Dispatch Job", with(doc{"name": name, "subject": "Branchement", "customer": "CUST-1", "service_location": "LOC-1", "job_type": "Installation",
		"status": "Completed", "scheduled_date": "2026-04-23", "service_contract": "CTR-1"}, changes...))
	job, err := erpnext.Get[erpnext.DispatchJob](p.t.Context(), p.client(), "Dispatch Job", p.named(name))
	if err != nil {
		p.t.Fatal(err)
	}
	return job
}

func (p *plant) client() *erpnext.Client {
	p.t.Helper()
	erp, err := erpnext.New(erpnext.Config{URL: p.url, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		p.t.Fatal(err)
	}
	return erp
}

// usual is a signed contract with its subscription and its finished job.
func (p *plant) usual() *erpnext.DispatchJob {
	p.t.Helper()
	p.subscription("SUB-1")
	p.contract("CTR-1", "SUB-1")
	p.put("Service Subscription", doc{"name": "SUB-1", "service_contract": "CTR-1"})
	return p.job("DJ-1")
}

func (p *plant) activate(job *erpnext.DispatchJob) activation.Activation {
	p.t.Helper()
	out, err := p.desk.Activate(p.t.Context(), job)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *plant) events(name string) int {
	p.t.Helper()
	all, _, err := p.deps.News.(hubtest.News).Ring.Read(p.t.Context(), 0, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	n := 0
	for _, e := range all {
		if e.Name == name {
			n++
		}
	}
	return n
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
