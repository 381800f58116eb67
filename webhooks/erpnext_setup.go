package webhooks

import "strings"

// ERPNextWebhook is a document of ERPNext's doctype Webhook, as it is posted to
// /api/resource/Webhook.
type ERPNextWebhook struct {
	Doctype        string          `json:"doctype"`
	Name           string          `json:"__newname"`
	WebhookDoctype string          `json:"webhook_doctype"`
	DocEvent       string          `json:"webhook_docevent"`
	URL            string          `json:"request_url"`
	Method         string          `json:"request_method"`
	Structure      string          `json:"request_structure"`
	Body           string          `json:"webhook_json"`
	Headers        []ERPNextHeader `json:"webhook_headers"`
	Security       int             `json:"enable_security"`
	Secret         string          `json:"webhook_secret"`
	Timeout        int             `json:"timeout"`
	Enabled        int             `json:"enabled"`
}

// ERPNextHeader is a header that a Webhook sends.
type ERPNextHeader struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ERPNextWebhooks are the documents that an operator creates in ERPNext so that
// it tells the hub at the address ("https://hub.example.com") of every change of
// the doctypes. Three for each: after_insert; on_change, which is every later
// change, a submission, a cancellation or a single value set by the program
// included; on_trash. The secret is the hub's setting erpnext.webhook_secret.
func ERPNextWebhooks(address, secret string, doctypes ...string) []ERPNextWebhook {
	var list []ERPNextWebhook
	for _, doctype := range doctypes {
		for _, event := range []string{onInsert, onChange, onTrash} {
			list = append(list, ERPNextWebhook{
				Doctype: "Webhook", Name: "targo-hub " + doctype + " " + event, WebhookDoctype: doctype, DocEvent: event,
				URL: strings.TrimSuffix(address, "/") + "/webhooks/erpnext", Method: "POST", Structure: "JSON",
				Body: erpnextBody(doctype, event), Headers: []ERPNextHeader{{"Content-Type", "application/json"}},
				Security: 1, Secret: secret, Timeout: 5, Enabled: 1,
			})
		}
	}
	return list
}

// erpnextBody is the template of the body. A Webhook without one sends nothing
// that names the document, and nothing ever names the event by itself.
func erpnextBody(doctype, event string) string {
	customer := `{{ (doc.get("customer") or "") | tojson }}`
	if doctype == "Quotation" { // it may also be for somebody who is no customer yet
		customer = `{% if doc.quotation_to == "Customer" %}{{ (doc.party_name or "") | tojson }}{% else %}""{% endif %}`
	}
	return `{"doctype": {{ doc.doctype | tojson }}, "name": {{ doc.name | tojson }}, "modified": "{{ doc.modified }}", ` +
		`"event": "` + event + `", "docstatus": {{ doc.docstatus or 0 }}, ` +
		`"status": {{ (doc.get("status") or "") | tojson }}, "customer": ` + customer + `}`
}
