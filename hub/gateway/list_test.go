package gateway_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/gateway"
)

// TestTheList is what is open by default and what is not. Refused requests never
// reach the site.
func TestTheList(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":[]}`), paused: true})
	h.tries(slices.Concat(openByDefault(), closedDoctypes(), closedMethods(), closedFields(), unreadable(), money()))
}

// row is a request and what becomes of it.
type row struct {
	method, target, body string
	status               int
	code                 string
}

// become gives requests ("METHOD target body") that all end alike.
func become(status int, code string, requests ...string) []row {
	rows := make([]row, len(requests))
	for i, request := range requests {
		method, rest, _ := strings.Cut(request, " ")
		target, body, _ := strings.Cut(rest, " ")
		rows[i] = row{method, target, body, status, code}
	}
	return rows
}

// tries makes the requests: each ends as it should, and what is refused never
// reaches the site.
func (h *house) tries(rows []row, headers ...string) {
	h.t.Helper()
	for _, test := range rows {
		before := h.calls.Load()
		got := h.ask(test.method, strings.ReplaceAll(test.target, " ", "%20"), test.body, headers...)
		if got.status != test.status || got.problem().Code != test.code {
			h.t.Errorf("%s %.140s %.120s: %d %s %v", test.method, test.target, test.body, got.status, got.body, got.err)
		}
		if reached := h.calls.Load() > before; reached != (test.status == 200) {
			h.t.Errorf("%s %.140s reached the site: %v", test.method, test.target, reached)
		}
	}
}

func q(text string) string { return url.QueryEscape(text) }

// openByDefault: what the ops app does all day.
func openByDefault() []row {
	return become(200, "",
		"GET /api/resource/Customer",
		"GET /api/resource/Service%20Location?fields="+q(`["name","customer.customer_name"]`),
		"GET /api/resource/Sales%20Invoice?filters="+q(`[["Sales Invoice Item","item_code","=","x"]]`),
		"GET /api/resource/Quotation?fields="+q("[\"items.item_code\",\"`tabQuotation`.`name`\",\"count(name) as n\"]")+"&order_by="+q("`tabQuotation`.modified desc, name asc"),
		"GET /api/resource/Issue?filters="+q(`{"status":["in",["Open"]],"subject":["like","%a.b`+"`"+`%"]}`)+"&or_filters="+q(`[["status","=","Open"]]`),
		"GET /api/resource/Dispatch%20Job%20Photo?parent=Dispatch%20Job",
		`PUT /api/resource/Customer/A {"customer_name":"B"}`,
		`POST /api/resource/Issue {"subject":"B","docstatus":0}`,
		`POST /api/method/frappe.client.get_list {"doctype":"Item","fields":["name"],"filters":{"disabled":0}}`,
		"GET /api/method/frappe.auth.get_logged_user",
		"GET /api/method/ping",
		"GET /api/v2/document/Item?limit=5",
		"GET /api/v2/doctype/Item/count?filters="+q(`{"disabled":0}`),
		`POST /api/resource/Quotation/Q-1 {"run_method":"add_comment","text":"x"}`,
		"POST /api/resource/Quotation/Q-1?run_method=submit",
		`POST /api/method/frappe.client.set_value {"doctype":"Issue","name":"I","fieldname":{"status":"Open"}}`,
		`POST /api/method/frappe.client.insert {"doc":{"doctype":"ToDo","description":"x"}}`,
	)
}

