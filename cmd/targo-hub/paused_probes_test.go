package main

import (
	"fmt"
	"net/url"
)

// attempt is a request to a route: what stands in the place of its parameters, and
// a body.
type attempt struct {
	path string
	body any
}

// table is a body that is no JSON.
type table string

// aims are documents that the probes are about.
type aims struct {
	quotation, customer, issue, tech, invoice, payment string
	contract, subscription, spare, away, rest          string // of running services; one of them is suspended
	job, next, only, loose, hand                       string // the first of a chain and the second, the last of another, two of none
	message, delivery, change                          string
	mine, phone                                        string // a job of the technician, and the token of his link to it
}

// plain are routes whose own path and an empty body will do.
func plain() []string {
	return []string{
		"GET /", "GET /audit", "GET /audit.csv", "GET /auth/me", "GET /conversations", "GET /docs", "GET /favicon.ico", "GET /healthz",
		"GET /inbox", "GET /messages", "GET /messages/opt-outs", "GET /openapi.json", "GET /problems", "GET /readyz", "GET /schedule",
		"GET /signing/doctor", "GET /version", "GET /events",
		"POST /webhooks/docuseal", "POST /accept/docuseal-webhook", "POST /webhooks/erpnext", "POST /webhooks/mailjet", "POST /webhooks/stripe",
		"POST /webhooks/traccar", "POST /webhooks/twilio/sms", "POST /webhooks/twilio/status",
		"POST /api/method/upload_file", "POST /api/v2/method/upload_file",
	}
}

// probes is every route of the hub with what may be asked of it.
func probes(a aims) map[string][]attempt {
	all := map[string][]attempt{}
	for _, route := range plain() {
		all[route] = []attempt{{}}
	}
	for _, group := range []map[string][]attempt{systemProbes(a), gatewayProbes(a), serviceProbes(a), dispatchProbes(a), fieldProbes(a), trackingProbes(a)} {
		for route, list := range group {
			all[route] = list
		}
	}
	return all
}

func systemProbes(a aims) map[string][]attempt {
	return map[string][]attempt{
		"POST /accept/confirm":             {{body: m{"token": "x", "name": "Ève", "consents": []string{"terms"}}}},
		"POST /accept/decline":             {{body: m{"token": "x", "reason": "Trop cher"}}},
		"POST /accept/generate":            {{body: m{"quotation": a.quotation, "send": true}}},
		"GET /accept/{jwt}":                {{path: "/accept/none"}},
		"POST /accept/{jwt}":               {{path: "/accept/none", body: m{"name": "Ève"}}},
		"GET /accept/{jwt}/pdf":            {{path: "/accept/none/pdf"}},
		"GET /accept/{quotation}/qr":       {{path: "/accept/" + a.quotation + "/qr"}},
		"GET /accept/{quotation}/state":    {{path: "/accept/" + a.quotation + "/state"}},
		"GET /assets/{file}":               {{path: "/assets/none.css"}},
		"POST /conversations/{id}/assign":  {{path: "/conversations/1/assign", body: m{"customer": a.customer}}},
		"POST /conversations/{id}/dismiss": {{path: "/conversations/1/dismiss", body: m{"reason": "essai"}}},
		"POST /inbox/replay":               {{body: m{"source": "stripe", "since": "2020-01-01T00:00:00Z", "dry_run": false}}},
		"GET /inbox/{id}":                  {{path: "/inbox/" + a.delivery}},
		"POST /inbox/{id}/retry":           {{path: "/inbox/" + a.delivery + "/retry", body: m{"reason": "essai"}}},
		"POST /messages":                   {{body: m{"channel": "sms", "to": "514-555-0101", "body": "Facture à payer"}}, {body: m{"channel": "email", "customer": a.customer, "subject": "Facture", "body": "À payer", "urgent": true}}},
		"DELETE /messages/opt-outs":        {{body: m{"channel": "sms", "to": "514-555-0101", "reason": "essai"}}},
		"POST /messages/opt-outs":          {{body: m{"channel": "sms", "to": "514-555-0102", "reason": "essai"}}},
		"GET /messages/{id}":               {{path: "/messages/" + a.message}},
		"POST /messages/{id}/cancel":       {{path: "/messages/" + a.message + "/cancel", body: m{"reason": "essai"}}},
		"POST /messages/{id}/release":      {{path: "/messages/" + a.message + "/release", body: m{"reason": "essai"}}},
		"POST /messages/{id}/resend":       {{path: "/messages/" + a.message + "/resend", body: m{"reason": "essai"}}},
		"GET /problems/{code}":             {{path: "/problems/billing-paused"}},
		"POST /schedule/{name}/run":        {{path: "/schedule/mirror/run"}},
		"GET /schedule/{name}/runs":        {{path: "/schedule/mirror/runs"}},
	}
}

