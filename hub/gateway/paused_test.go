package gateway_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/web"
)

// trick is one way to submit a draft.
type trick struct{ method, target, kind, body string }

const (
	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
)

// tricks are the ways to submit the draft of a doctype. %D is the doctype, %d the
// same in a path, %N the name.
func tricks() []trick {
	const one, save = "/api/resource/%d/%N", "/api/method/frappe.desk.form.save.savedocs"
	named := `{"doc":{"doctype":"%D","name":"%N"}}`
	all := []trick{
		{"PUT", "/api/v1/resource/%d/%N", asJSON, `{"docstatus":1}`}, {"PUT", "/api//resource/%d/%N", asJSON, `{"docstatus":1}`},
		{"PUT", one + "?docstatus=1", asJSON, ``}, {"PUT", one, "text/plain", `{"docstatus":1}`},
		{"PUT", one, asForm, `data=%7B%22docstatus%22%3A1%7D`}, {"PUT", one, asForm, `docstatus=1`}, {"PUT", one, asForm, `{"docstatus":1}`},
		{"PUT", one, asForm, `{"a":"&docstatus=1&b="}`}, {"PUT", one, asForm, `"&data=%7B%22docstatus%22:1%7D&x="`}, {"PUT", one, asForm, `[]]&docstatus=1`},
		{"PUT", one, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"docstatus\":1}\r\n--b--\r\n"},
		{"POST", one + "?run_method=submit", asJSON, ``}, {"POST", one, asJSON, `{"run_method":"submit"}`}, {"GET", one + "?run_method=submit", "", ``},
		{"POST", one + "?run_method=add_comment", asJSON, `{"run_method":"submit"}`}, {"POST", one, asForm, `run_method=submit`},
		{"POST", "/api/v2/document/%d/%N/method/submit", asJSON, `{}`}, {"POST", "/api/v2/document/%d/%N/method/submit/", asJSON, ``},
		{"GET", "/api/v2/document/%d/%N/method/submit", "", ``}, {"PUT", "/api/v2/document/%d/%N", asJSON, `{"docstatus":1}`},
		{"PATCH", "/api/v2/document/%d/%N", asJSON, `{"docstatus":1}`}, {"POST", "/api/v2/document/%d/bulk_update", asJSON, `{"docs":[{"name":"%N","docstatus":1}]}`},
		{"POST", "/api/v2/method/%d/submit", asJSON, `{"name":"%N"}`},
		{"POST", "/api/method/frappe.client.submit", asJSON, named}, {"POST", "/api/method/frappe.client.submit/", asJSON, named},
		{"POST", "/api/method%2Ffrappe.client.submit", asJSON, named}, {"POST", "/api/method/frappe%2Eclient.submit", asJSON, named},
		{"POST", "/api/method/frappe.client.submit", asForm, "doc=%U"}, {"POST", "/api//method/frappe.client.submit", asJSON, named},
		{"POST", "/api/resource/x/../../method/frappe.client.submit", asJSON, named}, {"POST", "/?cmd=frappe.client.submit", asJSON, named},
		{"POST", "/api/method/frappe.client.save", asJSON, `{"doc":{"doctype":"%D","name":"%N","docstatus":1}}`},
		{"POST", "/api/method/frappe.client.set_value", asJSON, `{"doctype":"%D","name":"%N","fieldname":"docstatus","value":1}`},
		{"POST", "/api/method/frappe.client.set_value", asJSON, `{"doctype":"%D","name":"%N","fieldname":"{\"docstatus\":1}"}`},
		{"POST", "/api/method/frappe.client.bulk_update", asJSON, `{"docs":"[{\"doctype\":\"%D\",\"docname\":\"%N\",\"docstatus\":1}]"}`},
		{"POST", "/api/method/run_doc_method", asJSON, `{"dt":"%D","dn":"%N","method":"submit"}`}, {"GET", "/api/method/run_doc_method?dt=%d&dn=%N&method=submit", "", ``},
		{"POST", "/api/method/frappe.model.workflow.apply_workflow", asJSON, `{"doc":{"doctype":"%D","name":"%N"},"action":"Approve"}`},
		{"POST", save, asJSON, `{"doc":"%T","action":"Submit"}`}, {"POST", save, asJSON, `{"doc":"%T","action":"Update"}`}, {"POST", save, asForm, "action=Update&doc=%U"},
		{"POST", "/api/method/frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs", asJSON, `{"doctype":"%D","docnames":["%N"]}`},
		{"POST", "/api/method/frappe.core.doctype.data_import.data_import.form_start_import", asJSON, `{"data_import":"I"}`},
	}
	for _, state := range []string{`1`, `"1"`, `1.0`, `true`, `" 1"`, `1e0`, `[1]`, `0,"docstatus":1`, `1,"docstatus":0`} {
		all = append(all, trick{"PUT", one, asJSON, `{"docstatus":` + state + `}`}, trick{"PUT", one + "/", asJSON, `{"doc\u0073tatus":` + state + `}`},
			trick{"PUT", one, asJSON, `{"data":` + quoted(`{"docstatus":`+state+`}`) + `}`})
	}
	return all
}

func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		return ""
	}
	return string(raw)
}

