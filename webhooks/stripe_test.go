package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/stripe"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	cashSecret = "whsec_aW52ZW50ZWQ"
	cashPaid   = `{"id":"evt_0001","object":"event","api_version":"2026-03-25.dahlia","created":1763800000,"livemode":false,` +
		`"type":"payment_intent.succeeded","data":{"object":{"id":"pi_0001","object":"payment_intent","amount":932,"customer":"cus_0001"}}}`
)

func cashSign(secret string, body []byte, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("%x", mac.Sum(nil))
}

func cashProof(body []byte, at time.Time) http.Header {
	return http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at.Unix(), cashSign(cashSecret, body, at))}}
}

func TestStripeConforms(t *testing.T) {
	t.Parallel()
	put := func(form string) func([]byte, http.Header) {
		return func(b []byte, h http.Header) {
			now := time.Now()
			good, other := cashSign(cashSecret, b, now), cashSign("whsec_b3RoZXI", b, now)
			h.Set("Stripe-Signature", strings.NewReplacer("T", fmt.Sprint(now.Unix()), "GOOD", good, "OTHER", other).Replace(form))
		}
	}
	inboxtest.Conforms(t, inboxtest.Specimen{
		Source: webhooks.Stripe([]config.Secret{cashSecret}, nil), Good: []byte(cashPaid), Final: keep.Held,
		Undecodable: []byte(`{"id":"evt_2","object":"event","type":"charge.refunded","data":{"object":{}}}`),
		Unknown:     []byte(`{"id":"evt_3","object":"event","type":"product.created","data":{"object":{"id":"prod_1","object":"product"}}}`),
		Prove:       cashProof, Proof: "Stripe-Signature", Window: 300 * time.Second,
		Spoil: map[string]func([]byte, http.Header){
			"other secret": put("t=T,v1=OTHER"), "no time": put("v1=GOOD"), "no signature": put("t=T"), "older scheme": put("t=T,v0=GOOD"),
			"two times": put("t=T,t=T,v1=GOOD"), "a time of none": put("t=,v1=GOOD"), "upper case": func(b []byte, h http.Header) {
				now := time.Now()
				h.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now.Unix(), strings.ToUpper(cashSign(cashSecret, b, now))))
			},
		},
	})
}

func TestStripeSecretsAreRolled(t *testing.T) {
	t.Parallel()
	now, body := time.Now(), []byte(cashPaid)
	other := config.Secret("whsec_b3RoZXI")
	good, also := cashSign(cashSecret, body, now), cashSign(other.Reveal(), body, now)
	for _, c := range []struct {
		name    string
		secrets []config.Secret
		header  string
		status  int
	}{
		{"none", nil, "v1=" + good, 503},
		{"empty ones", []config.Secret{"", " \n"}, "v1=" + good, 503},
		{"the second of theirs", []config.Secret{cashSecret}, "v1=" + also + ",v1=" + good, 200},
		{"the second of ours", []config.Secret{other, cashSecret}, "v1=" + good, 200},
		{"both", []config.Secret{other, cashSecret}, "v1=" + good + ",v1=" + also + ",v0=abc", 200},
		{"neither", []config.Secret{"whsec_c29tZQ"}, "v1=" + good + ",v1=" + also, 401},
	} {
		h := inboxtest.New(t, webhooks.Stripe(c.secrets, nil))
		header := http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,%s", now.Unix(), c.header)}}
		if got := h.Send(http.MethodPost, "/webhooks/stripe", header, body); got.Code != c.status {
			t.Errorf("%s: answered %+v", c.name, got)
		}
	}
}

// TestStripeMoneyIsKeptUntilBillingTakesItUp holds what is about money, does
// nothing with it, and hands it over when there is something that keeps the
// books.
func TestStripeMoneyIsKeptUntilBillingTakesItUp(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, webhooks.Stripe([]config.Secret{cashSecret}, nil))
	h.Work()
	body := []byte(cashPaid)
	got := h.Send(http.MethodPost, "/webhooks/stripe", cashProof(body, time.Now()), body)
	job := h.Becomes(got.ID, keep.Held)
	if job.State != "kept" || job.Lane != "stripe:cus_0001" || job.Dedupe != "evt_0001" || !strings.Contains(job.Note, "until billing") {
		t.Errorf("kept as %+v", job)
	}
	var heard stripe.Event
	source := webhooks.Stripe([]config.Secret{cashSecret}, func(_ context.Context, e stripe.Event) (inbox.Taken, error) {
		heard = e
		return inbox.Taken{State: "booked"}, nil
	})
	result, err := source.Take(t.Context(), job)
	if err != nil || result.State != "booked" || result.Hold || heard.ObjectID != "pi_0001" || heard.Payment != "pi_0001" || heard.Live {
		t.Errorf("taken up as %+v, %v: %+v", result, err, heard)
	}
}
