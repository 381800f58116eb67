package charge_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/charge"
)

// verbs names what a request would do, "" for nothing that waits.
func verbs(method, target, body string) string {
	var all []string
	kind, target, _ := strings.Cut(target, "|") // "|": of no media type
	if target == "" {
		kind, target = "application/json; charset=utf-8", kind
		if body != "" && strings.IndexByte(`{["`, body[0]) < 0 {
			kind = "application/x-www-form-urlencoded"
		}
	}
	for _, c := range charge.Changes(charge.Request{Method: method, Target: strings.ReplaceAll(target, " ", "%20"), Type: kind, Body: []byte(body)}) {
		all = append(all, c.Verb+" "+c.Doctype)
	}
	return strings.Join(all, ", ")
}

// TestWhatWaits: every form in which ERPNext takes a submission, and what only
// looks like one.
func TestWhatWaits(t *testing.T) {
	t.Parallel()
	for _, row := range slices.Concat(documents(), methods(), hidden(), standing(), free()) {
		if got := verbs(row[0], row[1], row[2]); got != row[3] {
			t.Errorf("%s %s %s: %q, want %q", row[0], row[1], row[2], got, row[3])
		}
	}
}

const si, submit = "/api/resource/Sales Invoice/S", "submit Sales Invoice"

// documents are submitted by what is written into them.
func documents() [][4]string {
	return [][4]string{
		{"PUT", si, `{"docstatus":1}`, submit},
		{"PUT", si, `{"docstatus":"1"}`, submit},
		{"PUT", si, `{"docstatus":1.0}`, submit},
		{"PUT", si, `{"docstatus":true}`, submit},
		{"PUT", si, `{"docstatus":1,"docstatus":0}`, submit},
		{"PUT", si, `{"doc\u0073tatus":1}`, submit},
		{"PUT", si, `{"docstatus":[1]}`, submit},
		{"PUT", si, `{"docstatus":{"a":1}}`, submit},
		{"PUT", si, `"{\"docstatus\":1}"`, submit},
		{"PUT", si, `data=%7B%22docstatus%22%3A1%7D`, submit},
		{"PUT", si, `docstatus=1`, submit},
		{"PUT", si, `{"data":"{\"docstatus\":1}"}`, submit},
		{"PUT", si, `{"docstatus":0,"x":NaN}`, "unclear Sales Invoice"},
		{"PUT", si, "\x1f\x8b\x08", "unclear Sales Invoice"},
		{"PUT", si, "--b\r\nContent-Disposition: form-data; name=\"docstatus\"\r\n\r\n1\r\n--b--", "unclear Sales Invoice"},
		{"PUT", si + "?docstatus=1", ``, submit},
		{"POST", si + "?run_method=submit", ``, submit},
		{"POST", "/api/resource/Sales Invoice", `{"docstatus":1}`, submit},
		{"POST", "/api/v1/resource/Payment Entry", `{"docstatus":1}`, "submit Payment Entry"},
		{"POST", "/api/v2/document/Sales Invoice/S/method/submit", ``, submit},
		{"POST", "/api/v2/document/Sales Invoice/bulk_update", `{"docs":[{"name":"A","docstatus":2},{"name":"B","docstatus":1}]}`, submit},
	}
}