// gatewayProbes tries to submit through the gateway, in every way that ERPNext has.
func gatewayProbes(a aims) map[string][]attempt {
	invoice := func(more m) m {
		doc := m{"doctype": "Sales Invoice", "customer": a.customer, "company": "TARGO", "items": []any{m{"item_code": "FIBRE-500", "qty": 1, "rate": 1, "income_account": "Ventes - T"}}}
		for k, v := range more {
			doc[k] = v
		}
		return doc
	}
	si, pe := "/api/resource/Sales%20Invoice", "/api/resource/Payment%20Entry/"
	second, method := "/api/v2/document/Sales%20Invoice", "/api/method/"
	submitted := invoice(m{"docstatus": 1})
	return map[string][]attempt{
		"POST /api/resource/*": {
			{si, invoice(nil)}, {si, submitted}, {si, invoice(m{"docstatus": "1"})}, {si + "/" + a.invoice, m{"run_method": "submit"}}, {"/api/resource/sales%20invoice", submitted},
			{"/api/resource/Payment%20Request", m{"docstatus": 1, "reference_doctype": "Sales Invoice", "reference_name": a.invoice}},
		},
		"PUT /api/resource/*":    {{si + "/" + a.invoice, m{"docstatus": 1}}, {si + "/" + a.invoice, m{"docstatus": true}}, {pe + a.payment, m{"docstatus": 1}}, {si + "/" + a.invoice, m{"remarks": "essai"}}},
		"DELETE /api/resource/*": {{"/api/resource/Sales%20Invoice/none", nil}},
		"GET /api/resource/*":    {{si + "/" + a.invoice + "?run_method=submit", nil}, {si + "?cmd=frappe.client.submit", nil}, {si, nil}},
		"GET /api/method/*":      {{method + "frappe.client.submit?doc=" + url.QueryEscape(`{"doctype":"Sales Invoice","name":"`+a.invoice+`"}`), nil}, {method + "frappe.utils.scheduler.activate_scheduler", nil}},
		"POST /api/method/*": {
			{method + "frappe.client.submit", m{"doc": fmt.Sprintf(`{"doctype":"Sales Invoice","name":%q}`, a.invoice)}}, {method + "frappe.client.insert", m{"doc": submitted}},
			{method + "frappe.client.save", m{"doc": invoice(m{"name": a.invoice, "docstatus": 1})}}, {method + "frappe.client.insert_many", m{"docs": []any{submitted}}},
			{method + "frappe.client.set_value", m{"doctype": "Sales Invoice", "name": a.invoice, "fieldname": "docstatus", "value": 1}},
			{method + "frappe.client.set_value", m{"doctype": "Sales Invoice", "name": a.invoice, "fieldname": m{"docstatus": 1}}},
			{method + "frappe.client.bulk_update", m{"docs": fmt.Sprintf(`[{"doctype":"Sales Invoice","docname":%q,"docstatus":1}]`, a.invoice)}},
			{method + "run_doc_method", m{"dt": "Sales Invoice", "dn": a.invoice, "method": "submit"}}, {method + "frappe.desk.form.save.savedocs", m{"doc": submitted, "action": "Submit"}},
			{method + "erpnext.accounts.doctype.payment_request.payment_request.make_payment_request", m{"dt": "Sales Invoice", "dn": a.invoice, "submit_doc": 1}},
			{method + "frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs", m{"doctype": "Sales Invoice", "docnames": []string{a.invoice}, "action": "submit"}},
		},
		"POST /api/v2/*":   {{second, submitted}, {second + "/" + a.invoice + "/method/submit", m{}}, {second + "/bulk_update", m{"docs": []any{m{"name": a.invoice, "docstatus": 1}}}}},
		"PUT /api/v2/*":    {{second + "/" + a.invoice, m{"docstatus": 1}}},
		"GET /api/v2/*":    {{second + "/" + a.invoice, nil}, {second + "/" + a.invoice + "/method/submit", nil}},
		"DELETE /api/v2/*": {{second + "/none", nil}},
	}
}
