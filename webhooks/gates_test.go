package webhooks_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	benchSecret = "whsec_aW52ZW50ZWQtZm9yLXRoZS1iZW5jaA"
	benchPublic = "https://hub.example.com"
	benchBody   = 2048 // bytes, a middling webhook
)

// gate is a door as its sender sees it.
type gate struct {
	path  string
	media string
	body  func(n int) []byte                                      // of the n-th delivery
	proof func(secret string, at time.Time, body []byte) []string // header lines
}

// gates are all doors, by the name of their source. Each is one line here and
// one in benchSources.
func gates() map[string]gate {
	const json, form = "application/json", "application/x-www-form-urlencoded"
	return map[string]gate{
		"docuseal":      {"/webhooks/docuseal", json, formCompleted, proveDocuSeal},
		"erpnext":       {"/webhooks/erpnext", json, documentChanged, proveERPNext},
		"twilio-sms":    {"/webhooks/twilio/sms", form, smsReceived, proveTwilio("/webhooks/twilio/sms")},
		"twilio-status": {"/webhooks/twilio/status", form, smsDelivered, proveTwilio("/webhooks/twilio/status")},
		"mailjet":       {"/webhooks/mailjet", json, mailOpened, proveMailjet},
		"stripe":        {"/webhooks/stripe", json, paymentSucceeded, proveStripe},
		"traccar":       {"/webhooks/traccar", json, truckMoved, proveTraccar},
	}
}

// benchSources are the sources as the hub makes them, but that nothing bounds how
// much comes in. Nobody works their deliveries off.
func benchSources() []inbox.Source {
	secrets := []config.Secret{benchSecret}
	all := append(webhooks.Twilio(webhooks.TwilioConfig{PublicURL: benchPublic, Tokens: secrets}, nil, nil),
		webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: benchSecret}, nil),
		webhooks.ERPNext(benchSecret, nil),
		webhooks.Mailjet(webhooks.MailjetConfig{User: "hub", Password: benchSecret}, nil),
		webhooks.Stripe(secrets, nil),
		webhooks.Traccar(benchSecret, nil),
	)
	for i := range all {
		all[i].Burst = -1
	}
	return all
}

// parcel is a delivery as it goes over the wire.
type parcel struct {
	wire  []byte
	id    int // the same for repetitions
	valid bool
}

// parcels writes n deliveries to a gate, before the clock runs: to sign is the
// sender's work. In a mix one of ten is signed with another secret, and two of
// ten were sent shortly before.
func (g gate) parcels(host string, first, n int, mixed bool) []parcel {
	now := time.Now()
	list := make([]parcel, n)
	for i := range list {
		secret, valid := benchSecret, true
		switch {
		case mixed && i%10 == 3:
			secret, valid = benchSecret[:len(benchSecret)-1]+"B", false
		case mixed && i >= 10 && (i%10 == 6 || i%10 == 9):
			list[i] = list[i-5] // 1 and 4, which are valid
			continue
		}
		body := g.body(first + i)
		head := append([]string{
			"POST " + g.path + " HTTP/1.1", "Host: " + host, "Content-Type: " + g.media, "User-Agent: sender/1.0",
			fmt.Sprintf("Content-Length: %d", len(body)),
		}, g.proof(secret, now, body)...)
		list[i] = parcel{fmt.Appendf(nil, "%s\r\n\r\n%s", strings.Join(head, "\r\n"), body), i, valid}
	}
	return list
}

func keyed(make func() hash.Hash, secret string, texts ...string) []byte {
	mac := hmac.New(make, []byte(secret))
	for _, text := range texts {
		mac.Write([]byte(text))
	}
	return mac.Sum(nil)
}

func proveDocuSeal(secret string, at time.Time, body []byte) []string {
	return []string{"X-Docuseal-Signature: " + docusealsim.Signature(secret, at, body)}
}

func proveERPNext(secret string, _ time.Time, body []byte) []string {
	return []string{"X-Frappe-Webhook-Signature: " + base64.StdEncoding.EncodeToString(keyed(sha256.New, secret, string(body)))}
}

func proveTwilio(path string) func(string, time.Time, []byte) []string {
	return func(secret string, _ time.Time, body []byte) []string {
		form, _ := url.ParseQuery(string(body)) // it was written by url.Values
		text := benchPublic + path
		names := make([]string, 0, len(form))
		for name := range form {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			text += name + form.Get(name)
		}
		return []string{"X-Twilio-Signature: " + base64.StdEncoding.EncodeToString(keyed(sha1.New, secret, text))}
	}
}

func proveMailjet(secret string, _ time.Time, _ []byte) []string {
	return []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("hub:"+secret))}
}

func proveStripe(secret string, at time.Time, body []byte) []string {
	stamp := fmt.Sprint(at.Unix())
	return []string{"Stripe-Signature: t=" + stamp + ",v1=" + hex.EncodeToString(keyed(sha256.New, secret, stamp+".", string(body)))}
}

func proveTraccar(secret string, _ time.Time, _ []byte) []string {
	return []string{"X-Webhook-Secret: " + secret}
}