// methods submit them.
func methods() [][4]string {
	return [][4]string{
		{"POST", "/api/method/frappe.client.submit", `{"doc":{"doctype":"Dunning","name":"D"}}`, "submit Dunning"},
		{"POST", "/api/method/frappe.client.submit", `doc=%7B%22doctype%22%3A%22Dunning%22%7D`, "submit Dunning"},
		{"POST", "/api/method/frappe.client.submit", `{}`, "submit "},
		{"POST", "/api/method/frappe.client.insert_many", `{"docs":[{"doctype":"Issue"},{"doctype":"POS Invoice","docstatus":1}]}`, "submit POS Invoice"},
		{"POST", "/api/method/frappe.client.bulk_update", `{"docs":"[{\"doctype\":\"Sales Invoice\",\"docname\":\"S\",\"docstatus\":1}]"}`, submit},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Sales Invoice","name":"S","fieldname":"docstatus","value":1}`, submit},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Sales Invoice","name":"S","fieldname":{"docstatus":1}}`, submit},
		{"POST", "/api/method/frappe.client.set_value", `{"doctype":"Sales Invoice","name":"S","fieldname":"{\"docstatus\":1}"}`, submit},
		{"POST", "/api/method/frappe.desk.form.save.savedocs", `{"doc":"{\"doctype\":\"Sales Invoice\",\"docstatus\":0}","action":"Submit"}`, submit},
		{"POST", "/api/method/frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs", `{"doctype":"Sales Invoice","docnames":["S"],"action":"submit"}`, submit},
		{"POST", "/api/method/frappe.model.workflow.apply_workflow", `{"doc":{"doctype":"Sales Invoice","name":"S"},"action":"Approve"}`, submit},
		{"POST", "/api/method/run_doc_method", `{"dt":"Sales Invoice","dn":"S","method":"submit"}`, submit},
		{"POST", "/api/method/run_doc_method", `{"docs":"{\"doctype\":\"Sales Invoice\",\"name\":\"S\"}","method":"submit"}`, submit},
		{"POST", "/api/resource/Issue?cmd=frappe.client.submit", `{"doc":{"doctype":"Sales Invoice"}}`, submit},
		{"POST", "/?cmd=frappe.client.submit", `{"doc":{"doctype":"Sales Invoice"}}`, submit},
		{"POST", "/api//resource/Sales Invoice", `{"docstatus":1}`, "unclear , submit "},
		{"PUT", "/api/resource/sales  invoice/S", `{"docstatus":1}`, "submit sales  invoice"},
		{"PUT", "/api/resource/Sáles Invoice/S", `{"docstatus":1}`, "submit Sáles Invoice"},
		{"PUT", "/api/resource/Ｓales Invoice/S", `{"docstatus":1}`, "submit Ｓales Invoice"},
		{"PUT", "/api/resource/pos invoice/S", `{"docstatus":1}`, "submit pos invoice"},
		{"PUT", "/api/resource/Équipement/S", `{"docstatus":1}`, ""},
		{"POST", "/api/method/frappe.core.doctype.data_import.data_import.form_start_import", `{"data_import":"I"}`, "submit "},
	}
}

// hidden are submissions in what only one of two readers takes for one.
func hidden() [][4]string {
	const body = `{"doc":{"doctype":"Sales Invoice","name":"S"}}`
	form := "application/x-www-form-urlencoded|" + si
	return [][4]string{
		{"PUT", form, `{"a":"&docstatus=1&b="}`, submit},
		{"PUT", form, `"&docstatus=1&x="`, submit},
		{"PUT", form, `[]]&docstatus=1`, "unclear Sales Invoice, " + submit},
		{"PUT", "|" + si, `{"a":1}}&docstatus=1`, "unclear Sales Invoice, " + submit},
		{"PUT", form, `{"docstatus":1}`, submit},
		{"PUT", si, `{"a":1}}`, "unclear Sales Invoice"},
		{"PUT", "application/json|" + si, `docstatus=1`, "unclear Sales Invoice"},
		{"PUT", "text/plain|" + si, `docstatus=1`, submit},
		{"PUT", "application/json; charset=utf-7|" + si, `{"+AGQ-ocstatus":1}`, "unclear Sales Invoice"},
		{"PUT", si, `{"description":"see https://example.test/?a=b&docstatus=1&method=submit"}`, ""},
		{"POST", "/api/method/frappe.desk.form.save.savedocs", `{"doc":"{\"doctype\":\"Sales Invoice\",\"docstatus\":0}","action":"Update"}`, submit},
		{"POST", "/api/method/frappe.desk.form.save.savedocs", `{"doc":"{\"doctype\":\"Sales Invoice\",\"docstatus\":0}","action":"Save"}`, ""},
		{"POST", "/api//method/frappe.client.submit", body, "unclear Sales Invoice"},
		{"POST", "/api/resource/x/../../method/frappe.client.submit", body, "unclear x"},
		{"POST", "/api/other/frappe.client.submit", body, "unclear Sales Invoice"},
		{"POST", si + "?run_method=retry", ``, submit},
		{"POST", si + "?run_method=add_comment", ``, ""},
		{"POST", "/api/method/run_doc_method", `{"dt":"Payment Request","dn":"P","method":"set_as_paid"}`, "submit Payment Request"},
		{"GET", si + "?run_method=submit", ``, submit},
		{"GET", si, `{"run_method":"submit"}`, submit},
		{"GET", "/api/v2/document/Sales Invoice/S/method/submit", ``, submit},
		{"GET", "/api/method/run_doc_method?dt=Sales%20Invoice&dn=S&method=submit", ``, submit},
		{"GET", "/api/method/price_list", ``, ""},
		{"PUT", "/api/resource/Sales Inv\u200boice/S", `{"docstatus":1}`, "submit Sales Inv\u200boice"},
		{"POST", "/api/method/run_doc_method", `{"dt":"Bulk Update","dn":"Bulk Update","method":"bulk_update"}`, "save Bulk Update"},
	}
}

// standing is what bills or writes by itself, and what writes at once.
func standing() [][4]string {
	return [][4]string{
		{"POST", "/api/resource/Subscription", `{"party":"C"}`, "save Subscription"},
		{"PUT", "/api/resource/Auto Repeat/A", `{"disabled":0}`, "save Auto Repeat"},
		{"PUT", "/api/resource/Issue/I", `{"parenttype":"Subscription","parent":"S"}`, "save Subscription"},
		{"POST", "/api/resource/Subscription/S?run_method=process", ``, "save Subscription"},
		{"POST", "/api/resource/Subscription/S?run_method=cancel_subscription", ``, "save Subscription"},
		{"POST", "/api/method/frappe.automation.doctype.auto_repeat.auto_repeat.make_auto_repeat", `{"doctype":"Quotation","docname":"Q"}`, "send Quotation"},
		{"POST", "/api/resource/Payment Request/P?run_method=resend_payment_email", ``, "send Payment Request"},
		{"GET", "/api/resource/Payment Request/P?run%5Fmethod=resend_payment_email", ``, "send Payment Request"},
		{"GET", "/api/method/frappe.core.doctype.sms_settings.sms_settings.send_sms?msg=x", ``, "send "},
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","send_email":1}`, "send Issue"},
	}
}

