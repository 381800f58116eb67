package webhooks_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

func everySource() []inbox.Source {
	return append(twilioSources(twilioConfig()),
		webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret, Header: sealHeader}, nothing),
		webhooks.ERPNext(deskSecret, unmoved),
		webhooks.Mailjet(mailConfig(), (&postbox{}).take),
		webhooks.Stripe([]config.Secret{cashSecret}, nil),
		webhooks.Traccar(trackSecret, moved))
}

// FuzzSources gives any body, with any proof, to every source: nothing panics,
// nothing unproven passes, and whatever can be filed can also be worked off.
func FuzzSources(f *testing.F) {
	for _, body := range []string{
		completed, changed, smsCame, smsLeft, mailBounce, "[" + mailSent + "," + mailBounce + ",7]", cashPaid, trackFix, trackEvent, "", "null", "[]",
	} {
		f.Add([]byte(body), "proof", "a=b")
	}
	f.Add([]byte(completed), "1767225600.00", "message=1")
	f.Add([]byte(cashPaid), "t=1,v1=0", "bodySHA256=0")
	f.Fuzz(func(t *testing.T, body []byte, proof, query string) {
		header := http.Header{}
		for _, name := range []string{
			"X-Docuseal-Signature", "X-Sign-Key", "X-Twilio-Signature", "Stripe-Signature", webhooks.ERPNextSignature, "Authorization", "X-Webhook-Secret",
		} {
			header[name] = []string{proof}
		}
		for _, s := range everySource() {
			call := inbox.Call{Header: header, Body: body, Path: s.Paths[0], Query: query, At: time.Unix(1_763_800_000, 0)}
			if by, err := s.Verify(call); err == nil {
				t.Errorf("%s believes %q by %s", s.Name, proof, by)
			}
			label, err := s.Read(call)
			if err != nil || label.Ignore != "" {
				continue
			}
			job := keep.Job{Payload: body, Headers: map[string]string{"x-hub-query": query}, Created: call.At}
			if _, err := s.Take(context.Background(), job); err != nil && s.Name != "mailjet" { // whose members may be spoilt
				t.Errorf("%s filed %q as %+v, and then: %v", s.Name, body, label, err)
			}
		}
	})
}

// FuzzSigned believes whatever body is signed, and not the same with one bit
// turned, nor with one bit of its proof turned.
func FuzzSigned(f *testing.F) {
	f.Add([]byte(completed), uint16(9))
	f.Add([]byte(changed), uint16(800))
	f.Add([]byte{}, uint16(3))
	f.Add([]byte("\x00\xff\r\n.t=1,v1="), uint16(64))
	f.Fuzz(func(t *testing.T, body []byte, bit uint16) {
		at := time.Unix(1_763_800_000, 0)
		for _, s := range []struct {
			source inbox.Source
			prove  func([]byte, time.Time) http.Header
			proof  string
		}{
			{webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, nothing), signed, "X-Docuseal-Signature"},
			{webhooks.ERPNext(deskSecret, unmoved), deskProof, webhooks.ERPNextSignature},
			{webhooks.Stripe([]config.Secret{cashSecret}, nil), cashProof, "Stripe-Signature"},
		} {
			header := s.prove(body, at)
			call := inbox.Call{Header: header, Body: body, Path: s.source.Paths[0], At: at}
			if _, err := s.source.Verify(call); err != nil {
				t.Errorf("%s refuses %q: %v", s.source.Name, body, err)
			}
			if call.Body = turn(body, bit); len(body) > 0 {
				if _, err := s.source.Verify(call); err == nil {
					t.Errorf("%s takes %q for %q", s.source.Name, call.Body, body)
				}
			}
			call.Body = body
			header.Set(s.proof, string(turn([]byte(header.Get(s.proof)), bit)))
			if _, err := s.source.Verify(call); err == nil {
				t.Errorf("%s takes the proof %q", s.source.Name, header.Get(s.proof))
			}
		}
	})
}

// turn turns one bit of a copy.
func turn(text []byte, bit uint16) []byte {
	turned := bytes.Clone(text)
	if len(turned) > 0 {
		turned[int(bit/8)%len(turned)] ^= 1 << (bit % 8)
	}
	return turned
}
