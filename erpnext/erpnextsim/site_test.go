package erpnextsim_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// Users of the test sites: key:secret.
const (
	hub     = "hubkey:hubsecret"       // System Manager
	seller  = "salekey:salesecret"     // Sales User
	admin   = "adminkey:adminsecret"   // Administrator
	visitor = "visitkey:visitsecret"   // a website user
	nobody  = ""                       // no Authorization header
	wrong   = "hubkey:not-the-secret"  // known key, wrong secret
	stray   = "unknownkey:whatsoever0" // unknown key
)

// fsm is doctypes that a product would bring along.
const fsm = `[
	{"doctype": "DocType", "name": "Lieu", "module": "FSM", "autoname": "LOC-.#####", "title_field": "label", "fields": [
		{"fieldname": "label", "label": "Label", "fieldtype": "Data", "reqd": 1},
		{"fieldname": "customer", "label": "Customer", "fieldtype": "Link", "options": "Customer"},
		{"fieldname": "customer_name", "label": "Customer Name", "fieldtype": "Data", "fetch_from": "customer.customer_name"},
		{"fieldname": "status", "label": "Status", "fieldtype": "Select", "options": "Actif\nRésilié"},
		{"fieldname": "serial", "label": "Serial", "fieldtype": "Data", "unique": 1},
		{"fieldname": "contract_no", "label": "Contract No", "fieldtype": "Data", "set_only_once": 1},
		{"fieldname": "port", "label": "Port", "fieldtype": "Int", "non_negative": 1},
		{"fieldname": "price", "label": "Price", "fieldtype": "Currency"},
		{"fieldname": "active", "label": "Active", "fieldtype": "Check", "default": "1"},
		{"fieldname": "since", "label": "Since", "fieldtype": "Date"},
		{"fieldname": "seen_at", "label": "Seen At", "fieldtype": "Datetime"},
		{"fieldname": "mail", "label": "Mail", "fieldtype": "Data", "options": "Email"},
		{"fieldname": "wifi", "label": "Wifi", "fieldtype": "Password"},
		{"fieldname": "setup", "label": "Setup", "fieldtype": "JSON"},
		{"fieldname": "secret_note", "label": "Secret Note", "fieldtype": "Data", "permlevel": 1},
		{"fieldname": "tags", "label": "Tags", "fieldtype": "Table", "options": "Lieu Tag"}
	], "permissions": [
		{"role": "System Manager", "read": 1, "write": 1, "create": 1, "delete": 1},
		{"role": "Sales User", "read": 1, "write": 1, "create": 1}
	]},
	{"doctype": "DocType", "name": "Lieu Tag", "module": "FSM", "istable": 1, "fields": [
		{"fieldname": "tag", "label": "Tag", "fieldtype": "Data", "reqd": 1},
		{"fieldname": "level", "label": "Level", "fieldtype": "Int"},
		{"fieldname": "remark", "label": "Remark", "fieldtype": "Data"}
	]},
	{"doctype": "DocType", "name": "Visite", "module": "FSM", "autoname": "naming_series:", "is_submittable": 1, "fields": [
		{"fieldname": "naming_series", "label": "Series", "fieldtype": "Select", "options": "VIS-.YYYY.-"},
		{"fieldname": "subject", "label": "Subject", "fieldtype": "Data", "reqd": 1},
		{"fieldname": "result", "label": "Result", "fieldtype": "Data", "allow_on_submit": 1},
		{"fieldname": "lieu", "label": "Lieu", "fieldtype": "Link", "options": "Lieu"},
		{"fieldname": "previous", "label": "Previous", "fieldtype": "Link", "options": "Visite"},
		{"fieldname": "amended_from", "label": "Amended From", "fieldtype": "Link", "options": "Visite"}
	]},
	{"doctype": "Custom Field", "dt": "Quotation", "fieldname": "custom_docuseal_envelope_id", "label": "Envelope",
		"fieldtype": "Data", "allow_on_submit": 1, "insert_after": "status"}
]`

// bench is a site with users and a client for it.
type bench struct {
	*testing.T
	site  *erpnextsim.Site
	ticks *atomic.Int64 // milliseconds since the start
}

// in is the bench inside of a subtest.
func (b *bench) in(t *testing.T) *bench { return &bench{T: t, site: b.site, ticks: b.ticks} }

