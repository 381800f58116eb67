package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/simkit"
)

// phoned starts a hub whose provider for SMS reaches it in both directions.
func (w *town) phoned(t *testing.T) *running {
	t.Helper()
	environ := w.environ()
	address := valueOf(environ, "TARGO_LISTEN")
	environ = append(environ, "TARGO_PUBLIC_URL=http://"+address, "TARGO_OUTBOX_MODE=live", "TARGO_OUTBOX_LIVE_ACK="+address)
	h := w.startWith(t, environ)
	w.sms.SetInbound(h.url + "/webhooks/twilio/sms")
	return h
}

// text lets somebody write to the company.
func (w *town) text(t *testing.T, from, body string) {
	t.Helper()
	order, err := json.Marshal(map[string]any{"from": from, "to": "+15145550199", "body": body})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	w.sms.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/_sim/receive", bytes.NewReader(order)))
	if !strings.Contains(answer.Body.String(), `"http_status":200`) {
		t.Fatalf("the hub did not take a text: %s", answer.Body)
	}
}

// written lists what stands in ERPNext of the texts of a number, and on which
// documents.
func (w *town) written(t *testing.T, from string) (contents []string, on map[string]bool) {
	t.Helper()
	docs, err := w.site.All("Communication", []any{[]any{"phone_no", "=", from}})
	if err != nil {
		t.Fatal(err)
	}
	on = map[string]bool{}
	for _, doc := range docs {
		contents = append(contents, fmt.Sprint(doc["content"]))
		on[fmt.Sprint(doc["reference_doctype"], " ", doc["reference_name"])] = true
	}
	return contents, on
}

func (w *town) served(t *testing.T, name, phone string) {
	t.Helper()
	w.put(t, "Customer", map[string]any{"name": name, "customer_name": name, "customer_type": "Individual", "cell_phone": phone})
}

// Two texts of a customer end on one Issue, in order; a STOP reaches the
// customer's record and stops offers, a START takes it back.
func TestCustomerWrites(t *testing.T) {
	t.Parallel()
	const from = "+15145550123"
	w := newTown(t)
	h := w.phoned(t)
	w.served(t, "CUST-EVE", "514 555-0123")
	w.put(t, "Service Contract", map[string]any{"name": "CTR-1", "customer": "CUST-EVE", "status": "Actif"})
	w.text(t, from, "Mon téléphone ne marche plus")
	w.text(t, from, "Êtes-vous là? 🛠️")
	var contents []string
	var on map[string]bool
	await(t, "both texts are written", func() bool {
		contents, on = w.written(t, from)
		return len(contents) == 2
	})
	if len(on) != 1 || contents[0] != "<p>Mon téléphone ne marche plus</p>" || contents[1] != "<p>Êtes-vous là? 🛠️</p>" {
		t.Errorf("written %q on %v", contents, on)
	}
	offer := func() string {
		var out struct{ ID, Status string }
		h.call(t, "POST", "/messages", map[string]any{"channel": "sms", "to": from, "body": "Nouveau forfait", "customer": "CUST-EVE", "purpose": "commercial", "urgent": true}, &out)
		return h.awaitMessage(t, out.ID, "delivered", "failed", "captured").Status
	}
	box := func(want int64) bool {
		doc, err := w.site.Doc("Customer", "CUST-EVE")
		return err == nil && doc["sms_opt_out"] == want
	}
	if status := offer(); status != "delivered" {
		t.Errorf("an offer to who has a contract is %s", status)
	}
	w.text(t, from, "arrêt")
	await(t, "the record says no", func() bool { return box(1) })
	if status := offer(); status != "failed" {
		t.Errorf("an offer after a STOP is %s", status)
	}
	w.text(t, from, "START")
	await(t, "the record says yes again", func() bool { return box(0) })
	if status := offer(); status != "delivered" {
		t.Errorf("an offer after a START is %s", status)
	}
}

// A STOP counts at once, while ERPNext is away and an earlier text of the number
// waits for it; then both are written, in order, and the record says no.
func TestStopWhileERPNextIsAway(t *testing.T) { // alone: the longer ERPNext is away, the longer texts wait
	const from = "+15145550124"
	w := newTown(t)
	h := w.phoned(t)
	w.served(t, "CUST-IVY", "514 555-0124")
	w.site.Fault().Fail(simkit.Fault{Status: http.StatusServiceUnavailable, Next: 1 << 20})
	w.text(t, from, "Allo")
	w.text(t, from, "ARRET")
	await(t, "the STOP is in the ledger", func() bool {
		var stops struct{ Items []struct{ Source string } }
		return h.call(t, "GET", "/messages/opt-outs?to="+url.QueryEscape(from), nil, &stops) == 200 && len(stops.Items) == 1 && stops.Items[0].Source == "STOP"
	})
	if contents, _ := w.written(t, from); len(contents) != 0 {
		t.Errorf("written %q", contents)
	}
	w.site.Fault().Reset()
	await(t, "both texts are written", func() bool {
		contents, _ := w.written(t, from)
		return len(contents) == 2 && contents[0] == "<p>Allo</p>" && contents[1] == "<p>ARRET</p>"
	})
	await(t, "the record says no", func() bool {
		doc, err := w.site.Doc("Customer", "CUST-IVY")
		return err == nil && doc["sms_opt_out"] == int64(1)
	})
}

// The texts of a number that two customers share wait for a person.
func TestSharedNumber(t *testing.T) {
	t.Parallel()
	const from = "+14505550177"
	w := newTown(t)
	h := w.phoned(t)
	w.served(t, "CUST-ANN", "(450) 555-0177")
	w.served(t, "CUST-BOB", "450-555-0177")
	w.text(t, from, "un")
	w.text(t, from, "deux")
	var list struct {
		Items []struct {
			ID         string
			Texts      []struct{ Body string }
			Candidates []struct{ Customer string }
		}
	}
	await(t, "the conversation is listed", func() bool {
		return h.call(t, "GET", "/conversations?status=unassigned", nil, &list) == 200 && len(list.Items) == 1 && len(list.Items[0].Texts) == 2
	})
	if contents, _ := w.written(t, from); len(contents) != 0 || len(list.Items[0].Candidates) != 2 {
		t.Errorf("written %q, candidates %v", contents, list.Items[0].Candidates)
	}
	if status := h.call(t, "POST", "/conversations/"+list.Items[0].ID+"/assign", map[string]string{"customer": "CUST-BOB"}, nil); status != 200 {
		t.Fatalf("assigning: %d", status)
	}
	await(t, "the texts are written", func() bool {
		contents, on := w.written(t, from)
		return len(contents) == 2 && contents[0] == "<p>un</p>" && len(on) == 1
	})
	w.text(t, from, "trois")
	await(t, "the next text follows", func() bool {
		contents, on := w.written(t, from)
		return len(contents) == 3 && len(on) == 1
	})
}
