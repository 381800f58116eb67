package gateway_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/gateway"
)

// attack tries requests that read in one way here and in another way there, or
// reach further than they seem to. None may reach the site.
func attack(h *house, rows []row) {
	h.t.Helper()
	h.tries(rows, "X-Test-Role: service:billing")
}

// TestMoneyInDisguise submits while billing is paused, in every disguise.
func TestMoneyInDisguise(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`), paused: true, cfg: gateway.Config{
		Doctypes: []string{
			"defaults", "billing/Sales Invoice:all", "billing/Subscription:all", "billing/Payment Request:all", "billing/Auto Repeat:all", "billing/Payment Entry:read+write",
		},
		Methods: []string{"defaults", "doc:resend_payment_email", "doc:cancel_subscription", "erpnext.accounts.doctype.subscription.subscription.process_all"},
	}})
	const invoice = "/api/resource/Sales Invoice/S"
	attack(h, []row{
		{"PUT", invoice, `{"docstatus":true}`, 403, "billing-paused"},
		{"PUT", invoice, `{"docstatus":1.0}`, 403, "billing-paused"},
		{"PUT", invoice, `{"docstatus":"1 "}`, 403, "billing-paused"},
		{"PUT", invoice, `{"docstatus":0,"docstatus":1}`, 403, "billing-paused"},
		{"PUT", invoice + "?data=x&docstatus=1&docstatus=0", ``, 400, "malformed"},
		{"PUT", invoice + "?docstatus=0", `{"docstatus":1}`, 400, "malformed"},
		{"PUT", invoice, `{"data":"{\"docstatus\":1,\"x\":NaN}"}`, 400, "malformed"},
		{"PUT", invoice, `{"data":{"docstatus":1}}`, 403, "billing-paused"},
		{"POST", invoice, `{"run_method":"submit","docstatus":2}`, 403, "billing-paused"},
		{"POST", invoice + "?run_method=cancel", `{"run_method":"submit"}`, 400, "malformed"},
		{"POST", invoice + "?run_method=add_comment", `{"run_method":"submit"}`, 400, "malformed"},
		{"POST", invoice + "?run_method=add_comment&run_method=submit", ``, 400, "malformed"},
		{"GET", invoice + "?run_method=submit", ``, 405, "method-not-allowed"},
		{"GET", "/api/v2/document/Sales Invoice/S/method/submit", ``, 405, "method-not-allowed"},
		{"POST", "/api/v2/document/Sales Invoice/S/method/submit", `{"docstatus":2}`, 403, "billing-paused"},
		{"POST", "/api/v2/document/Sales Invoice", `{"docstatus":1}`, 403, "billing-paused"},
		{"POST", "/api/v2/document/Sales Invoice/bulk_update", `{"docs":"[{\"name\":\"S\",\"docstatus\":1}]"}`, 403, "billing-paused"},
		{"POST", "/api/v2/document/Sales Invoice/bulk_update", `{"docs":["{\"name\":\"S\",\"docstatus\":1}"]}`, 403, "billing-paused"},
		{"POST", "/api/method/frappe.client.submit", `{"doc":{"doctype":"Sales Invoice","name":"S","docstatus":2}}`, 403, "billing-paused"},
		{"POST", "/api/method/frappe.client.save", `{"doc":"{\"doctype\":\"Sales Invoice\",\"docstatus\":\"1\"}"}`, 403, "billing-paused"},
		{"POST", "/api/method/frappe.client.insert", `{"doc":"{\"doctype\":\"Sales Invoice\",\"x\":NaN}","doctype":"Issue"}`, 400, "malformed"},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Sales Invoice","name":"S","fieldname":"docstatus","value":1}`, 403, "billing-paused"},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Payment Entry","name":"S","fieldname":{"__islocal":1}}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Payment Entry/P", `{"__islocal":1}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Issue/I", `{"parenttype":"Subscription","parent":"SUB"}`, 403, "billing-paused"},
		{"POST", "/api/resource/Subscription", `{"party":"C"}`, 403, "billing-paused"},
		{"PUT", "/api/resource/Subscription/S", `{"status":"Active"}`, 403, "billing-paused"},
		{"POST", "/api/resource/Auto Repeat", `{"reference_doctype":"Sales Invoice"}`, 403, "billing-paused"},
		{"POST", "/api/resource/Payment Request/P?run_method=resend_payment_email", ``, 403, "billing-paused"},
		{"POST", "/api/method/erpnext.accounts.doctype.subscription.subscription.process_all", `{}`, 403, "billing-paused"},
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","name":"I","send_email":"yes"}`, 403, "billing-paused"},
		{"PUT", invoice, `{"docstatus":2}`, 200, ""},
		{"PUT", invoice, `{"remarks":"x"}`, 200, ""},
		{"POST", "/api/resource/Payment Request", `{"mute_email":0}`, 200, ""},
		{"POST", "/api/resource/Subscription/S?run_method=cancel_subscription", ``, 403, "billing-paused"},
		{"POST", "/api/method/frappe.client.cancel", `{"doctype":"Sales Invoice","name":"S"}`, 200, ""},
	})
}

