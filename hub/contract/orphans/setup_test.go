package orphans_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

// The days of the tests.
var (
	imported = time.Date(2026, 3, 29, 22, 0, 0, 0, hub.Local()) // the legacy import
	founding = time.Date(2026, 5, 1, 9, 0, 0, 0, hub.Local())   // when what is there was written
	now      = time.Date(2026, 5, 20, 10, 0, 0, 0, hub.Local())
)

// worlds are what the sites begin as, by release: a company and many healthy
// stories. They are never changed.
var worlds = map[erpnextsim.Profile]func() (*erpnextsim.Image, error){
	erpnextsim.V15: sync.OnceValues(func() (*erpnextsim.Image, error) { return world(erpnextsim.V15) }),
	erpnextsim.V16: sync.OnceValues(func() (*erpnextsim.Image, error) { return world(erpnextsim.V16) }),
}

func world(profile erpnextsim.Profile) (*erpnextsim.Image, error) {
	raw, err := fixtures()
	if err != nil {
		return nil, err
	}
	clock := imported
	return erpnextsim.Found(erpnextsim.Options{Profile: profile, Now: func() time.Time { return clock }}, func(site *erpnextsim.Site) error {
		err := errors.Join(site.Import(raw), site.AddUser("hub@example.test", "key0", "secret0", "System Manager"))
		put := func(doctype string, doc map[string]any) {
			_, failed := site.Put(doctype, doc)
			err = errors.Join(err, failed)
		}
		put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
		for _, tax := range []string{"TPS", "TVQ"} {
			put("Account", map[string]any{"account_name": tax, "parent_account": "Passif - T", "root_type": "Liability", "account_type": "Tax", "company": "TARGO"})
		}
		put("Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
		put("Customer", map[string]any{"name": "CUST-QTN", "customer_name": "Cliente", "customer_type": "Individual"})
		put("Quotation", map[string]any{"name": "SAL-QTN-2026-00001", "quotation_to": "Customer", "party_name": "CUST-QTN", "company": "TARGO",
			"items": []any{map[string]any{"item_code": "FIBRE", "qty": 1, "rate": 39.95, "custom_billing_frequency": "Monthly"}}})
		if err != nil {
			return err
		}
		if err := lay(site, legacy()...); err != nil {
			return err
		}
		clock = founding
		return lay(site, healthy()...)
	})
}

// fixtures are those of the hub, but that a job may lack its date, as on a site
// that was there before the hub.
func fixtures() ([]byte, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	var docs []map[string]any
	if err := json.Unmarshal(raw, &docs); err != nil {
		return nil, err
	}
	for _, doc := range docs {
		fields, _ := doc["fields"].([]any)
		for _, f := range fields {
			if field, ok := f.(map[string]any); ok && doc["name"] == "Dispatch Job" && field["fieldname"] == "scheduled_date" {
				delete(field, "reqd")
				delete(field, "default")
			}
		}
	}
	return json.Marshal(docs)
}

// lay stores documents as they are, links unchecked; invoices as ERPNext makes
// them.
func lay(site *erpnextsim.Site, docs ...doc) error {
	plain, invoices := []doc{}, []doc{}
	for _, d := range docs {
		if d["doctype"] == "Sales Invoice" {
			invoices = append(invoices, d)
			continue
		}
		plain = append(plain, d)
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	if err := site.Import(raw); err != nil {
		return err
	}
	for _, d := range invoices {
		if _, err := site.Put("Sales Invoice", d); err != nil {
			return err
		}
	}
	return nil
}

// plant is a site with a hub beside it.
type plant struct {
	site  *erpnextsim.Site
	erp   *erpnext.Client
	store *sqlite.Engine
	desk  *orphans.Desk
	hub   *httptest.Server
	calls atomic.Int32
	clock atomic.Pointer[time.Time]                                         // of the site
	fault atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool] // true when it has answered
}

// open lays the documents into the site on the day before, and starts the hub.
func open(t *testing.T, profile erpnextsim.Profile, docs ...doc) *plant {
	t.Helper()
	image, err := worlds[profile]()
	if err != nil {
		t.Fatal(err)
	}
	p := &plant{store: hubtest.Store(t)}
	before := now.Add(-24 * time.Hour)
	p.clock.Store(&before)
	p.site, err = erpnextsim.New(erpnextsim.Options{Image: image, Now: func() time.Time { return *p.clock.Load() }})
	if err != nil {
		t.Fatal(err)
	}
	if err := lay(p.site, docs...); err != nil {
		t.Fatal(err)
	}
	today := now
	p.clock.Store(&today)
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		if fault := p.fault.Load(); fault != nil && (*fault)(w, r) {
			return
		}
		p.site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		outside.Close()
		if err := p.site.Close(); err != nil {
			t.Error(err)
		}
	})
	p.erp, err = erpnext.New(erpnext.Config{URL: outside.URL, APIKey: "key0", APISecret: "secret0"},
		erpnext.Deps{Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	p.desk = p.another(orphans.Config{CutOff: "2026-03-29", Most: 500})
	return p
}
