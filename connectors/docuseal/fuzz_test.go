package docuseal_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
)

const hookSecret = "whsec_aW52ZW50ZWQtZm9yLWZ1enppbmc"

// What another hand signs is believed, and nothing that differs by one bit.
func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(2, 5))
	at := time.Unix(since, 0)
	for range 1000 {
		body := make([]byte, 1+dice.IntN(400))
		for i := range body {
			body[i] = byte(dice.UintN(256))
		}
		header := docusealsim.Signature(hookSecret, at, body)
		check := func(header string, body []byte, secret config.Secret) error {
			return docuseal.VerifySignature(header, body, secret, at, docuseal.Tolerance)
		}
		if err := check(header, body, hookSecret); err != nil {
			t.Fatalf("%q of %x: %v", header, body, err)
		}
		flip := func(text []byte) []byte {
			text[dice.IntN(len(text))] ^= 1 << dice.IntN(8)
			return text
		}
		for what, err := range map[string]error{
			"header": check(string(flip([]byte(header))), body, hookSecret),
			"body":   check(header, flip(append([]byte(nil), body...)), hookSecret),
			"secret": check(header, body, config.Secret(flip([]byte(hookSecret)))),
			"length": check(header, body[:len(body)-1], hookSecret),
		} {
			if !errors.Is(err, docuseal.ErrSignature) {
				t.Fatalf("another %s is believed: %q of %x", what, header, body)
			}
		}
	}
}

func FuzzVerifySignature(f *testing.F) {
	at := time.Unix(since, 0)
	good := docusealsim.Signature(hookSecret, at, []byte(`{}`))
	f.Add(good, []byte(`{}`))
	f.Add(strings.ToUpper(good), []byte(`{}`))
	f.Add("1800000000.", []byte(`{}`))
	f.Add(".", []byte{})
	f.Add("-1.00", []byte(`{"event_type":"form.completed"}`))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		err := docuseal.VerifySignature(header, body, hookSecret, at, docuseal.Tolerance)
		if err != nil && !errors.Is(err, docuseal.ErrSignature) {
			t.Fatalf("%q: %v", header, err)
		}
		stamp, _, _ := strings.Cut(header, ".")
		if seconds, _ := strconv.ParseInt(stamp, 10, 64); err == nil && header != docusealsim.Signature(hookSecret, time.Unix(seconds, 0), body) {
			t.Fatalf("%q was believed", header)
		}
		fixed := http.Header{"X-Hook-Key": {header}}
		if docuseal.VerifyHeader(fixed, docuseal.Config{WebhookHeader: "X-Hook-Key: static"}) == nil && header != "static" {
			t.Fatalf("%q was believed as the fixed header", header)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	for _, body := range []string{
		`{"event_type":"form.completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":1,"submission_id":2,"values":[{"field":"a","value":[1]}]}}`,
		`{"event_type":"submission.completed","data":{"id":1,"submitters":[{"metadata":null,"values":null}],"submission_events":[{"data":{}}]}}`,
		`{"event_type":"form.declined","data":"?"}`, `{"event_type":1}`, `[]`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := docuseal.ParseEvent(body)
		if err != nil {
			return
		}
		if again, err := docuseal.ParseEvent(body); err != nil || docuseal.EventKey(again) != docuseal.EventKey(e) {
			t.Fatalf("the key changes: %q", docuseal.EventKey(e))
		}
		form, formErr := e.Form()
		submission, submissionErr := e.Submission()
		if formErr == nil && submissionErr == nil {
			t.Fatalf("%q is both a form and a submission: %d %d", e.Type, form.ID, submission.ID)
		}
		for _, v := range form.Values {
			_ = v.Text()
		}
	})
}