// TestSilence holds mail back while the outbox is not live, billing or no billing.
func TestSilence(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`), silent: true, cfg: gateway.Config{Methods: []string{"defaults", "doc:resend_payment_email"}}})
	attack(h, []row{
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","name":"I","send_email":1}`, 403, "call-forbidden"},
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","name":"I"}`, 200, ""},
		{"POST", "/api/resource/Quotation/Q?run_method=resend_payment_email", ``, 403, "call-forbidden"},
		{"POST", "/api/v2/document/Quotation/Q/method/resend_payment_email", ``, 403, "call-forbidden"},
		{"POST", "/api/resource/Quotation/Q?run_method=submit", ``, 200, ""},
	})
}

// TestOtherDoorsToTheSameRoom: methods and documents behind arguments that look
// like something else.
func TestOtherDoorsToTheSameRoom(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`)})
	const assign, query = "/api/method/frappe.desk.form.assign_to.add", "/api/method/frappe.desk.search.search_link?doctype=Item&txt=x&query="
	attack(h, []row{
		{"POST", "/api/method/upload%5Ffile", `{"doctype":"ToDo","docname":"T","method":"frappe.client.get_password"}`, 415, "media-type"},
		{"POST", "/api/method/upload%5ffile", `{"doctype":"ToDo","docname":"T","file_url":"/private/files/x.pdf"}`, 415, "media-type"},
		{"POST", "/api/method/upload_file/", `{"doctype":"ToDo","docname":"T","library_file_name":"x"}`, 415, "media-type"},
		{"POST", "/api/v2/method/upload%5Ffile", `{"doctype":"ToDo","docname":"T","method":"x"}`, 415, "media-type"},
		{"POST", assign, `{"doctype":"Issue","name":"I","args":{"doctype":"User","name":"u","assign_to":["a"]}}`, 403, "call-forbidden"},
		{"POST", assign, `{"doctype":"Issue","name":"I","assign_to":["a"],"ignore_permissions":1}`, 403, "field-forbidden"},
		{"POST", assign, `{"doctype":"Issue","name":"I","assign_to":"[\"a\"]"}`, 200, ""},
		{"GET", query + "frappe.core.doctype.communication.email.make", ``, 403, "call-forbidden"},
		{"GET", query + "frappe.client.get_list", ``, 403, "call-forbidden"},
		{"POST", "/api/method/frappe.utils.print_format.download_pdf", `{"doctype":"Issue","name":"I","doc":{"doctype":"User","name":"u"}}`, 403, "call-forbidden"},
		{"GET", "/api/method/frappe.utils.print_format.download_pdf?doctype=Service Equipment&name=E", ``, 403, "field-forbidden"},
		{"POST", "/api/method/frappe.client.insert", `{"doctype":"Issue","doc":{"doctype":"User","first_name":"x"}}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"Issue","parenttype":"User","parent":"u","parentfield":"roles"}}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"Dispatch Job Photo","parenttype":"User","parent":"u"}}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Issue/I", `{"parenttype":"User","parent":"u"}`, 403, "doctype-forbidden"},
		{"PUT", "/api/resource/Issue/I", `{"parenttype":["User"]}`, 403, "doctype-forbidden"},
		{"POST", "/api/resource/Comment", `{"reference_doctype":"User","reference_name":"u","content":"x"}`, 403, "doctype-forbidden"},
		{"POST", "/api/resource/ToDo", `{"reference_type":"Email Account","reference_name":"u","description":"x"}`, 403, "doctype-forbidden"},
		{"POST", "/api/method/frappe.desk.form.utils.add_comment", `{"reference_doctype":"User","reference_name":"u","content":"x"}`, 403, "doctype-forbidden"},
		{"POST", "/api/resource/Comment", `{"reference_doctype":"Issue","reference_name":"I","content":"x","parenttype":null}`, 200, ""},
		{"POST", "/api/resource/ToDo", `{"description":"x","reference_type":""}`, 200, ""},
		{"GET", "/api/method/frappe.desk.reportview.get?doctype=Issue&group_by=status&aggregate_function=max&aggregate_on_field=api_key&aggregate_on_doctype=User", ``, 403, "doctype-forbidden"},
		{"GET", "/api/method/frappe.client.get_list?doctype=Document Share Key", ``, 403, "doctype-forbidden"},
		{"GET", "/api/method/frappe.desk.reportview.get?doctype=Employee", ``, 403, "field-forbidden"},
	})
}

