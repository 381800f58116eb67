package webhooks_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/webhooks"
)

// everyDoor returns the sources with their secrets, by name.
func everyDoor() map[string]inbox.Source {
	doors := map[string]inbox.Source{}
	list := append(webhooks.Twilio(webhooks.TwilioConfig{PublicURL: "https://hub.example.com", Tokens: []config.Secret{"invented-token"}}, nil, nil),
		webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, nothing), webhooks.ERPNext("invented-secret", nil),
		webhooks.Mailjet(webhooks.MailjetConfig{User: "hub", Password: "invented-password"}, nil),
		webhooks.Stripe([]config.Secret{cashSecret}, nil), webhooks.Traccar("invented-secret", nil))
	for _, s := range list {
		doors[s.Name] = s
	}
	return doors
}

// proofOf is the header that proves the deliveries of a source.
var proofOf = map[string]string{
	"twilio-sms": "X-Twilio-Signature", "twilio-status": "X-Twilio-Signature", "docuseal": "X-Docuseal-Signature",
	"erpnext": "X-Frappe-Webhook-Signature", "mailjet": "Authorization", "stripe": "Stripe-Signature", "traccar": "X-Webhook-Secret",
}

// TestDoorsSayWhyTheyRefuse tells a proof that is missing from a wrong one, and
// names the header for the operator.
func TestDoorsSayWhyTheyRefuse(t *testing.T) {
	t.Parallel()
	for name, s := range everyDoor() {
		call := inbox.Call{Header: http.Header{}, Body: []byte(completed), Path: s.Paths[0], At: time.Now()}
		if _, err := s.Verify(call); !errors.Is(err, inbox.ErrUnsigned) {
			t.Errorf("%s without a proof: %v", name, err)
		}
		call.Header.Set(proofOf[name], "wrong")
		if _, err := s.Verify(call); err == nil || errors.Is(err, inbox.ErrUnsigned) || errors.Is(err, inbox.ErrTooOld) {
			t.Errorf("%s with a wrong proof: %v", name, err)
		}
		if !strings.Contains(s.About, "`"+proofOf[name]+"`") {
			t.Errorf("%s is described as %q", name, s.About)
		}
	}
}

func TestDoorsSayWhatIsTooOld(t *testing.T) {
	t.Parallel()
	doors, old := everyDoor(), time.Now().Add(-time.Hour)
	for name, header := range map[string]http.Header{
		"docuseal": signed([]byte(completed), old), "stripe": cashProof([]byte(completed), old),
	} {
		call := inbox.Call{Header: header, Body: []byte(completed), Path: doors[name].Paths[0], At: time.Now()}
		if _, err := doors[name].Verify(call); !errors.Is(err, inbox.ErrTooOld) {
			t.Errorf("%s: %v", name, err)
		}
		call.Body = []byte("{}")
		if _, err := doors[name].Verify(call); err == nil || errors.Is(err, inbox.ErrTooOld) {
			t.Errorf("%s, old and wrong: %v", name, err)
		}
	}
}
