package vision_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/gemini/geminisim"
	"gigafibre.ca/targo-hub/hub/vision"
)

const paper = `{"supplier":"Câbles Untel","supplier_tax_ids":{"gst":"123456789 RT 0001"},"invoice_number":"F-1001","invoice_date":"2026-11-20",
	"lines":[{"description":"Câble","qty":2,"unit_price":50,"amount":100}],"subtotal":100,"gst":5,"qst":9.98,"total":%s,"confidence":0.9}`

func TestInvoiceIsReadAndChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(strings.Replace(paper, "%s", "120", 1))})
	a := b.post(t, "/vision/invoice", tech, shot(wall(320, 240)))
	var got struct {
		vision.Invoice
		Total string `json:"total"`
		Draft any    `json:"draft"`
	}
	a.into(t, &got)
	if a.status != http.StatusOK || got.Total != "120.00" || got.Draft != nil || got.Engine != "gemini" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if diff := cmp.Diff([]string{"total_mismatch"}, got.Issues); diff != "" {
		t.Error(diff)
	}
	if a := b.post(t, "/vision/invoice", "staff:ann", shot(wall(320, 240), "draft", true)); a.status != http.StatusServiceUnavailable || !strings.Contains(a.text, "ERPNext") {
		t.Errorf("a draft without ERPNext: %d %s", a.status, a.text)
	}
}

// A draft is entered once, by the office only; its picture hangs there when the
// settings say so, and is private.
func TestInvoiceBecomesADraft(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		cfg := plenty()
		cfg.KeepImages = keep
		b := newBench(t, set{cfg: cfg, books: true})
		b.sim.Answer(geminisim.Order{JSON: json.RawMessage(strings.Replace(paper, "%s", "114.98", 1))})
		if a := b.post(t, "/vision/invoice", tech, shot(wall(320, 240), "draft", true)); a.status != http.StatusForbidden || len(b.sim.Asked()) != 0 {
			t.Errorf("a technician: %d %s", a.status, a.text)
		}
		var names []string
		for _, status := range []string{"draft", "duplicate"} {
			var got vision.Invoice
			b.post(t, "/vision/invoice", "staff:ann", shot(wall(320, 240), "draft", true)).into(t, &got)
			if got.Draft == nil || got.Draft.Status != status || got.Draft.Picture != keep || len(got.Issues) > 0 {
				t.Fatalf("%+v", got)
			}
			names = append(names, got.Draft.Invoice)
		}
		if names[0] == "" || names[0] != names[1] {
			t.Errorf("%v", names)
		}
		if text := b.logs.String(); strings.Contains(text, "Untel") || strings.Contains(text, "F-1001") {
			t.Errorf("logged %s", text)
		}
	}
}

// Without knowing whose it is nothing is entered; who asks can say.
func TestWhoseInvoice(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty(), books: true})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(strings.NewReplacer("%s", "114.98", "Câbles Untel", "Inconnue", "123456789 RT 0001", "").Replace(paper))})
	var got vision.Invoice
	b.post(t, "/vision/invoice", "staff:ann", shot(wall(320, 240), "draft", true)).into(t, &got)
	if got.Draft == nil || got.Draft.Status != "not_entered" || len(got.Issues) != 1 || got.Issues[0] != "supplier_unknown" {
		t.Errorf("%+v", got)
	}
	b.post(t, "/vision/invoice", "staff:ann", shot(wall(320, 240), "draft", true, "supplier", "Câbles Untel")).into(t, &got)
	if got.Draft == nil || got.Draft.Status != "draft" || got.Draft.MatchedBy != "caller" {
		t.Errorf("%+v", got)
	}
	before := len(b.sim.Asked())
	if a := b.post(t, "/vision/invoice", "staff:ann", shot(wall(320, 240), "draft", true, "supplier", "Personne")); len(b.sim.Asked()) != before || a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// That ERPNext does not take it is said, and the reading is not lost.
func TestAReadingOutlivesItsDraft(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty(), books: true, account: "Nulle part - T"})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(strings.Replace(paper, "%s", "114.98", 1))})
	a := b.post(t, "/vision/invoice", "staff:ann", shot(wall(320, 240), "draft", true))
	var got vision.Invoice
	a.into(t, &got)
	if a.status != http.StatusOK || got.InvoiceNumber != "F-1001" || got.Draft == nil || got.Draft.Status != "not_entered" || got.Draft.Reason == "" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if strings.Contains(b.logs.String(), "F-1001") {
		t.Error("the number was logged")
	}
}