// TestGuessing: conditions and orders by which a hidden value could be found out.
func TestGuessing(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":[]}`)})
	const devices = "/api/resource/Service Equipment"
	attack(h, []row{
		{"POST", "/api/method/frappe.client.get", `{"doctype":"Service Equipment","name":{"wifi_password":["like","h%"]}}`, 400, "malformed"},
		{"POST", "/api/method/frappe.client.get", `{"doctype":"Service Equipment","name":["wifi_password","like","h%"]}`, 400, "malformed"},
		{"POST", "/api/method/frappe.desk.form.load.getdoc", `{"doctype":"Service Equipment","name":{"wifi_password":["like","h%"]}}`, 400, "malformed"},
		{"POST", "/api/method/frappe.client.has_permission", `{"doctype":"Service Equipment","docname":{"wifi_password":["like","h%"]}}`, 400, "malformed"},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Service Equipment","name":{"wifi_password":["like","h%"]},"fieldname":"brand","value":"x"}`, 400, "malformed"},
		{"POST", "/api/v2/document/Service Equipment/bulk_update", `{"docs":[{"name":{"wifi_password":["like","h%"]},"brand":"x"}]}`, 400, "malformed"},
		{"PUT", devices + "/E", `{"name":{"wifi_password":"x"}}`, 400, "malformed"},
		{"GET", devices + "?fields=" + q(`["*"]`) + "&order_by=5", ``, 403, "field-forbidden"},
		{"GET", devices + "?fields=" + q(`["*"]`) + "&order_by=" + q("name asc, (17) desc"), ``, 403, "field-forbidden"},
		{"GET", devices + "?group_by=3", ``, 403, "field-forbidden"},
		{"GET", devices + "?filters=" + q(`{"wİfi_password":["like","h%"]}`), ``, 403, "field-forbidden"},
		{"GET", devices + "?order_by=" + q("ſip_password"), ``, 403, "field-forbidden"},
		{"GET", devices + "?fields=" + q(`["ｗifi_password"]`), ``, 403, "field-forbidden"},
		{"GET", devices + "?fields=" + q(`["api_key from tabUser"]`), ``, 403, "field-forbidden"},
		{"GET", devices + "?filters=" + q(`[["brand","=","x"],["not",["wifi_password","=","y"]]]`), ``, 403, "field-forbidden"},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Service Equipment","fields":["*"],"order_by":["name","5"]}`, 403, "field-forbidden"},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Service Equipment","fields":["*"],"order_by":5}`, 403, "field-forbidden"},
		{"GET", "/api/resource/Issue?filters=" + q(`[["and",["owner.api_key","like","a%"],["name","=","x"]]]`), ``, 400, "malformed"},
		{"GET", "/api/resource/Issue?filters=" + q(`["Issue","status",["owner.api_key","like","a%"],1]`), ``, 400, "malformed"},
		{"GET", "/api/resource/service equipment", ``, 403, "doctype-forbidden"},
		{"GET", "/api/resource/Service Equipment ", ``, 403, "doctype-forbidden"},
		{"GET", "/api/resource/Sërvice Equipment", ``, 403, "doctype-forbidden"},
		{"GET", "/api/resource/Ｓervice Equipment", ``, 403, "doctype-forbidden"},
		{"GET", "/api/resource/Customer?filters=" + q(`[["customer_name","=","Élise J. Côté"]]`) + "&order_by=" + q("modified desc"), ``, 200, ""},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Service Equipment","fields":["*"],"order_by":null,"filters":null,"parent":""}`, 200, ""},
		{"GET", "/api/resource/Customer?filters=" + q(`[["customer_name","Élise J. Côté"]]`), ``, 200, ""},
	})
}

