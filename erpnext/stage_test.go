package erpnext

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// The stories can be told on a real site with the hub's fixtures and none of its
// documents; what they leave there is removed:
//
//	go test ./erpnext -run Stories -site http://127.0.0.1:8000 -token key:secret
var (
	siteURL   = flag.String("site", "", "address of a real site to tell the stories on")
	siteToken = flag.String("token", "", "key:secret of a user of that site who may do everything")
)

// All that stories lay out on a site is named so, or linked to it.
const (
	ours         = "Récit"
	ourCustomer  = ours + " Ann Roy"
	ourItem      = ours + " FIBRE-500"
	ourTerritory = ours + " Québec"
	tags         = 23
)

// handled is a site inside this process.
type handled struct{ http.Handler }

// RoundTrip serves a request. A handler that aborts is a connection that broke.
func (h handled) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil {
			resp, err = nil, errCut
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// stage is a site on which stories are told, one after the other.
type stage struct {
	*Client
	sim     *erpnextsim.Site // nil for a real site
	trouble *trouble
	wrote   []string // by the story that is told
	user    string   // who has the work on the list
	company string
}

// simulated is a stage on a simulator, with all that the hub needs on it.
func simulated(t *testing.T, profile erpnextsim.Profile) *stage {
	t.Helper()
	sim, err := erpnextsim.New(erpnextsim.Options{Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &stage{sim: sim, user: "hub@example.test", company: "TARGO"}
	s.enter(t, Config{URL: "http://erp.example.test", APIKey: "key0", APISecret: "secret0"}, handled{sim})
	if err := sim.AddUser(s.user, "key0", "secret0", "System Manager", "Sales Manager", "Sales User", "Support Team"); err != nil {
		t.Fatal(err)
	}
	return s
}

// real is a stage on a real site.
func real(t *testing.T) *stage {
	t.Helper()
	key, secret, _ := strings.Cut(*siteToken, ":")
	s := &stage{}
	s.enter(t, Config{URL: *siteURL, APIKey: config.Secret(key), APISecret: config.Secret(secret)}, http.DefaultTransport)
	companies, err := List[Doc](t.Context(), s.Client, Query{Doctype: "Company", Limit: 1})
	if err == nil {
		s.user, err = s.LoggedUser(t.Context())
	}
	if err != nil || len(companies) == 0 {
		t.Fatalf("a company on the site: %v, %v", companies, err)
	}
	s.company = companies[0].Name
	t.Cleanup(func() { s.sweep(t) })
	return s
}

func (s *stage) enter(t *testing.T, cfg Config, site http.RoundTripper) {
	t.Helper()
	s.trouble = &trouble{site: site}
	c, err := New(cfg, Deps{Transport: s.trouble, Wrote: func(doctype, name string) { s.wrote = append(s.wrote, doctype+" "+name) }})
	if err != nil {
		t.Fatal(err)
	}
	c.pace, c.rows = quick(), 5
	s.Client = c
}

// lay puts a document on the site; "docstatus" 1 submits it.
func (s *stage) lay(t *testing.T, doctype string, doc Values) string {
	t.Helper()
	if s.sim != nil {
		return lay(t, s.sim, doctype, doc)
	}
	made, err := Insert[Doc](t.Context(), s.Client, doctype, doc)
	if err != nil {
		t.Fatal(err)
	}
	return made.Name
}

// today is the day by the clock of the site.
func (s *stage) today(t *testing.T) string {
	t.Helper()
	zone, err := s.Zone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return time.Now().In(zone).Format(time.DateOnly)
}

// layOut puts on the site what all stories need.
func (s *stage) layOut(t *testing.T) {
	t.Helper()
	if s.sim != nil {
		s.lay(t, "Company", Values{"company_name": s.company, "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	}
	s.lay(t, "Customer", Values{"customer_name": ourCustomer, "customer_type": "Individual"})
	s.lay(t, "Item", Values{"item_code": ourItem, "item_name": "Fibre 500", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	for i := range tags {
		s.lay(t, "Dispatch Tag", Values{"label": fmt.Sprintf("%s %02d", ours, i)})
	}
}

// prop lays out the document that one telling of a story is about.
func (s *stage) prop(t *testing.T, story, key string) string {
	t.Helper()
	switch story {
	case "submit", "cancel", "amend":
		status := map[string]int{"submit": Draft, "cancel": Submitted, "amend": Submitted}[story]
		name := s.lay(t, "Quotation", s.offer(status))
		if story == "amend" {
			if err := s.Cancel(t.Context(), "Quotation", name); err != nil {
				t.Fatal(err)
			}
		}
		return name
	case "rename":
		return s.lay(t, "Customer", Values{"customer_name": "old " + key, "customer_type": "Individual"})
	case "create with Ensure", "insert many", "walk":
		return ""
	default:
		return s.lay(t, "Dispatch Job", Values{"subject": key, "scheduled_date": "2026-04-24"})
	}
}

func (s *stage) offer(status int) Values {
	return Values{
		"quotation_to": "Customer", "party_name": ourCustomer, "company": s.company, "currency": "CAD", "conversion_rate": 1,
		"plc_conversion_rate": 1, "selling_price_list": "Standard Selling", "price_list_currency": "CAD", "docstatus": status,
		"custom_signer_ip": "192.0.2.7", "items": []any{map[string]any{"item_code": ourItem, "item_name": "Fibre 500", "qty": 1,
			"rate": 39.95, "uom": "Nos", "conversion_factor": 1}},
	}
}

// sweep removes from a real site what the stories made there.
func (s *stage) sweep(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // which has ended with the test
	like := func(field string) Filter { return Where(field, "like", ours+"%") }
	for _, of := range []Query{
		{Doctype: "Comment", Filters: []Filter{Eq("reference_doctype", "Dispatch Job"), Where("content", "like", "%"+ours+"%")}},
		{Doctype: "Quotation", Filters: []Filter{Eq("party_name", ourCustomer)}, OrderBy: "creation desc"},
		{Doctype: "ToDo", Filters: []Filter{Eq("reference_type", "Dispatch Job")}},
		{Doctype: "Dispatch Job", OrderBy: "creation desc"}, {Doctype: "Dispatch Tag", Filters: []Filter{like("label")}},
		{Doctype: "Issue", Filters: []Filter{like("custom_hub_key")}}, {Doctype: "Item", Filters: []Filter{like("name")}},
		{Doctype: "Customer", Filters: []Filter{Where("name", "like", "%"+ours+"%")}},
		{Doctype: "Territory", Filters: []Filter{like("name")}, OrderBy: "lft desc"},
	} {
		docs, err := List[Doc](ctx, s.Client, of)
		if err != nil {
			t.Error(err)
		}
		for _, doc := range docs {
			if doc.DocStatus == Submitted {
				err = s.Cancel(ctx, of.Doctype, doc.Name)
			}
			if err == nil {
				err = s.Delete(ctx, of.Doctype, doc.Name)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}