// closedDoctypes: doctypes, and what may be done with them.
func closedDoctypes() []row {
	return slices.Concat(
		become(403, "doctype-forbidden",
			"GET /api/resource/User",
			"GET /api/resource/User/ann",
			"GET /api/resource/System%20Settings/System%20Settings",
			"GET /api/resource/customer",
			"GET /api/resource/Nonsense",
			"GET /api/resource/%55ser",
			"DELETE /api/resource/Customer/A",
			`PUT /api/resource/Sales%20Invoice/S {"remarks":"x"}`,
			`POST /api/resource/Item {"item_code":"x"}`,
			`POST /api/resource/Customer {"docstatus":1}`,
			`PUT /api/resource/Customer/A {"docst\u0061tus":"1"}`,
			`PUT /api/resource/Customer/A {"data":"{\"docstatus\":1}"}`,
			"PUT /api/resource/Customer/A?data="+q(`{"docstatus":1}`),
			"GET /api/v2/document/User",
			"GET /api/v2/doctype/User/meta",
			`POST /api/v2/document/Customer/bulk_delete {"names":["A"]}`,
			"GET /api/resource/Dispatch%20Job%20Photo?parent=User",
			`POST /api/method/frappe.client.get_list {"doctype":"User"}`,
			`POST /api/method/frappe.client.get_list {"doctype":["User"]}`,
			"GET /api/method/frappe.client.get_list?doctype=Item&parent=User",
			`POST /api/method/frappe.client.insert {"doc":"{\"doctype\":\"User\"}"}`,
			`POST /api/method/frappe.client.insert {"doc":{"first_name":"x"}}`,
			`POST /api/method/frappe.client.set_value {"doctype":"Issue","name":"I","fieldname":"{\"docst\\u0061tus\":1}"}`,
		),
		become(400, "malformed",
			`POST /api/method/frappe.client.get_list?doctype=User {"doctype":"Item"}`,
			"GET /api/method/frappe.client.get_value?doctype=Item&doctype=User&fieldname=name",
		),
		become(200, "", "GET /api/method/frappe.client.get_value?doctype=Item&doctype=Item&fieldname=name"),
		become(422, "invalid", "GET /api/method/frappe.client.get_list"),
	)
}

// closedMethods: methods, by whatever way they are named.
func closedMethods() []row {
	return slices.Concat(
		become(403, "call-forbidden",
			`POST /api/method/login {"usr":"a","pwd":"b"}`,
			`POST /api/method/frappe.client.get_password {}`,
			`POST /api/method/run_doc_method {}`,
			`POST /api/v2/method/run_doc_method {}`,
			`POST /api/v2/method/logout {}`,
			"GET /api/method/frappe.desk.query_report.run",
			"GET /api/method/frappe.client.get_lis",
			"GET /api/resource/Issue?cmd=frappe.client.delete",
			"GET /api/resource/Issue?c%6Dd=login",
			"GET /api/resource/Issue?sid=abc",
			`POST /api/resource/Issue {"csrf_token":"x"}`,
			`POST /api/resource/Issue {"\u0063md":"login"}`,
			"POST /api/resource/Issue/I?run_method=rename",
			`POST /api/resource/Issue/I {"run_method":"delete"}`,
			`POST /api/resource/Issue/I {"run_method":["submit"]}`,
			"GET /api/resource/Issue/I?run_method=delete",
			"GET /api/resource/Issue?run_method=submit",
			`POST /api/v2/document/Issue/I/method/delete {}`,
			"GET /api/method/frappe.desk.search.search_link?doctype=Item&txt=&query=frappe.core.doctype.user.user.x",
		),
		become(405, "method-not-allowed", "GET /api/method/frappe.client.set_value?doctype=Issue&name=x&fieldname=a&value=b"),
	)
}