// of fills a trick in for a draft.
func (k trick) of(doctype string, draft map[string]any) trick {
	raw, _ := json.Marshal(draft)
	name, _ := draft["name"].(string)
	fill := strings.NewReplacer("%D", doctype, "%d", url.PathEscape(doctype), "%N", name, "%T", strings.Trim(quoted(string(raw)), `"`), "%U", url.QueryEscape(string(raw)))
	k.target, k.body = fill.Replace(k.target), fill.Replace(k.body)
	return k
}

// TestNoTrickSubmits: while billing is paused no draft is submitted, through a
// gateway that is wide open to the staff or past it, by the client alone.
func TestNoTrickSubmits(t *testing.T) {
	t.Parallel()
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		site := newSite(t, profile)
		drafts := unpaid(t, site)
		guard, err := charge.NewGuard(charge.Config{Paused: true}, charge.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		h, client := wide(t, site, guard)
		before := state(t, site)
		for doctype, draft := range drafts {
			for _, k := range tricks() {
				k = k.of(doctype, draft)
				if got := h.ask(k.method, k.target, k.body, "Content-Type: "+k.kind); got.status < 400 && k.method != http.MethodGet {
					t.Errorf("%v through the gateway: %d %s", k, got.status, got.body)
				}
				if got := h.ask("POST", k.target, string(packed(t, k.body)), "Content-Type: "+k.kind, "Content-Encoding: gzip"); got.status < 400 {
					t.Errorf("%v, packed, through the gateway: %d %s", k, got.status, got.body)
				}
				for _, body := range [][]byte{[]byte(k.body), packed(t, k.body)} {
					past(t, client, k, body)
				}
			}
		}
		if diff := cmp.Diff(before, state(t, site)); diff != "" {
			t.Errorf("%v (-before +after):\n%s", profile, diff)
		}
		h, _ = wide(t, site, charge.Open{})
		for doctype, draft := range drafts { // the counters see it, once nothing is paused
			k := trick{"PUT", "/api/resource/%d/%N", asJSON, `{"docstatus":1}`}.of(doctype, draft)
			if got := h.ask(k.method, k.target, k.body); got.status != http.StatusOK || cmp.Equal(before, state(t, site)) {
				t.Errorf("%s is not counted: %d %s", doctype, got.status, got.body)
			}
		}
	}
}

// past sends a trick by the client alone; what the guard lets by must do nothing.
func past(t *testing.T, client *erpnext.Client, k trick, body []byte) {
	t.Helper()
	header := http.Header{"Content-Type": {k.kind}}
	if len(body) > 2 && body[0] == 0x1f {
		header.Set("Content-Encoding", "gzip")
	}
	resp, err := client.Forward(t.Context(), erpnext.Pass{Method: k.method, Target: k.target, Header: header, Body: bytes.NewReader(body), Length: -1})
	if err == nil {
		_ = resp.Body.Close()
		t.Errorf("%v was passed on: %d", k, resp.StatusCode)
	}
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	if text == "" {
		return nil
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wide is a gateway without anything that is shut by a list, but for what no list opens.
func wide(t *testing.T, site http.Handler, guard erpnext.Guard) (*house, *erpnext.Client) {
	t.Helper()
	client, err := erpnext.New(erpnext.Config{URL: newServer(t, site), APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, book: &book{}}
	if h.gate, err = gateway.New(gateway.Config{
		Doctypes: []string{"defaults", "Sales Invoice:all", "Payment Entry:all", "Payment Request:all", "Subscription:all"},
		Methods:  []string{"defaults", "erpnext.accounts.*", "doc:submit", "doc:cancel_subscription", "doc:set_as_paid", "doc:request_phone_payment"},
	}, gateway.Deps{Site: client, Trail: h.book}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.gate.Close)
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: door{}})
	if err != nil {
		t.Fatal(err)
	}
	h.gate.Mount(server.Router())
	h.hub = httptest.NewServer(server.Handler())
	t.Cleanup(h.hub.Close)
	return h, client
}

// unpaid puts a draft of each kind that could be submitted.
func unpaid(t *testing.T, site *erpnextsim.Site) map[string]map[string]any {
	t.Helper()
	put(t, site, "Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	put(t, site, "Global Defaults", map[string]any{"default_company": "TARGO", "default_currency": "CAD", "disable_rounded_total": 1})
	put(t, site, "Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre", "item_group": "Services", "stock_uom": "Nos"})
	put(t, site, "Customer", map[string]any{"customer_name": "Zoé", "customer_type": "Individual", "territory": "Canada"})
	names := map[string]string{
		"Sales Invoice": put(t, site, "Sales Invoice", map[string]any{
			"customer": "Zoé", "items": []any{map[string]any{"item_code": "FIBRE", "qty": 1, "rate": 10, "income_account": "Ventes - T"}},
		}),
		"Payment Entry": put(t, site, "Payment Entry", map[string]any{
			"payment_type": "Receive", "party_type": "Customer", "party": "Zoé", "paid_amount": 10, "received_amount": 10, "reference_no": "x", "reference_date": "2026-01-02",
		}),
	}
	drafts := map[string]map[string]any{}
	for doctype, name := range names {
		doc, err := site.Doc(doctype, name)
		if err != nil {
			t.Fatal(err)
		}
		drafts[doctype] = doc
	}
	return drafts
}

// state is what the simulator counts.
func state(t *testing.T, site http.Handler) (out struct {
	State struct{ Submitted, Documents map[string]any }
}) {
	t.Helper()
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/_sim/state", nil))
	if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	delete(out.State.Documents, "Access Log")
	return out
}