// month lets a month pass on the site's clock.
func (b *bench) month() { b.ticks.Add(int64(31 * 24 * time.Hour / time.Millisecond)) }

// open makes a site whose clock starts on 10 March 2026, 09:00 in Montréal, and
// advances by a millisecond at each look.
func open(t *testing.T, opts erpnextsim.Options) *bench {
	t.Helper()
	image, err := founded()[opts.Profile][opts.Database]()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, ticks: &atomic.Int64{}}
	opts.Image, opts.Now = image, clock(opening, b.ticks)
	site, err := erpnextsim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	b.site = site
	return b
}

var opening = time.Date(2026, 3, 10, 13, 0, 0, 123456000, time.UTC)

func clock(start time.Time, ticks *atomic.Int64) func() time.Time {
	return func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
}

// founded is what the test sites begin as, by release and database; each is made
// when it is first needed.
var founded = sync.OnceValue(func() map[erpnextsim.Profile]map[erpnextsim.Database]func() (*erpnextsim.Image, error) {
	out := map[erpnextsim.Profile]map[erpnextsim.Database]func() (*erpnextsim.Image, error){}
	for _, release := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		out[release] = map[erpnextsim.Database]func() (*erpnextsim.Image, error){}
		for _, db := range []erpnextsim.Database{erpnextsim.MariaDB, erpnextsim.Postgres} {
			now := clock(opening.Add(-time.Hour), &atomic.Int64{})
			out[release][db] = sync.OnceValues(func() (*erpnextsim.Image, error) {
				return erpnextsim.Found(erpnextsim.Options{Profile: release, Database: db, Now: now}, settle)
			})
		}
	}
	return out
})

// settle lays out what all test sites have.
func settle(site *erpnextsim.Site) error {
	err := site.Import([]byte(fsm))
	for user, keys := range map[string]string{
		"hub@example.com System Manager": hub, "sale@example.com Sales User": seller, "Administrator ": admin, "visit@example.com ": visitor,
	} {
		name, role, _ := strings.Cut(user, " ")
		key, secret, _ := strings.Cut(keys, ":")
		var roles []string
		if role != "" {
			roles = append(roles, role)
		}
		err = errors.Join(err, site.AddUser(name, key, secret, roles...))
	}
	return err
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// put seeds a document and returns its name.
func (b *bench) put(doctype string, doc map[string]any) string {
	b.Helper()
	name, err := b.site.Put(doctype, doc)
	b.must(err)
	return name
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// as sends a request with a key pair. body is JSON text, or "" for none.
func (b *bench) as(keys, method, path, body string) answer {
	b.Helper()
	r := httptest.NewRequest(method, strings.ReplaceAll(path, " ", "%20"), strings.NewReader(body))
	if keys != "" {
		r.Header.Set("Authorization", "token "+keys)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	return b.send(r)
}

func (b *bench) send(r *http.Request) answer {
	b.Helper()
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			b.Errorf("%s %s: no JSON: %v", r.Method, r.URL, err)
		}
	}
	return a
}

// call is as the integration user; a status other than want is a failure.
func (b *bench) call(want int, method, path, body string) answer {
	b.Helper()
	a := b.as(hub, method, path, body)
	if a.status != want {
		b.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, want, a.text)
	}
	return a
}

// data is the document or list of an answer.
func (a answer) data() map[string]any {
	m, _ := a.body["data"].(map[string]any)
	return m
}

func (a answer) list() []any {
	l, _ := a.body["data"].([]any)
	return l
}

// messages decodes the twice encoded _server_messages.
func (a answer) messages(t *testing.T) []map[string]any {
	t.Helper()
	text, _ := a.body["_server_messages"].(string)
	if text == "" {
		return nil
	}
	var outer []string
	if err := json.Unmarshal([]byte(text), &outer); err != nil {
		t.Fatalf("_server_messages is no list of texts: %v", err)
	}
	var out []map[string]any
	for _, one := range outer {
		var m map[string]any
		if err := json.Unmarshal([]byte(one), &m); err != nil {
			t.Fatalf("message is no object: %v", err)
		}
		out = append(out, m)
	}
	return out
}

// query is a list address with encoded parameters: name, value, name, value.
func query(doctype string, params ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return "/api/resource/" + url.PathEscape(doctype) + "?" + q.Encode()
}
