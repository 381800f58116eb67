package erpnextsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// cpu reports what f costs in processor time, which the load of the machine does
// not change.
func cpu(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for b.Loop() {
		f()
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	spent := after.Utime.Nano() - before.Utime.Nano() + after.Stime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(spent)/1e3/float64(b.N), "cpu-us/op")
}

// provided is a site with all that the hub needs.
func provided(b *testing.B) *erpnextsim.Site {
	b.Helper()
	site, err := erpnextsim.New(erpnextsim.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = site.Close() })
	fixtures, err := erpnext.Fixtures()
	if err != nil {
		b.Fatal(err)
	}
	if err := site.Import(fixtures); err != nil {
		b.Fatal(err)
	}
	if err := site.AddUser("hub@example.com", "benchkey", "benchsecret", "System Manager", "Sales Manager", "Support Team"); err != nil {
		b.Fatal(err)
	}
	return site
}

func BenchmarkFound(b *testing.B) {
	fixtures, err := erpnext.Fixtures()
	if err != nil {
		b.Fatal(err)
	}
	cpu(b, func() {
		site, err := erpnextsim.New(erpnextsim.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := site.Import(fixtures); err != nil {
			b.Fatal(err)
		}
		_ = site.Close()
	})
}

func BenchmarkRequest(b *testing.B) {
	site := provided(b)
	ask := func(b *testing.B, method, path, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "token benchkey:benchsecret")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	name := func(b *testing.B, doctype, doc string) string {
		var made struct{ Data struct{ Name string } }
		if err := json.Unmarshal([]byte(ask(b, "POST", "/api/resource/"+doctype, doc)), &made); err != nil {
			b.Fatal(err)
		}
		return made.Data.Name
	}
	customer := name(b, "Customer", `{"customer_name":"Ann","customer_type":"Individual"}`)
	issue := name(b, "Issue", `{"subject":"Panne","customer":"`+customer+`"}`)
	for i := range 60 {
		name(b, "Dispatch%20Job", fmt.Sprintf(`{"subject":"Job %d","scheduled_date":"2026-04-24"}`, i))
	}
	n := 0
	for _, c := range []struct{ name, method, path, body string }{
		{"Get", "GET", "/api/resource/Issue/" + issue, ""},
		{"GetCustomer", "GET", "/api/resource/Customer/" + customer, ""},
		{"List", "GET", `/api/resource/Dispatch%20Job?fields=["name","subject","status","scheduled_date"]&filters=[["status","=","Open"]]&order_by=modified+desc&limit_page_length=50`, ""},
		{"Post", "POST", "/api/resource/Issue", `{"subject":"Panne %d"}`},
		{"PostJob", "POST", "/api/resource/Dispatch%20Job", `{"subject":"Job n %d","scheduled_date":"2026-04-24"}`},
		{"Put", "PUT", "/api/resource/Issue/" + issue, `{"subject":"Panne %d"}`},
		{"RunDocMethod", "POST", "/api/method/run_doc_method", `{"dt":"Issue","dn":"` + issue + `","method":"add_comment","args":{"text":"a"}}`},
		{"SetValue", "POST", "/api/method/frappe.client.set_value", `{"doctype":"Issue","name":"` + issue + `","fieldname":"subject","value":"Q %d"}`},
		{"Ping", "GET", "/api/method/ping", ""},
		{"LoggedUser", "GET", "/api/method/frappe.auth.get_logged_user", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			cpu(b, func() {
				body := c.body
				if strings.Contains(body, "%d") {
					n++
					body = fmt.Sprintf(body, n)
				}
				ask(b, c.method, c.path, body)
			})
		})
	}
}

// BenchmarkBegin begins a site from an image, and asks it one thing.
func BenchmarkBegin(b *testing.B) {
	fixtures, err := erpnext.Fixtures()
	if err != nil {
		b.Fatal(err)
	}
	image, err := erpnextsim.Found(erpnextsim.Options{}, func(s *erpnextsim.Site) error { return s.Import(fixtures) })
	if err != nil {
		b.Fatal(err)
	}
	cpu(b, func() {
		site, err := erpnextsim.New(erpnextsim.Options{Image: image})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := site.Doc("DocType", "Dispatch Job"); err != nil {
			b.Fatal(err)
		}
		_ = site.Close()
	})
}
