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
	for _, test := range slices.Concat(openByDefault(), closedDoctypes(), closedMethods(), closedFields(), unreadable(), money()) {
		before := h.calls.Load()
		got := h.ask(test.method, strings.ReplaceAll(test.target, " ", "%20"), test.body)
		if got.status != test.status || got.problem().Code != test.code {
			t.Errorf("%s %.120s %.80s: %d %s %v", test.method, test.target, test.body, got.status, got.body, got.err)
		}
		if reached := h.calls.Load() > before; reached != (test.status == 200) {
			t.Errorf("%s %.120s reached the site: %v", test.method, test.target, reached)
		}
	}
}

// row is a request and what becomes of it.
type row struct {
	method, target, body string
	status               int
	code                 string
}

func q(text string) string { return url.QueryEscape(text) }

// openByDefault: what the ops app does all day.
func openByDefault() []row {
	return []row{
		{"GET", "/api/resource/Customer", "", 200, ""},
		{"GET", "/api/resource/Service%20Location?fields=" + q(`["name","customer.customer_name"]`), "", 200, ""},
		{"GET", "/api/resource/Sales Invoice?filters=" + q(`[["Sales Invoice Item","item_code","=","x"]]`), "", 200, ""},
		{"GET", "/api/resource/Quotation?fields=" + q("[\"items.item_code\",\"`tabQuotation`.`name`\",\"count(name) as n\"]") + "&order_by=" + q("`tabQuotation`.modified desc, name asc"), "", 200, ""},
		{"GET", "/api/resource/Issue?filters=" + q(`{"status":["in",["Open"]],"subject":["like","%a.b`+"`"+`%"]}`) + "&or_filters=" + q(`[["status","=","Open"]]`), "", 200, ""},
		{"GET", "/api/resource/Dispatch%20Job%20Photo?parent=Dispatch%20Job", "", 200, ""},
		{"PUT", "/api/resource/Customer/A", `{"customer_name":"B"}`, 200, ""},
		{"POST", "/api/resource/Issue", `{"subject":"B","docstatus":0}`, 200, ""},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Item","fields":["name"],"filters":{"disabled":0}}`, 200, ""},
		{"GET", "/api/method/frappe.auth.get_logged_user", "", 200, ""},
		{"GET", "/api/method/ping", "", 200, ""},
		{"GET", "/api/v2/document/Item?limit=5", "", 200, ""},
		{"GET", "/api/v2/doctype/Item/count?filters=" + q(`{"disabled":0}`), "", 200, ""},
		{"POST", "/api/resource/Quotation/Q-1", `{"run_method":"add_comment","text":"x"}`, 200, ""},
		{"POST", "/api/resource/Quotation/Q-1?run_method=submit", ``, 200, ""},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Issue","name":"I","fieldname":{"status":"Open"}}`, 200, ""},
		{"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"ToDo","description":"x"}}`, 200, ""},
	}
}

// closedDoctypes: doctypes, and what may be done with them.
func closedDoctypes() []row {
	return []row{
		{"GET", "/api/resource/User", "", 403, "doctype-forbidden"},
		{"GET", "/api/resource/User/ann", "", 403, "doctype-forbidden"},
		{"GET", "/api/resource/System%20Settings/System%20Settings", "", 403, "doctype-forbidden"},
		{"GET", "/api/resource/customer", "", 403, "doctype-forbidden"},
		{"GET", "/api/resource/Nonsense", "", 403, "doctype-forbidden"},
		{"GET", "/api/resource/%55ser", "", 403, "doctype-forbidden"},
		{"DELETE", "/api/resource/Customer/A", "", 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Sales%20Invoice/S", `{"remarks":"x"}`, 403, "doctype-forbidden"},
		{"POST", "/api/resource/Item", `{"item_code":"x"}`, 403, "doctype-forbidden"},
		{"POST", "/api/resource/Customer", `{"docstatus":1}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Customer/A", `{"docst\u0061tus":"1"}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Customer/A", `{"data":"{\"docstatus\":1}"}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Customer/A?data=" + q(`{"docstatus":1}`), ``, 403, "doctype-forbidden"},
		{"GET", "/api/v2/document/User", "", 403, "doctype-forbidden"},
		{"GET", "/api/v2/doctype/User/meta", "", 403, "doctype-forbidden"},
		{"POST", "/api/v2/document/Customer/bulk_delete", `{"names":["A"]}`, 403, "doctype-forbidden"},
		{"GET", "/api/resource/Dispatch%20Job%20Photo?parent=User", "", 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"User"}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":["User"]}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.get_list?doctype=User", `{"doctype":"Item"}`, 400, "malformed"},
		{"GET", "/api/method/frappe.client.get_value?doctype=Item&doctype=User&fieldname=name", "", 400, "malformed"},
		{"GET", "/api/method/frappe.client.get_value?doctype=Item&doctype=Item&fieldname=name", "", 200, ""},
		{"GET", "/api/method/frappe.client.get_list?doctype=Item&parent=User", "", 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.insert", `{"doc":"{\"doctype\":\"User\"}"}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.insert", `{"doc":{"first_name":"x"}}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Issue","name":"I","fieldname":"{\"docst\\u0061tus\":1}"}`, 403, "doctype-forbidden"},
		{"GET", "/api/method/frappe.client.get_list", "", 422, "invalid"},
	}
}

// closedMethods: methods, by whatever way they are named.
func closedMethods() []row {
	return []row{
		{"POST", "/api/method/login", `{"usr":"a","pwd":"b"}`, 403, "call-forbidden"},
		{"POST", "/api/method/frappe.client.get_password", `{}`, 403, "call-forbidden"},
		{"POST", "/api/method/run_doc_method", `{}`, 403, "call-forbidden"},
		{"POST", "/api/v2/method/run_doc_method", `{}`, 403, "call-forbidden"},
		{"POST", "/api/v2/method/logout", `{}`, 403, "call-forbidden"},
		{"GET", "/api/method/frappe.desk.query_report.run", "", 403, "call-forbidden"},
		{"GET", "/api/method/frappe.client.get_lis", "", 403, "call-forbidden"},
		{"GET", "/api/method/frappe.client.set_value?doctype=Issue&name=x&fieldname=a&value=b", "", 405, "method-not-allowed"},
		{"GET", "/api/resource/Issue?cmd=frappe.client.delete", "", 403, "call-forbidden"},
		{"GET", "/api/resource/Issue?c%6Dd=login", "", 403, "call-forbidden"},
		{"GET", "/api/resource/Issue?sid=abc", "", 403, "call-forbidden"},
		{"POST", "/api/resource/Issue", `{"csrf_token":"x"}`, 403, "call-forbidden"},
		{"POST", "/api/resource/Issue", `{"\u0063md":"login"}`, 403, "call-forbidden"},
		{"POST", "/api/resource/Issue/I?run_method=rename", ``, 403, "call-forbidden"},
		{"POST", "/api/resource/Issue/I", `{"run_method":"delete"}`, 403, "call-forbidden"},
		{"POST", "/api/resource/Issue/I", `{"run_method":["submit"]}`, 403, "call-forbidden"},
		{"GET", "/api/resource/Issue/I?run_method=delete", "", 403, "call-forbidden"},
		{"GET", "/api/resource/Issue?run_method=submit", "", 403, "call-forbidden"},
		{"POST", "/api/v2/document/Issue/I/method/delete", `{}`, 403, "call-forbidden"},
		{"GET", "/api/method/frappe.desk.search.search_link?doctype=Item&txt=&query=frappe.core.doctype.user.user.x", "", 403, "call-forbidden"},
	}
}

// closedFields: fields of other doctypes, and injections.
func closedFields() []row {
	return []row{
		{"GET", "/api/resource/Dispatch%20Technician?fields=" + q(`["user.api_key"]`), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?fields=" + q("[\"`tabUser`.`name`\"]"), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?fields=" + q(`["tabUser.name"]`), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?filters=" + q(`[["User","api_key","like","a%"]]`), "", 403, "doctype-forbidden"},
		{"GET", "/api/resource/Issue?filters=" + q(`{"owner.api_key":["like","a%"]}`), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?order_by=" + q("(select api_key from tabUser) asc"), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?order_by=" + q("name; drop table tabUser"), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?group_by=" + q("sleep(5)"), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?fields=" + q(`["name -- x"]`), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Dispatch%20Technician?fields=" + q(`[{"user":["api_key"]}]`), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?expand=" + q(`["owner"]`), "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue/I?expand_links=1", "", 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?debug=1", "", 403, "field-forbidden"},
	}
}

// unreadable: what cannot be read, or not in one way only.
func unreadable() []row {
	return []row{
		{"GET", "/api/resource/Issue?fields=name", "", 400, "malformed"},
		{"GET", "/api/resource/Issue?filters=" + q(`[["a"`), "", 400, "malformed"},
		{"GET", "/api/resource/Issue?filters=%zz", "", 400, "malformed"},
		{"GET", "/api/resource/Issue?filters=%ff", "", 400, "malformed"},
		{"GET", "/api/resource/Issue?x=" + strings.Repeat("y", 9000), "", 400, "malformed"},
		{"GET", "/api/resource/Issue/..%2f..%2fmethod%2flogin", "", 400, "malformed"},
		{"GET", "/api/resource/%2e%2e/method/login", "", 400, "malformed"},
		{"GET", "/api/resource//Issue", "", 400, "malformed"},
		{"GET", "/api/resource/Issue%2FX", "", 400, "malformed"},
		{"GET", "/api/resource/Issue/a%5cb", "", 400, "malformed"},
		{"GET", "/api/resource/Issue/a%00", "", 400, "malformed"},
		{"GET", "/api/resource/Issue/%c0%ae%c0%ae", "", 400, "malformed"},
		{"GET", "/api/method/ping/x", "", 400, "malformed"},
		{"GET", "/api/resource/Issue", `{"filters":{}}`, 413, "body-too-large"},
		{"POST", "/api/resource/Issue", `{"subject":`, 400, "malformed"},
		{"POST", "/api/resource/Issue", `[1]`, 400, "malformed"},
		{"POST", "/api/resource/Issue", `{"x":"` + strings.Repeat("y", 1<<20) + `"}`, 413, "body-too-large"},
		{"PUT", "/api/resource/Issue", `{}`, 405, "method-not-allowed"},
		{"POST", "/api/resource/Issue/I", `{}`, 405, "method-not-allowed"},
		{"POST", "/api/resource/Issue/I?run_method=add_comment", `{"text":"x"}`, 400, "malformed"},
		{"PATCH", "/api/resource/Issue/I", `{}`, 405, "method-not-allowed"},
	}
}

// money: what would make people pay.
func money() []row {
	return []row{
		{"PUT", "/api/resource/Sales%20Invoice/S", `{"docstatus":1}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","name":"I","send_email":1}`, 403, "billing-paused"},
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","name":"I","send_email":"0"}`, 200, ""},
	}
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
