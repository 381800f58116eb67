package stripe_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/stripe"
)

func signed(secret string, body []byte, at int64) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at, body)
	return fmt.Sprintf("t=%d,v1=%x", at, mac.Sum(nil))
}

func TestHeadersThatProveNothing(t *testing.T) {
	t.Parallel()
	const secret = "whsec_invented"
	body, now := []byte(`{}`), time.Unix(1_763_800_000, 0)
	good := signed(secret, body, now.Unix())
	sum := good[len("t=1763800000,v1="):]
	for header, genuine := range map[string]bool{
		good: true, good + ",v0=" + sum: true, "v1=" + sum + ",t=1763800000": true, "x=1," + good: true,
		"": false, "t=1763800000": false, "v1=" + sum: false, "t=1763800000,v0=" + sum: false, "t=1763800000, v1=" + sum: false,
		"t=01763800000,v1=" + sum: false, "t=+1763800000,v1=" + sum: false, "t=1763800000.0,v1=" + sum: false, "t=-1,v1=" + sum: false,
		"t=99999999999999999999,v1=" + sum: false, "t=1763800000,t=1763800000,v1=" + sum: false, good + "=": false, good[:len(good)-1]: false,
	} {
		if err := stripe.Verify([]string{header}, body, now, secret); (err == nil) != genuine || (err != nil && !errors.Is(err, stripe.ErrSignature)) {
			t.Errorf("%q: %v", header, err)
		}
	}
	for name, err := range map[string]error{
		"two headers": stripe.Verify([]string{good, good}, body, now, secret), "no header": stripe.Verify(nil, body, now, secret),
		"no secret": stripe.Verify([]string{good}, body, now), "an empty one": stripe.Verify([]string{signed("", body, now.Unix())}, body, now, ""),
		"too old":   stripe.Verify([]string{good}, body, now.Add(301*time.Second), secret),
		"too early": stripe.Verify([]string{good}, body, now.Add(-301*time.Second), secret),
	} {
		if !errors.Is(err, stripe.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := good
	for range 20 {
		many += ",v1=" + sum
	}
	if err := stripe.Verify([]string{many}, body, now, secret); err == nil {
		t.Error("a header with twenty signatures passes")
	}
}

func TestParseEvent(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1763800000,"data":{"object":{"id":"pi_1","object":"payment_intent","customer":"cus_1"}}}`:                      "pi_1 cus_1 pi_1 stripe:cus_1 true",
		`{"id":"evt_2","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","object":"charge","customer":null,"payment_intent":"pi_2"}}}`:                                       "ch_1  pi_2 stripe:pi_2 true",
		`{"id":"evt_3","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_1","object":"checkout.session","customer":{"id":"cus_3"},"payment_intent":{"id":"pi_3"}}}}`: "cs_1 cus_3 pi_3 stripe:cus_3 true",
		`{"id":"evt_4","object":"event","type":"product.created","data":{"object":{"id":"prod_1"}}}`:                                                                                               "prod_1   stripe:prod_1 false",
		`{"id":"evt_5","object":"event","type":"ping"}`: "    false",
	} {
		e, err := stripe.ParseEvent([]byte(body))
		got := fmt.Sprintf("%s %s %s %s %v", e.ObjectID, e.Customer, e.Payment, e.Lane(), e.Money())
		if err != nil || got != want {
			t.Errorf("%s was read as %q, %v", e.ID, got, err)
		}
	}
	for _, body := range []string{
		"", "null", "[]", "{}", `{"id":"","object":"event","type":"x"}`, `{"id":"evt_1","object":"v2.core.event","type":"x"}`,
		`{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{}}}`, `{"id":"evt_1","object":"event"}`,
		`{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":[]}}`, `{"id":7,"object":"event","type":"x"}`,
	} {
		if e, err := stripe.ParseEvent([]byte(body)); err == nil {
			t.Errorf("%s was read as %+v", body, e)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg     stripe.Config
		secrets int
		wrong   bool
	}{
		{stripe.Config{}, 0, false},
		{stripe.Config{WebhookSecret: "a"}, 1, false},
		{stripe.Config{WebhookSecret: "a", WebhookSecretNext: "b"}, 2, false},
		{stripe.Config{WebhookSecretNext: config.Secret("b")}, 1, true},
	} {
		if err := c.cfg.Validate(); (err != nil) != c.wrong || len(c.cfg.Secrets()) != c.secrets || c.cfg.On() != (c.cfg.WebhookSecret != "") {
			t.Errorf("%d secrets of %d, %v", len(c.cfg.Secrets()), c.secrets, err)
		}
	}
}