// closedFields: fields of other doctypes, and injections.
func closedFields() []row {
	return slices.Concat(
		become(403, "field-forbidden",
			"GET /api/resource/Dispatch%20Technician?fields="+q(`["user.api_key"]`),
			"GET /api/resource/Issue?fields="+q("[\"`tabUser`.`name`\"]"),
			"GET /api/resource/Issue?fields="+q(`["tabUser.name"]`),
			"GET /api/resource/Issue?filters="+q(`{"owner.api_key":["like","a%"]}`),
			"GET /api/resource/Issue?order_by="+q("(select api_key from tabUser) asc"),
			"GET /api/resource/Issue?order_by="+q("name; drop table tabUser"),
			"GET /api/resource/Issue?group_by="+q("sleep(5)"),
			"GET /api/resource/Issue?fields="+q(`["name -- x"]`),
			"GET /api/resource/Dispatch%20Technician?fields="+q(`[{"user":["api_key"]}]`),
			"GET /api/resource/Issue?expand="+q(`["owner"]`),
			"GET /api/resource/Issue/I?expand_links=1",
			"GET /api/resource/Issue?debug=1",
		),
		become(403, "doctype-forbidden", "GET /api/resource/Issue?filters="+q(`[["User","api_key","like","a%"]]`)),
	)
}

// unreadable: what cannot be read, or not in one way only.
func unreadable() []row {
	return slices.Concat(
		become(400, "malformed",
			"GET /api/resource/Issue?fields=name",
			"GET /api/resource/Issue?filters="+q(`[["a"`),
			"GET /api/resource/Issue?filters=%zz",
			"GET /api/resource/Issue?filters=%ff",
			"GET /api/resource/Issue?x="+strings.Repeat("y", 9000),
			"GET /api/resource/Issue/..%2f..%2fmethod%2flogin",
			"GET /api/resource/%2e%2e/method/login",
			"GET /api/resource//Issue",
			"GET /api/resource/Issue%2FX",
			"GET /api/resource/Issue/a%5cb",
			"GET /api/resource/Issue/a%00",
			"GET /api/resource/Issue/%c0%ae%c0%ae",
			"GET /api/method/ping/x",
			`POST /api/resource/Issue {"subject":`,
			`POST /api/resource/Issue [1]`,
			`POST /api/resource/Issue/I?run_method=add_comment {"text":"x"}`,
		),
		become(413, "body-too-large",
			`GET /api/resource/Issue {"filters":{}}`,
			`POST /api/resource/Issue {"x":"`+strings.Repeat("y", 1<<20)+`"}`,
		),
		become(405, "method-not-allowed",
			`PUT /api/resource/Issue {}`,
			`POST /api/resource/Issue/I {}`,
			`PATCH /api/resource/Issue/I {}`,
		),
	)
}