// free is what nobody has to wait with.
func free() [][4]string {
	return [][4]string{
		{"GET", "/api/resource/Sales Invoice?filters=" + url.QueryEscape(`{"docstatus":1}`), ``, ""},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Sales Invoice","filters":{"docstatus":1}}`, ""},
		{"POST", "/api/method/frappe.client.get_list", `{"doctype":"Subscription","filters":"{\"docstatus\":1}"}`, ""},
		{"GET", "/api/method/frappe.client.get?doctype=Subscription&name=S", ``, ""},
		{"POST", "/api/resource/Sales Invoice", `{"customer":"C","docstatus":0,"items":[{"docstatus":0}]}`, ""},
		{"POST", "/api/resource/Sales Invoice", `{"customer":"C","docstatus":null}`, ""},
		{"PUT", si, `{"remarks":"[x] {docstatus: 1}"}`, ""},
		{"PUT", si, `{"docstatus":2}`, ""},
		{"POST", si + "?run_method=cancel", ``, ""},
		{"POST", "/api/method/frappe.client.cancel", `{"doctype":"Sales Invoice","name":"S"}`, ""},
		{"POST", "/api/method/frappe.desk.form.linked_with.get_submitted_linked_docs", `{"doctype":"Sales Invoice","name":"S"}`, ""},
		{"DELETE", "/api/resource/Subscription/S", ``, ""},
		{"POST", "/api/method/frappe.client.delete", `{"doctype":"Subscription","name":"S"}`, ""},
		{"PUT", "/api/resource/Quotation/Q", `{"docstatus":1}`, ""},
		{"POST", "/api/resource/Stock Entry", `{"docstatus":1}`, ""},
		{"POST", "/api/resource/Service Subscription", `{"status":"Actif"}`, ""},
		{"POST", "/api/method/upload_file", ``, ""},
		{"POST", "/api/method/frappe.core.doctype.communication.email.make", `{"doctype":"Issue","send_email":0}`, ""},
	}
}

// TestNothingHidesASubmission puts a submission into ever more wrappings.
func TestNothingHidesASubmission(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doctype := rapid.SampledFrom([]string{"Sales Invoice", "Payment Entry", "Payment Request", "POS Invoice", "Dunning"}).Draw(t, "doctype")
		state := rapid.SampledFrom([]any{1, "1", true, 1.0, " 1", "yes"}).Draw(t, "state")
		var value any = map[string]any{"doctype": doctype, "docstatus": state}
		for range rapid.IntRange(0, 8).Draw(t, "wraps") {
			switch rapid.SampledFrom([]string{"list", "doc", "text", "beside"}).Draw(t, "wrap") {
			case "list":
				value = []any{map[string]any{"doctype": "Issue"}, value}
			case "doc":
				value = map[string]any{rapid.SampledFrom([]string{"doc", "docs", "data", "values", "x"}).Draw(t, "key"): value, "docstatus": 0}
			case "text":
				value = textOf(value)
			case "beside":
				value = map[string]any{"a": rapid.StringN(0, 8, 20).Draw(t, "noise"), "b": value}
			}
		}
		body := textOf(value)
		if rapid.Bool().Draw(t, "form") {
			body = url.Values{"doc": {body}}.Encode()
		}
		target := rapid.SampledFrom([]string{"/api/method/frappe.client.save", "/api/v2/method/frappe.client.insert", "/api/resource/Issue", "/"}).Draw(t, "target")
		if len(charge.Changes(charge.Request{Method: "POST", Target: target, Body: []byte(body)})) == 0 {
			t.Fatalf("%s %s passes", target, body)
		}
	})
}

func textOf(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(raw)
}

// FuzzChanges never panics or hangs, and lets no plain submission by.
func FuzzChanges(f *testing.F) {
	for _, body := range []string{`{"docstatus":1}`, `a=b&docstatus=1`, strings.Repeat("[", 5000), `{"docstatus":`, "--x", `{"data":"{"}`} {
		f.Add("/api/resource/Sales%20Invoice/S?x=%zz", body)
	}
	f.Fuzz(func(t *testing.T, target, body string) {
		charge.Changes(charge.Request{Method: "GET", Target: target})
		got := charge.Changes(charge.Request{Method: "PUT", Target: target, Body: []byte(body)})
		var doc map[string]any
		path, _, _ := strings.Cut(target, "?")
		if json.Unmarshal([]byte(body), &doc) == nil && doc["docstatus"] == 1.0 && path == "/api/resource/Sales%20Invoice/S" && len(got) == 0 {
			t.Errorf("%s passes", body)
		}
	})
}
