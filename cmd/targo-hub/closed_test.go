package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// closing is a way in which a quotation stops being open after its customer got
// the link.
type closing struct {
	state string // as the answers name it
	says  string // on the customer's page
	upset func(t *testing.T, w *town, quotation string)
}

func closings() []closing {
	put := func(doc map[string]any) func(*testing.T, *town, string) {
		return func(t *testing.T, w *town, quotation string) {
			doc["name"] = quotation
			w.put(t, "Quotation", doc)
		}
	}
	lastWeek := time.Now().AddDate(0, 0, -7).Format(time.DateOnly)
	return []closing{
		{"expired", "Elle a expiré", put(map[string]any{"transaction_date": lastWeek, "valid_till": lastWeek})},
		{"lost", "refusée", put(map[string]any{"docstatus": 1, "status": "Lost"})},
		{"ordered", "déjà commandée", order},
		{"cancelled", "annulée", cancel},
		{"amended", "remplacée", func(t *testing.T, w *town, quotation string) {
			cancel(t, w, quotation)
			w.quotation(t, "Commercial", map[string]any{"amended_from": quotation, "docstatus": 0})
		}},
	}
}

// order makes the Sales Order that makes a quotation an ordered one.
func order(t *testing.T, w *town, quotation string) {
	t.Helper()
	w.put(t, "Quotation", map[string]any{"name": quotation, "docstatus": 1})
	q, err := w.site.Doc("Quotation", quotation)
	if err != nil {
		t.Fatal(err)
	}
	items := []any{}
	for _, row := range q["items"].([]any) {
		r := row.(map[string]any)
		items = append(items, map[string]any{
			"item_code": r["item_code"], "item_name": r["item_name"], "qty": r["qty"], "rate": r["rate"], "uom": "Nos", "conversion_factor": 1,
			"prevdoc_docname": quotation, "delivery_date": time.Now().AddDate(0, 0, 7).Format(time.DateOnly),
		})
	}
	w.put(t, "Sales Order", map[string]any{
		"customer": q["party_name"], "company": "TARGO", "order_type": "Sales", "currency": "CAD", "conversion_rate": 1, "docstatus": 1,
		"selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1, "items": items,
	})
}

func cancel(t *testing.T, w *town, quotation string) {
	t.Helper()
	w.put(t, "Quotation", map[string]any{"name": quotation, "docstatus": 1})
	w.put(t, "Quotation", map[string]any{"name": quotation, "docstatus": 2})
}

// refusal is a problem with the state that it is about.
type refusal struct {
	Code  string
	State struct{ State, Quotation string }
}

// TestSignedTooLate closes quotations between the signature and its delivery:
// the signature is parked with the reason, nothing is made, and staff and
// customers are told the state.
func TestSignedTooLate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	for _, c := range closings() {
		t.Run(c.state, func(t *testing.T) {
			form := w.signedDraft(t, h)
			c.upset(t, w, form.quotation)
			if status := h.deliver(t, form.body); status != http.StatusOK {
				t.Fatalf("the delivery was answered %d", status)
			}
			parked := h.awaitParked(t, form.quotation)
			if !strings.Contains(parked, c.state) {
				t.Errorf("it is parked because %q, want the state %s", parked, c.state)
			}
			w.none(t, "Service Contract", "quotation", form.quotation)
			var p refusal
			status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": form.quotation}, &p)
			if status != http.StatusConflict || p.Code != "quotation-not-open" || p.State.State != c.state || p.State.Quotation != form.quotation {
				t.Errorf("generate answered %d %+v", status, p)
			}
		})
	}
	w.checkNothingSent(t)
}

// signedDraft is a signed form of a quotation that can still be changed.
func (w *town) signedDraft(t *testing.T, h *running) signedForm {
	t.Helper()
	f := signedForm{quotation: w.quotation(t, "Commercial", map[string]any{"docstatus": 0})}
	var made struct {
		EnvelopeID string `json:"envelope_id"`
	}
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": f.quotation}, &made); status != http.StatusCreated {
		t.Fatalf("generate answered %d", status)
	}
	f.body = w.complete(t, made.EnvelopeID)
	return f
}