// TestRefusalsSayWhatOpens names the setting in one sentence, and repeats only
// what could stand in it.
func TestRefusalsSayWhatOpens(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{}`), paused: true})
	for target, want := range map[string]string{
		"/api/resource/Vehicle":                         "the line Vehicle:read in gateway.doctypes (TARGO_GATEWAY_DOCTYPES)",
		"/api/resource/User":                            "never open",
		"/api/resource/%3Cb%3E":                         "The doctype is not open to you for read; a line in gateway.doctypes",
		"/api/method/erpnext.x.y":                       "erpnext.x.y is not open to you; its name in gateway.methods (TARGO_GATEWAY_METHODS)",
		"/api/method/login":                             "never open",
		"/api/resource/Issue/I?run_method=x":            "doc:x",
		"/api/resource/Service%20Equipment?as_dict=0":   "ask frappe.client.get_list for objects",
		"/api/resource/Issue?order_by=wifi_password":    "no setting opens it",
		"/api/resource/Issue?order_by=owner.user_image": "gateway.doctypes",
	} {
		if got := h.ask("GET", target, ""); !strings.Contains(got.problem().Detail, want) || strings.Contains(got.body, "<b>") {
			t.Errorf("%s: %s", target, got.body)
		}
	}
	got := h.ask("POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","name":"I","send_email":1}`)
	if !strings.Contains(got.problem().Detail, "TARGO_BILLING_PAUSED") {
		t.Error(got.body)
	}
}

// TestColleagues: staff find each other by name, and nothing else about accounts.
func TestColleagues(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"message":[]}`)})
	const search = "/api/method/frappe.desk.search.search_link?doctype=User&txt=an"
	for target, want := range map[string]int{
		search: 200, search + "&page_length=5": 200, search + "&searchfield=api_key": 403, search + "&query=x": 403,
		search + "&filters=" + q(`{"api_key":["like","a%"]}`): 403, search + "&reference_doctype=ToDo": 403,
		"/api/method/frappe.client.get_list?doctype=User&txt=an": 403, "/api/method/frappe.client.validate_link?doctype=User": 403,
	} {
		if got := h.ask("GET", target, ""); got.status != want {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
	if got := h.ask("GET", search, "", "X-Test-Role: service"); got.status != 403 {
		t.Errorf("a machine: %d", got.status)
	}
}

// TestSurroundings of a document are not told to whom they are closed, nor are
// old values of secrets.
func TestSurroundings(t *testing.T) {
	t.Parallel()
	site := says(`{"docinfo":{"versions":[{"data":"hunter2"}],"comments":[{"content":"c"}],"communications":[{"content":"m"}],"attachments":[]}}`)
	for doctype, want := range map[string]string{
		"Service Equipment": `{"docinfo":{"comments":[{"content":"c"}],"attachments":[]}}`,
		"Issue":             `{"docinfo":{"versions":[{"data":"hunter2"}],"comments":[{"content":"c"}],"attachments":[]}}`,
	} {
		h := build(t, options{site: site, cfg: gateway.Config{Doctypes: []string{"defaults", "Communication:none"}}})
		for _, method := range []string{"getdoc", "get_docinfo"} {
			if got := h.ask("GET", "/api/method/frappe.desk.form.load."+method+"?name=X&doctype="+q(doctype), ""); got.body != want {
				t.Errorf("%s of %s: %s", method, doctype, got.body)
			}
		}
	}
}
