package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// newSite is a simulated ERPNext with the custom doctypes and the hub's user.
func newSite(t *testing.T, profile erpnextsim.Profile) *erpnextsim.Site {
	t.Helper()
	site, err := erpnextsim.New(erpnextsim.Options{Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := site.Import(devices(t)); err != nil {
		t.Fatal(err)
	}
	if err := site.AddUser("hub@example.test", "key0", "secret0", "System Manager", "Sales User", "Sales Manager", "Support Team"); err != nil {
		t.Fatal(err)
	}
	return site
}

// devices are the custom doctypes that these stories are about: to found the rest
// takes its time.
func devices(t *testing.T) []byte {
	t.Helper()
	raw, err := erpnext.Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	var all, some []map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, fixture := range all {
		if name := fixture["name"]; name == "Service Equipment" || name == "Equipment Move Log" {
			some = append(some, fixture)
		}
	}
	if raw, err = json.Marshal(some); err != nil || len(some) != 2 {
		t.Fatal(err, len(some))
	}
	return raw
}

func put(t *testing.T, site *erpnextsim.Site, doctype string, doc map[string]any) string {
	t.Helper()
	name, err := site.Put(doctype, doc)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// leaky shows the site's answers with every password as it would be shown by a
// site that keeps them as plain data.
func leaky(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		site.ServeHTTP(recorder, r)
		var body any
		if json.Unmarshal(recorder.Body.Bytes(), &body) == nil {
			leak(body)
			raw, _ := json.Marshal(body)
			recorder.Body.Reset()
			recorder.Body.WriteString(strings.ReplaceAll(string(raw), `"sip_password"`, `"sip\u005fpassword"`))
		}
		w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

func leak(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			leak(item)
		}
	case map[string]any:
		for _, item := range v {
			leak(item)
		}
		if _, ok := v["name"]; ok {
			v["wifi_password"], v["sip_password"] = "hunter2!", []any{"hunter2!"}
			v["radius_password"], v["login_password"] = map[string]any{"x": "hunter2!"}, "hunter2!"
		}
	}
}

// TestOnASite tells the stories against simulated sites of both versions.
func TestOnASite(t *testing.T) {
	t.Parallel()
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		site := newSite(t, profile)
		writeStory(t, site)
		uploadStory(t, site)
		secretsNeverPass(t, site)
	}
}

// secretsNeverPass asks for a device in every way there is.
func secretsNeverPass(t *testing.T, site *erpnextsim.Site) {
	t.Helper()
	name := put(t, site, "Service Equipment", map[string]any{
		"equipment_type": "ONT", "serial_number": "TEST00000001", "wifi_ssid": "Maison", "wifi_password": "hunter2!",
		"move_log": []any{map[string]any{"moved_on": "2026-01-02 03:04:05", "action": "install"}},
	})
	h := build(t, options{site: leaky(site)})
	all := q(`["*"]`)
	for _, test := range []struct{ method, target, body string }{
		{"GET", "/api/resource/Service%20Equipment/" + name, ""},
		{"GET", "/api/resource/Service%20Equipment?fields=" + all, ""},
		{"GET", "/api/v2/document/Service%20Equipment/" + name, ""},
		{"GET", "/api/v2/document/Service%20Equipment?fields=" + all, ""},
		{"GET", "/api/method/frappe.client.get?doctype=Service%20Equipment&name=" + name, ""},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Service Equipment","fields":["*"]}`},
		{"GET", "/api/method/frappe.client.get_value?doctype=Service%20Equipment&fieldname=name&filters=" + name, ""},
		{"PUT", "/api/resource/Service%20Equipment/" + name, `{"wifi_ssid":"Chalet","wifi_password":"hunter2!"}`},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Service Equipment","name":"` + name + `","fieldname":{"wifi_ssid":"Grange"}}`},
	} {
		got := h.ask(test.method, test.target, test.body)
		if got.status != 200 || !strings.Contains(got.body, name) || !json.Valid([]byte(got.body)) {
			t.Errorf("%s %s: %d %s", test.method, test.target, got.status, got.body)
		}
		if strings.Contains(got.body, "hunter2") || strings.Contains(got.body, "_password") {
			t.Errorf("%s %s shows a secret: %s", test.method, test.target, got.body)
		}
	}
}

// TestSecretsCannotBeGuessed tries to learn a secret without seeing it.
func TestSecretsCannotBeGuessed(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":[]}`)})
	for _, query := range []string{
		"fields=" + q(`["name","wifi_password"]`), "fields=" + q(`["WIFI_PASSWORD as x"]`), "fields=" + q("[\"`tabService Equipment`.`sip_password`\"]"),
		"fields=" + q(`["wifi\u005fpassword"]`), "fields=" + q(`["max(login_password) as m"]`), "fields=" + q(`[{"MAX":"login_password","as":"m"}]`),
		"filters=" + q(`{"wifi_password":["like","h%"]}`), "filters=" + q(`[["wifi_password","like","h%"]]`), "filters=" + q(`["wifi_password","like","h%"]`),
		"filters=" + q(`[["Service Equipment","radius_password","like","h%"]]`), "or_filters=" + q(`[["wifi_password","=","x"]]`),
		"filters=" + q(`[[["name","=","x"],"or",["wifi_password","like","h%"]]]`), "order_by=wifi_password", "order_by=" + q("name asc, `wifi_password` desc"),
		"group_by=login_password", "as_dict=false", "as_dict=0", "filters=" + q(`[["wifi_ssid","=","wifi_password"]]`),
	} {
		if got := h.ask("GET", "/api/resource/Service%20Equipment?"+query, ""); got.status != 403 || got.problem().Code != "field-forbidden" {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	for _, target := range []string{
		"/api/resource/Dispatch%20Job%20Equipment?parent=Dispatch%20Job&fields=" + q(`["equipment.wifi_password"]`),
		"/api/resource/Dispatch%20Job%20Equipment?parent=Dispatch%20Job&fields=" + q(`["equipment.*"]`),
		"/api/resource/Dispatch%20Job%20Equipment?parent=Dispatch%20Job&fields=" + q("[\"`tabService Equipment`.*\"]"),
		"/api/resource/Dispatch%20Job%20Equipment?parent=Dispatch%20Job&fields=" + q(`[{"equipment":["*"]}]`),
		"/api/method/frappe.client.validate_link_and_fetch?doctype=Service%20Equipment&docname=E&fields_to_fetch=" + q(`["wifi_password"]`),
		"/api/method/frappe.client.get_value?doctype=Service%20Equipment&fieldname=wifi_password",
		"/api/method/frappe.client.get_list?doctype=Service%20Equipment&as_dict=false",
		"/api/method/frappe.desk.reportview.get?doctype=Service%20Equipment&fields=" + q(`["*"]`),
		"/api/method/frappe.desk.search.search_link?doctype=Service%20Equipment&txt=h&searchfield=wifi_password",
		"/api/v2/doctype/Service%20Equipment/count?filters=" + q(`{"wifi_password":["like","h%"]}`),
	} {
		if got := h.ask("GET", target, ""); got.status != 403 {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
	if n := h.calls.Load(); n != 0 {
		t.Errorf("%d requests reached the site", n)
	}
}

// TestAnswersThatCannotBeFiltered are not passed at all.
func TestAnswersThatCannotBeFiltered(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(http.ResponseWriter){
		"no JSON": func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"data":{'wifi_password':"hunter2!"}}`) },
		"cut off": func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"data":{"wifi_password":"hunter2!"`) },
		"packed": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "hunter2!")
		},
		"another kind": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/pdf")
			_, _ = io.WriteString(w, "hunter2!")
		},
	} {
		h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			write(w)
		})})
		got := h.ask("GET", "/api/resource/Service%20Equipment/E", "")
		if got.status != 502 || strings.Contains(got.body, "hunter2") {
			t.Errorf("%s: %d %s %v", name, got.status, got.body, got.err)
		}
	}
}