// awaitParked waits until the signature of a quotation is dead and returns why.
func (h *running) awaitParked(t *testing.T, quotation string) (reason string) {
	t.Helper()
	await(t, "the signature of "+quotation+" is parked", func() bool {
		page := h.inbox(t, "source=acceptance&status=dead&q="+url.QueryEscape(quotation))
		if page.count == 1 {
			reason = page.Items[0].Reason
		}
		return page.count == 1
	})
	return reason
}

func (w *town) none(t *testing.T, doctype, field string, value any) {
	t.Helper()
	if docs, err := w.site.All(doctype, map[string]any{field: value}); err != nil || len(docs) > 0 {
		t.Errorf("%d documents of type %s with %s = %v, error %v; want none", len(docs), doctype, field, value, err)
	}
}

// TestLinkOpenedTooLate: the page says why, shows no form, and neither way of
// signing gets through.
func TestLinkOpenedTooLate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	yes := url.Values{"name": {"Ève Tremblay"}, "consents": {"terms", "electronic"}}
	for _, c := range closings() {
		t.Run(c.state, func(t *testing.T) {
			quotation := w.quotation(t, "Résidentiel", map[string]any{"docstatus": 0})
			page := h.link(t, quotation)
			c.upset(t, w, quotation)
			if text := fetch(t, page, http.StatusOK); !strings.Contains(text, c.says) || strings.Contains(text, "<form") {
				t.Errorf("the page does not say %q, or still has its form:\n%s", c.says, text)
			}
			resp, err := http.PostForm(page, yes)
			if err != nil || resp.StatusCode != http.StatusConflict {
				t.Errorf("the form was answered %v, error %v", resp.StatusCode, err)
			}
			_ = resp.Body.Close()
			body := map[string]any{"token": tokenOf(page), "name": "Ève Tremblay", "consents": []string{"terms"}}
			if status, a := h.confirm(t, "/accept/confirm", body); status != http.StatusConflict || a.Code != "quotation-not-open" {
				t.Errorf("confirm answered %d %s", status, a.Code)
			}
			w.none(t, "Service Contract", "quotation", quotation)
		})
	}
}

// TestReopenedQuotation: a person prolongs the quotation that a signature was
// parked for, DocuSeal's operator sends the event again, and it becomes work.
func TestReopenedQuotation(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	form := w.signedDraft(t, h)
	closings()[0].upset(t, w, form.quotation)
	h.deliver(t, form.body)
	h.awaitParked(t, form.quotation)
	w.put(t, "Quotation", map[string]any{"name": form.quotation, "valid_till": time.Now().AddDate(0, 1, 0).Format(time.DateOnly)})
	if status := h.deliver(t, form.body); status != http.StatusOK {
		t.Fatalf("the repeated delivery was answered %d", status)
	}
	w.checkOne(t, h, form.quotation)
}

// TestAcceptedElsewhere: a signature of an accepted quotation finds what is
// there and makes what is missing; a link of one is a conflict, and its page says
// that it is accepted.
func TestAcceptedElsewhere(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	accepted := func(quotation string) {
		w.put(t, "Quotation", map[string]any{"name": quotation, "custom_accepted_at": time.Now().UTC().Format(time.DateTime)})
	}
	form := w.signed(t, h)
	accepted(form.quotation)
	h.deliver(t, form.body)
	w.checkOne(t, h, form.quotation)

	quotation := w.quotation(t, "Résidentiel", nil)
	page := h.link(t, quotation)
	accepted(quotation)
	body := map[string]any{"token": tokenOf(page), "name": "Ève Tremblay", "consents": []string{"terms"}}
	if status, a := h.confirm(t, "/accept/confirm", body); status != http.StatusConflict || a.Code != "quotation-accepted" {
		t.Errorf("confirm answered %d %s", status, a.Code)
	}
	resp, err := http.PostForm(page, url.Values{"name": {"Ève Tremblay"}, "consents": {"terms", "electronic"}})
	if err != nil || resp.StatusCode != http.StatusOK || resp.Request.Method != http.MethodGet {
		t.Errorf("the form led to %v, error %v; want the page", resp, err)
	}
	_ = resp.Body.Close()
	w.none(t, "Service Contract", "quotation", quotation)
}
