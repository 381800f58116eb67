// Package erpnexttest is what the tests of features share of ERPNext: sites that
// begin with the hub's own doctypes and its key, a server before them, and a
// client. It exists for tests only, and remembers nothing.
package erpnexttest

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// Image gives what sites begin as. It is never changed.
type Image = func() (*erpnextsim.Image, error)

// Founded is what sites begin as, by release: the hub's doctypes, its user, and
// what fill lays out. Each is made once, when it is first asked for; now may be nil
// for the clock on the wall.
func Founded(now func() time.Time, fill func(*Founding)) map[erpnextsim.Profile]Image {
	all := map[erpnextsim.Profile]Image{}
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		all[profile] = sync.OnceValues(func() (*erpnextsim.Image, error) {
			return found(erpnextsim.Options{Profile: profile, Now: now}, fill)
		})
	}
	return all
}

func found(opts erpnextsim.Options, fill func(*Founding)) (*erpnextsim.Image, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	return erpnextsim.Found(opts, func(site *erpnextsim.Site) error {
		f := &Founding{Site: site}
		f.Check(site.Import(raw))
		f.Check(site.AddUser("hub@example.test", "key0", "secret0", "System Manager"))
		fill(f)
		return errors.Join(f.faults...)
	})
}

// Founding is a site that is being laid out; what fails is told at the end.
type Founding struct {
	*erpnextsim.Site
	faults []error
}

// Put stores a document.
func (f *Founding) Put(doctype string, doc map[string]any) {
	_, err := f.Site.Put(doctype, doc)
	f.Check(err)
}

// Check notes a failure, if it is one.
func (f *Founding) Check(err error) { f.faults = append(f.faults, err) }

// Company stores TARGO, with an account for each of its taxes.
func (f *Founding) Company() {
	f.Put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	for _, tax := range []string{"TPS", "TVQ"} {
		f.Put("Account", map[string]any{"account_name": tax, "parent_account": "Passif - T", "root_type": "Liability", "account_type": "Tax", "company": "TARGO"})
	}
}

// Site opens a site that begins as an image, and closes it when the test ends.
func Site(t testing.TB, image Image, now func() time.Time) *erpnextsim.Site {
	t.Helper()
	begin, err := image()
	if err != nil {
		t.Fatal(err)
	}
	site, err := erpnextsim.New(erpnextsim.Options{Image: begin, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Errorf("closing the site: %v", err)
		}
	})
	return site
}

// Serve gives the URL at which a site, or what stands before it, answers until the
// test ends.
func Serve(t testing.TB, site http.Handler) string {
	t.Helper()
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	return server.URL
}

// Client is a hub's own way to the site at a URL; wire may be nil for that of the
// hub.
func Client(t testing.TB, url string, wire http.RoundTripper) *erpnext.Client {
	t.Helper()
	c, err := erpnext.New(erpnext.Config{URL: url, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{Transport: wire})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Put stores a document whose members the later of docs set over the earlier, and
// gives its name.
func Put(t testing.TB, site *erpnextsim.Site, doctype string, docs ...map[string]any) string {
	t.Helper()
	whole := map[string]any{}
	for _, doc := range docs {
		maps.Copy(whole, doc)
	}
	name, err := site.Put(doctype, whole)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// Get reads a document.
func Get[T any](t testing.TB, erp *erpnext.Client, doctype, name string) *T {
	t.Helper()
	doc, err := erpnext.Get[T](t.Context(), erp, doctype, name)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
