package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestEverySenderIsTakenIn knocks at the doors of payments, trucks and mails: a
// payment is kept for a person and nothing is done about it, the rest is worked
// off, and none of them is believed without its proof.
func TestEverySenderIsTakenIn(t *testing.T) {
	t.Parallel()
	const cash, truck, mail = "whsec_town", "truck-town", "mail-town"
	w := newTown(t)
	h := w.startWith(t, overridden(w.environ(), []string{
		"TARGO_STRIPE_WEBHOOK_SECRET=" + cash, "TARGO_TRACCAR_WEBHOOK_SECRET=" + truck,
		"TARGO_MAILJET_WEBHOOK_USER=hub", "TARGO_MAILJET_WEBHOOK_PASSWORD=" + mail,
	}))
	paid := `{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1763800000,` +
		`"data":{"object":{"id":"pi_1","object":"payment_intent","amount":932,"customer":"cus_1"}}}`
	now := time.Now().Unix()
	mac := hmac.New(sha256.New, []byte(cash))
	fmt.Fprintf(mac, "%d.%s", now, paid)
	for _, c := range []struct {
		source, body, header, proof, status string
	}{
		{"stripe", paid, "Stripe-Signature", fmt.Sprintf("t=%d,v1=%x", now, mac.Sum(nil)), "held"},
		{"traccar", `{"position":{"id":0,"deviceId":7,"fixTime":"2026-11-22T10:11:12.000+00:00","latitude":45.1,"longitude":-74}}`,
			"X-Webhook-Secret", truck, "done"},
		{"mailjet", `[{"event":"open","time":1763800000,"MessageID":4,"CustomID":"of nobody"}]`, "Authorization", "", "done"},
	} {
		r, err := http.NewRequest(http.MethodPost, h.url+"/webhooks/"+c.source, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if status := knock(t, r.Clone(t.Context()), c.body); status != http.StatusUnauthorized {
			t.Errorf("%s without a proof was answered %d", c.source, status)
		}
		if r.Header.Set(c.header, c.proof); c.proof == "" {
			r.SetBasicAuth("hub", mail)
		}
		if status := knock(t, r, c.body); status != http.StatusOK {
			t.Errorf("%s was answered %d", c.source, status)
		}
		await(t, c.source+" is "+c.status, func() bool { return h.inbox(t, "source="+c.source+"&status="+c.status).count == 1 })
	}
}

// knock sends a request with a body and returns the status.
func knock(t *testing.T, r *http.Request, body string) int {
	t.Helper()
	again, err := http.NewRequestWithContext(t.Context(), r.Method, r.URL.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	again.Header = r.Header
	resp, err := http.DefaultClient.Do(again)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
