package erpnextsim_test

import (
	"crypto/rand"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// The conformance table is testdata/conformance/*.yaml: requests with what Frappe
// answers to them, and why. Without flags it runs against the simulator, once for
// each release. To compare with a real site:
//
//	go test ./erpnext/erpnextsim -run Conformance -site https://erp.example.com -token key:secret
//
// The token should be Administrator's, who may delete everything. The table makes its own users,
// doctypes and documents, all named with a prefix of this run, and removes them.
var (
	siteURL   = flag.String("site", "", "address of a real site to run the conformance table against")
	siteToken = flag.String("token", "", "key:secret of Administrator on that site")
	siteIs    = flag.String("profile", "auto", "release of that site: v15, v16 or auto")
	siteHost  = flag.String("sitename", "", "name for X-Frappe-Site-Name, when the address does not tell it")
)

// target is what the table runs against.
type target struct {
	url, host, owner string // owner is key:secret
	release          string // v15, v15 late or v16
	erpnext          bool
	files            bool // public files are served
	now              func() time.Time
}

func TestConformance(t *testing.T) {
	t.Parallel()
	topics := readTable(t)
	if *siteURL != "" {
		run(t, realSite(t), topics)
		return
	}
	for _, release := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		t.Run(release.String(), func(t *testing.T) {
			t.Parallel()
			b := open(t, erpnextsim.Options{Profile: release})
			b.put("Company", map[string]any{"company_name": "Fibre d'Essai", "abbr": "FE", "default_currency": "CAD", "country": "Canada"})
			b.put("Global Defaults", map[string]any{"name": "Global Defaults", "default_company": "Fibre d'Essai", "default_currency": "CAD", "country": "Canada"})
			server := httptest.NewServer(b.site)
			t.Cleanup(server.Close)
			zone, err := time.LoadLocation("America/Toronto")
			b.must(err)
			run(t, target{
				url: server.URL, owner: admin, release: release.String(), erpnext: true, files: true,
				now: func() time.Time { return time.Date(2026, 3, 10, 9, 0, 0, 0, zone) },
			}, topics)
		})
	}
}

// TestTableIsWhole keeps the table from shrinking and its sentences from going missing.
func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	rows := 0
	for _, topic := range readTable(t) {
		for i, r := range topic.rows {
			rows++
			if len(r.Says) < 15 {
				t.Errorf("%s row %d says nothing", topic.name, i+1)
			}
			if r.Want == 0 && r.Finds == nil && (r.V15 == nil || r.V16 == nil) && r.Only == "" {
				t.Errorf("%s: %q expects nothing", topic.name, r.Says)
			}
		}
	}
	if rows < 400 {
		t.Errorf("%d rows, at least 400", rows)
	}
}

// topic is one file of the table.
type topic struct {
	name string
	rows []row
}

// readTable reads the table's files in the order of their names.
func readTable(t *testing.T) []topic {
	t.Helper()
	paths, err := filepath.Glob("testdata/conformance/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("finding the table: %v", err)
	}
	var topics []topic
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := topic{name: strings.TrimSuffix(filepath.Base(path), ".yaml")}
		if err := yaml.UnmarshalWithOptions(text, &found.rows, yaml.Strict()); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if n := strings.Count(string(text), "\n"); n > 350 {
			t.Errorf("%s has %d lines, at most 350", path, n)
		}
		topics = append(topics, found)
	}
	return topics
}

// realSite asks a site what it is.
func realSite(t *testing.T) target {
	t.Helper()
	s := target{url: strings.TrimSuffix(*siteURL, "/"), host: *siteHost, owner: *siteToken, release: *siteIs, now: time.Now}
	c := &conversation{T: t, site: s, vars: map[string]any{}}
	apps, _ := c.ask(row{Do: "GET /api/method/frappe.utils.change_log.get_versions"}).json.(map[string]any)
	message, ok := apps["message"].(map[string]any)
	if !ok {
		t.Fatalf("asking %s for its version: %v", s.url, apps)
	}
	_, s.erpnext = message["erpnext"]
	frappe, _ := message["frappe"].(map[string]any)
	major, rest, _ := strings.Cut(fmt.Sprint(frappe["version"]), ".")
	if s.release == "auto" {
		s.release = "v" + max(min(major, "16"), "15")
	}
	if minor, _, _ := strings.Cut(rest, "."); s.release == "v15" && len(minor) == 2 && minor >= "60" {
		s.release = "v15 late"
	}
	s.files = c.ask(row{Do: "GET /files/zc-nowhere.txt", As: "guest"}).status == http.StatusNotFound
	zone := c.ask(row{Do: "GET /api/method/frappe.client.get_single_value?doctype=System%20Settings&field=time_zone"}).at("message")
	if place, err := time.LoadLocation(fmt.Sprint(zone)); err == nil {
		s.now = func() time.Time { return time.Now().In(place) }
	}
	t.Logf("%s is Frappe %v, read as %s, with ERPNext: %v", s.url, frappe["version"], s.release, s.erpnext)
	return s
}

// run goes through the table in order: later rows use what earlier ones made.
func run(t *testing.T, s target, topics []topic) {
	t.Helper()
	prefix := "Zc" + strings.ToLower(rand.Text()[:5])
	today := s.now()
	day := func(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }
	c := &conversation{T: t, site: s, vars: map[string]any{
		"P": prefix, "p": strings.ToLower(prefix), "ownerkeys": s.owner, "year": today.Format("2006"),
		"many": strings.TrimSuffix(strings.Repeat(`{"doctype":"`+prefix+` Case","title":"x"},`, 201), ","),
		"big":  strings.Repeat("x", 26<<20), "today": day(0), "yesterday": day(-1), "tomorrow": day(1), "nextyear": day(366), "lastyear": day(-366),
	}}
	for _, kind := range []string{"Case", "Part", "Visit", "Named", "Title", "Field", "Format", "Count", "Plain", "Hidden"} {
		c.vars[kind] = prefix + " " + kind
	}
	t.Cleanup(c.clean)
	for _, topic := range topics {
		t.Run(topic.name, func(t *testing.T) {
			inner := *c
			inner.T = t
			for _, r := range topic.rows {
				inner.play(r)
			}
			c.made, c.vars = inner.made, inner.vars
		})
	}
}