// money: what would make people pay.
func money() []row {
	return slices.Concat(
		become(403, "doctype-forbidden", `PUT /api/resource/Sales%20Invoice/S {"docstatus":1}`),
		become(403, "billing-paused", `POST /api/method/frappe.core.doctype.communication.email.make {"doctype":"Issue","name":"I","send_email":1}`),
		become(200, "", `POST /api/method/frappe.core.doctype.communication.email.make {"doctype":"Issue","name":"I","send_email":"0"}`),
	)
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`)})
	for _, test := range []struct {
		kind, body string
		status     int
	}{
		{"application/json; charset=utf-8", `{"subject":"x"}`, 200}, {"application/x-www-form-urlencoded", "data=%7B%22subject%22%3A1%7D", 200},
		{"application/x-www-form-urlencoded", `{"docstatus":1}`, 415}, {"text/plain", `{}`, 415}, {"application/json; charset=utf-16", `{}`, 415},
		{"multipart/form-data; boundary=x", "--x--", 415}, {"application/x-www-form-urlencoded", "data=%7B%22docstatus%22%3A1%7D", 403},
	} {
		if got := h.ask("POST", "/api/resource/Issue", test.body, "Content-Type: "+test.kind); got.status != test.status {
			t.Errorf("%s: %d %s", test.kind, got.status, got.body)
		}
	}
}

// TestSettings opens and closes by role and scope.
func TestSettings(t *testing.T) {
	t.Parallel()
	h := build(t, options{paused: true, site: says(`{"data":{}}`), cfg: gateway.Config{
		Doctypes: []string{"defaults", "billing/Sales Invoice:all", "billing/Payment Entry:read+submit", "service/Customer:none", "staff/Vehicle:read", "Communication:none"},
		Methods:  []string{"defaults", "billing/gigafibre.api.*", "erpnext.accounts.doctype.payment_request.payment_request.make_payment_request"},
	}})
	const staff, machine, billing = "X-Test-Role: staff", "X-Test-Role: service", "X-Test-Role: service:billing"
	for _, test := range []struct {
		who, method, target, body string
		status                    int
		code                      string
	}{
		{staff, "GET", "/api/resource/Vehicle", "", 200, ""}, {machine, "GET", "/api/resource/Vehicle", "", 403, "doctype-forbidden"},
		{staff, "GET", "/api/resource/Communication", "", 403, "doctype-forbidden"},
		{billing, "GET", "/api/method/gigafibre.api.invoices", "", 200, ""}, {machine, "GET", "/api/method/gigafibre.api.invoices", "", 403, "call-forbidden"},
		{billing, "PUT", "/api/resource/Sales%20Invoice/S", `{"remarks":"x"}`, 200, ""}, {machine, "PUT", "/api/resource/Sales%20Invoice/S", `{"remarks":"x"}`, 403, "doctype-forbidden"},
		{billing, "PUT", "/api/resource/Sales%20Invoice/S", `{"docstatus":1}`, 403, "billing-paused"},
		{billing, "PUT", "/api/resource/Sales%20Invoice/S", `{"docstatus":"1.0"}`, 403, "billing-paused"},
		{billing, "PUT", "/api/resource/Sales%20Invoice/S", `{"docstatus":2}`, 200, ""},
		{billing, "POST", "/api/resource/Sales%20Invoice/S?run_method=submit", ``, 403, "billing-paused"},
		{billing, "POST", "/api/v2/document/Sales%20Invoice/S/method/submit", ``, 403, "billing-paused"},
		{billing, "POST", "/api/v2/document/Sales%20Invoice/bulk_update", `{"docs":[{"name":"A","docstatus":2},{"name":"S","docstatus":1}]}`, 403, "billing-paused"},
		{billing, "POST", "/api/method/frappe.client.submit", `{"doc":{"doctype":"Sales Invoice","name":"S"}}`, 403, "billing-paused"},
		{billing, "POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"Sales Invoice","docstatus":1}}`, 403, "billing-paused"},
		{staff, "POST", "/api/method/erpnext.accounts.doctype.payment_request.payment_request.make_payment_request", `{"dt":"Quotation","dn":"Q"}`, 403, "billing-paused"},
		{"X-Test-Role: nobody", "GET", "/api/resource/Issue", "", 401, "unauthenticated"},
		{"X-Test-Role: technician", "GET", "/api/resource/Issue", "", 401, "unauthenticated"},
	} {
		if got := h.ask(test.method, test.target, test.body, test.who); got.status != test.status || got.problem().Code != test.code {
			t.Errorf("%s %s %s %s: %d %s", test.who, test.method, test.target, test.body, got.status, got.body)
		}
	}
}

func TestWrongSettingsAreNamedAllAtOnce(t *testing.T) {
	t.Parallel()
	err := gateway.Config{
		Doctypes: []string{"Customer:read", "Customer", "Customer:look", "User:read", "OAuth Client:read"}, Methods: []string{"login", "a b", "frappe.client.get_password", "", "frappe.*", "frappe.desk.*", "erpnext.*"},
		Secrets: []string{"Item"}, Keep: []string{"Item:1y", "Item:1s+2s+3s+4s", "Item"}, Share: -1,
	}.Validate()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{
		"doctypes", "line 2", "line 3", "line 4", "line 5", "methods", "line 1 opens a method", "line 2 must be a dotted name", "line 5 opens more", "line 6 opens more", "line 7 opens more", "secrets", "keep", "share",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "look") || strings.Contains(err.Error(), "User") {
		t.Errorf("a value is repeated: %v", err)
	}
	if err := (gateway.Config{}).Validate(); err != nil {
		t.Error(err)
	}
}
