package stripe_test

import (
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/stripe"
)

// FuzzVerify believes nothing that is not signed, and everything that is.
func FuzzVerify(f *testing.F) {
	const secret = "whsec_invented"
	f.Add(signed(secret, []byte(`{}`), 1_763_800_000), []byte(`{}`), int64(1_763_800_000))
	f.Add("t=1,v1=,v1==,v0=,t", []byte{}, int64(1))
	f.Add(",,,=,t=,v1", []byte("\x00\xff"), int64(-5))
	f.Fuzz(func(t *testing.T, header string, body []byte, at int64) {
		now := time.Unix(at, 0)
		good := signed(secret, body, at)
		if err := stripe.Verify([]string{good}, body, now, secret); (err == nil) != (at > 0) {
			t.Errorf("a good signature at %d: %v", at, err)
		}
		if stripe.Verify([]string{header}, body, now, "") == nil || stripe.Verify(nil, body, now, secret) == nil {
			t.Error("believed without a secret or a header")
		}
		if stripe.Verify([]string{header}, body, now, secret) != nil {
			return
		}
		for item := range strings.SplitSeq(header, ",") { // what was believed holds the one true sum
			if sum, ok := strings.CutPrefix(item, "v1="); ok && strings.HasSuffix(reseal(header, body, secret), sum) {
				return
			}
		}
		t.Errorf("%q passes for %q", header, body)
	})
}

// reseal signs a body for the time that a header says.
func reseal(header string, body []byte, secret string) string {
	for item := range strings.SplitSeq(header, ",") {
		if stamp, ok := strings.CutPrefix(item, "t="); ok {
			at, _ := time.ParseDuration(stamp + "s")
			return signed(secret, body, int64(at/time.Second))
		}
	}
	return ""
}

// FuzzParseEvent reads whatever is JSON, or not.
func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","object":"payment_intent","customer":{"id":"cus_1"}}}}`))
	f.Add([]byte(`{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","payment_intent":null}}}`))
	f.Add([]byte(`[{"data":null}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := stripe.ParseEvent(body)
		if err == nil && (e.ID == "" || len(e.ID) > 255 || e.Type == "" || (e.Money() && e.Lane() == "")) {
			t.Errorf("%q was read as %+v", body, e)
		}
	})
}
