package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	sealSecret = "whsec_aW52ZW50ZWQgZm9yIHRlc3Rz"
	sealHeader = "X-Sign-Key: invented-for-tests"
	completed  = `{"event_type":"form.completed","timestamp":"2026-03-01T14:00:00.000Z",
		"data":{"id":31,"submission_id":77,"status":"completed","submission":{"id":77,"status":"completed"}}}`
)

func sign(secret string, body []byte, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("%d.%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func signed(body []byte, at time.Time) http.Header {
	return http.Header{"X-Docuseal-Signature": {sign(sealSecret, body, at)}, "Content-Type": {"application/json"}}
}

func fixed([]byte, time.Time) http.Header {
	return http.Header{"X-Sign-Key": {"invented-for-tests"}, "Content-Type": {"application/json"}}
}

func nothing(context.Context, docuseal.Event) (inbox.Taken, error) {
	return inbox.Taken{State: "nothing"}, nil
}

func set(value string) func([]byte, http.Header) {
	return func(_ []byte, h http.Header) { h.Set("X-Docuseal-Signature", value) }
}

func sealSpecimen() inboxtest.Specimen {
	return inboxtest.Specimen{
		Source:      webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, nothing),
		Good:        []byte(completed),
		Undecodable: []byte(`{"event_type":"form.completed","data":`),
		Unknown:     []byte(`{"event_type":"template.created","timestamp":"2026-03-01T14:00:00.000Z","data":{"id":5}}`),
		Proof:       "X-Docuseal-Signature",
		Prove:       signed,
		Window:      300 * time.Second,
		Spoil: map[string]func([]byte, http.Header){
			"none":          func(_ []byte, h http.Header) { h.Del("X-Docuseal-Signature") },
			"empty":         set(""),
			"no time":       set(strings.Repeat("ab", 32)),
			"short":         set(fmt.Sprintf("%d.abcd", time.Now().Unix())),
			"no digest":     set(fmt.Sprintf("%d.", time.Now().Unix())),
			"not hex":       set(fmt.Sprintf("%d.%s", time.Now().Unix(), strings.Repeat("zz", 32))),
			"other body":    set(sign(sealSecret, []byte("{}"), time.Now())),
			"other secret":  set(sign("whsec_b3RoZXI", []byte(completed), time.Now())),
			"secret's tail": set(sign(strings.TrimPrefix(sealSecret, "whsec_"), []byte(completed), time.Now())),
		},
	}
}

func TestDocuSealBySignature(t *testing.T) {
	t.Parallel()
	inboxtest.Conforms(t, sealSpecimen())
}

func TestDocuSealByHeader(t *testing.T) {
	t.Parallel()
	s := sealSpecimen()
	s.Source = webhooks.DocuSeal(webhooks.DocuSealConfig{Header: sealHeader}, nothing)
	s.Prove, s.Proof, s.Window, s.Unsigned = fixed, "X-Sign-Key", 0, true
	s.Spoil = map[string]func([]byte, http.Header){
		"none":  func(_ []byte, h http.Header) { h.Del("X-Sign-Key") },
		"empty": func(_ []byte, h http.Header) { h.Set("X-Sign-Key", "") },
		"other": func(_ []byte, h http.Header) { h.Set("X-Sign-Key", "invented-for-testS") },
		"short": func(_ []byte, h http.Header) { h.Set("X-Sign-Key", "invented") },
		"HMAC": func(b []byte, h http.Header) {
			h.Del("X-Sign-Key")
			h.Set("X-Docuseal-Signature", sign("", b, time.Now()))
		},
	}
	inboxtest.Conforms(t, s)
}

func TestDocuSealTakesEitherProof(t *testing.T) {
	t.Parallel()
	body := []byte(completed)
	none := func([]byte, time.Time) http.Header { return http.Header{} }
	both := func(b []byte, at time.Time) http.Header {
		h := fixed(b, at)
		h.Set("X-Docuseal-Signature", "1767225600.00")
		return h
	}
	named := func([]byte, time.Time) http.Header { return http.Header{"X-Docuseal-Signature": {"plain"}} }
	for _, c := range []struct {
		name   string
		cfg    webhooks.DocuSealConfig
		prove  func([]byte, time.Time) http.Header
		status int
		code   string
		detail string
	}{
		{"nothing configured", webhooks.DocuSealConfig{}, signed, 503, "secret-missing", "No secret"},
		{"a secret of blanks", webhooks.DocuSealConfig{Secret: " ", Header: " : "}, signed, 503, "secret-missing", "No secret"},
		{"a header without a value", webhooks.DocuSealConfig{Header: "X-Sign-Key:"}, fixed, 503, "secret-missing", "No secret"},
		{"signature, both configured", webhooks.DocuSealConfig{Secret: sealSecret, Header: sealHeader}, signed, 200, "", ""},
		{"header, both configured", webhooks.DocuSealConfig{Secret: sealSecret, Header: sealHeader}, fixed, 200, "", ""},
		{"good header, stale signature", webhooks.DocuSealConfig{Secret: sealSecret, Header: sealHeader}, both, 200, "", ""},
		{"header with the signature's name", webhooks.DocuSealConfig{Header: "X-Docuseal-Signature: plain"}, named, 200, "", ""},
		{"unsigned test delivery", webhooks.DocuSealConfig{Secret: sealSecret}, none, 401, "signature-invalid", "test deliveries"},
		{"neither, both configured", webhooks.DocuSealConfig{Secret: sealSecret, Header: sealHeader}, none, 401, "signature-invalid", "not valid"},
	} {
		h := inboxtest.New(t, webhooks.DocuSeal(c.cfg, nothing))
		got := h.Send(http.MethodPost, "/webhooks/docuseal", c.prove(body, time.Now()), body)
		if got.Code != c.status || got.Problem != c.code || !strings.Contains(got.Detail, c.detail) {
			t.Errorf("%s: answered %+v", c.name, got)
		}
	}
}

func TestDocuSealEventsAreFiledByEnvelope(t *testing.T) {
	t.Parallel()
	source := webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, nothing)
	for body, want := range map[string]inbox.Label{
		completed: {Type: "form.completed", Lane: "envelope:77"},
		`{"event_type":"form.declined","timestamp":"t","data":{"id":31,"submission":{"id":77}}}`: {Type: "form.declined", Lane: "envelope:77"},
		`{"event_type":"submission.completed","timestamp":"t","data":{"id":77}}`:                 {Type: "submission.completed", Lane: "envelope:77"},
		`{"event_type":"submission.archived","timestamp":"t","data":{"id":77}}`:                  {Type: "submission.archived", Lane: "envelope:77"},
	} {
		got, err := source.Read(inbox.Call{Body: []byte(body)})
		if err != nil || got.Dedupe == "" {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		got.Dedupe = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	for _, body := range []string{
		"", "null", "[]", `"x"`, "{}", `{"event_type":"form.completed","timestamp":"t","data":{"id":31}}`,
		`{"event_type":"submission.completed","timestamp":"t","data":{}}`, `{"event_type":"form.viewed","data":{"id":"x","submission_id":7}}`,
	} {
		if got, err := source.Read(inbox.Call{Body: []byte(body)}); err == nil {
			t.Errorf("%s was read as %+v", body, got)
		}
	}
}
