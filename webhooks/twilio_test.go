package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	twilioToken = "0123456789abcdef0123456789abcdef"
	smsAddress  = "https://hub.example.com/webhooks/twilio/sms"
	smsCame     = "AccountSid=AC00000000000000000000000000000001&Body=+Oui%2C+d%C3%A9j%C3%A0+%F0%9F%98%80%0A&From=%2B15145550142&" +
		"MessageSid=SM00000000000000000000000000000011&NumMedia=0&NumSegments=1&SmsStatus=received&To=%2B15145550100"
	smsLeft = "AccountSid=AC00000000000000000000000000000001&From=%2B15145550100&MessageSid=SM00000000000000000000000000000022&" +
		"MessageStatus=undelivered&SmsStatus=undelivered&ErrorCode=30003&To=%2B15145550142&RawDlrDoneDate=2611221011"
)

// twilioSign signs as Twilio does, written down apart from what is tried.
func twilioSign(token, address string, body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		form = nil
	}
	var keys []string
	for key := range form {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, key := range keys {
		mac.Write([]byte(key + strings.Join(form[key], key)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func twilioProof(token, address string) func([]byte, time.Time) http.Header {
	return func(body []byte, _ time.Time) http.Header {
		return http.Header{
			"X-Twilio-Signature": {twilioSign(token, address, body)}, "Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"},
			"I-Twilio-Idempotency-Token": {"11112222-3333-4444-5555-666677778888"},
		}
	}
}

// letters tells whether two forms differ in how they are escaped only.
func letters(a, b string) bool {
	one, err := url.ParseQuery(a)
	two, err2 := url.ParseQuery(b)
	return err == nil && err2 == nil && cmp.Equal(one, two)
}

func twilioSources(cfg webhooks.TwilioConfig) []inbox.Source {
	return webhooks.Twilio(cfg,
		func(context.Context, twilio.Inbound) (inbox.Taken, error) { return inbox.Taken{State: "read"}, nil },
		func(context.Context, twilio.StatusEvent) (inbox.Taken, error) {
			return inbox.Taken{State: "noted"}, nil
		})
}

func twilioConfig() webhooks.TwilioConfig {
	return webhooks.TwilioConfig{PublicURL: "https://hub.example.com/", Tokens: []config.Secret{twilioToken, ""}}
}

func TestTwilioSMSConforms(t *testing.T) {
	t.Parallel()
	inboxtest.Conforms(t, inboxtest.Specimen{
		Source: twilioSources(twilioConfig())[0], Good: []byte(smsCame), Undecodable: []byte("MessageSid=SM1&From=%2B15145550142"),
		Unknown: []byte(smsLeft), Prove: twilioProof(twilioToken, smsAddress), Proof: "X-Twilio-Signature", Alike: letters,
		Spoil: map[string]func([]byte, http.Header){
			"other token": func(b []byte, h http.Header) { h.Set("X-Twilio-Signature", twilioSign("guess", smsAddress, b)) },
			"no token":    func(b []byte, h http.Header) { h.Set("X-Twilio-Signature", twilioSign("", smsAddress, b)) },
			"other host": func(b []byte, h http.Header) {
				h.Set("X-Twilio-Signature", twilioSign(twilioToken, "https://evil.example.com/webhooks/twilio/sms", b))
				h.Set("X-Forwarded-Host", "evil.example.com")
				h.Set("Host", "evil.example.com")
			},
			"other path": func(b []byte, h http.Header) {
				h.Set("X-Twilio-Signature", twilioSign(twilioToken, "https://hub.example.com/webhooks/twilio/status", b))
			},
			"plain http": func(b []byte, h http.Header) {
				h.Set("X-Twilio-Signature", twilioSign(twilioToken, "http://hub.example.com/webhooks/twilio/sms", b))
				h.Set("X-Forwarded-Proto", "http")
			},
		},
	})
}

func TestTwilioStatusConforms(t *testing.T) {
	t.Parallel()
	inboxtest.Conforms(t, inboxtest.Specimen{
		Source: twilioSources(twilioConfig())[1], Good: []byte(smsLeft), Undecodable: []byte("MessageStatus=sent"),
		Unknown: []byte("MessageSid=SM00000000000000000000000000000023&MessageStatus=transmogrified"),
		Prove:   twilioProof(twilioToken, "https://hub.example.com/webhooks/twilio/status"), Proof: "X-Twilio-Signature", Alike: letters,
	})
}

func TestTwilioNeedsItsAddressAndAToken(t *testing.T) {
	t.Parallel()
	for _, cfg := range []webhooks.TwilioConfig{
		{}, {PublicURL: "https://hub.example.com"}, {PublicURL: "https://hub.example.com", Tokens: []config.Secret{"", ""}},
		{Tokens: []config.Secret{twilioToken}},
		{PublicURL: "https://hub.example.com", Tokens: []config.Secret{" ", "\n"}},
	} {
		h := inboxtest.New(t, twilioSources(cfg)...)
		proof := twilioProof(twilioToken, smsAddress)([]byte(smsCame), time.Now())
		if got := h.Send(http.MethodPost, "/webhooks/twilio/sms", proof, []byte(smsCame)); got.Code != 503 || got.Problem != "secret-missing" {
			t.Errorf("%+v answered %+v", cfg, got)
		}
	}
}

// TestTwilioTokensAreRotated takes in what either of two tokens signs.
func TestTwilioTokensAreRotated(t *testing.T) {
	t.Parallel()
	cfg := twilioConfig()
	cfg.Tokens = []config.Secret{twilioToken, "ffffffffffffffffffffffffffffffff"}
	h := inboxtest.New(t, twilioSources(cfg)...)
	for token, want := range map[string]int{twilioToken: 200, "ffffffffffffffffffffffffffffffff": 200, "other": 401} {
		got := h.Send(http.MethodPost, "/webhooks/twilio/sms", twilioProof(token, smsAddress)([]byte(smsCame), time.Now()), []byte(smsCame))
		if got.Code != want {
			t.Errorf("%s…: %+v", token[:2], got)
		}
	}
}

// TestTwilioQueryIsSigned calls an address with a query, which is part of it.
func TestTwilioQueryIsSigned(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, twilioSources(twilioConfig())...)
	for address, want := range map[string]int{smsAddress + "?a=1&b=2": 200, smsAddress + "?b=2&a=1": 401, smsAddress: 401} {
		got := h.Send(http.MethodPost, "/webhooks/twilio/sms?a=1&b=2", twilioProof(twilioToken, address)([]byte(smsCame), time.Now()), []byte(smsCame))
		if got.Code != want {
			t.Errorf("signed for %s: %+v", address, got)
		}
	}
}

// TestTwilioFragments takes no # for one that came in a query: what stands behind
// it is not signed. That of the configured address is cut.
func TestTwilioFragments(t *testing.T) {
	t.Parallel()
	cfg := twilioConfig()
	cfg.PublicURL = "https://hub.example.com/#top"
	const called, address = "/webhooks/twilio/status?message=0190-a", "https://hub.example.com/webhooks/twilio/status?message=0190-a"
	for query, want := range map[string]int{"": 200, "#junk": 401, "#": 401, "%23junk": 401} {
		path, raw, _ := strings.Cut(called+query, "?") // as the server has it: net/http keeps a # there
		call := inbox.Call{
			Header: twilioProof(twilioToken, address)([]byte(smsLeft), time.Now()), Body: []byte(smsLeft), Path: path, Query: raw,
		}
		if _, err := twilioSources(cfg)[1].Verify(call); (err == nil) != (want == 200) {
			t.Errorf("%q: %v", query, err)
		}
	}
}

// TestTwilioFormsAreShort refuses what is too long before it is looked at.
func TestTwilioFormsAreShort(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, twilioSources(twilioConfig())...)
	for size, want := range map[int]int{64 << 10: 200, 64<<10 + 1: 413, 1 << 20: 413} {
		body := []byte(smsCame + "&More=" + strings.Repeat("x", size-len(smsCame)-len("&More=")))
		got := h.Send(http.MethodPost, "/webhooks/twilio/sms", twilioProof(twilioToken, smsAddress)(body, time.Now()), body)
		if got.Code != want {
			t.Errorf("%d bytes: %+v", size, got)
		}
	}
}

func TestTwilioTellsWhatItHasRead(t *testing.T) {
	t.Parallel()
	var in twilio.Inbound
	var status twilio.StatusEvent
	h := inboxtest.New(t, webhooks.Twilio(twilioConfig(),
		func(_ context.Context, got twilio.Inbound) (inbox.Taken, error) {
			in = got
			return inbox.Taken{State: "read", LedTo: "job"}, nil
		},
		func(_ context.Context, got twilio.StatusEvent) (inbox.Taken, error) {
			status = got
			return inbox.Taken{State: "noted"}, nil
		})...)
	h.Work()
	for path, body := range map[string]string{"sms": smsCame, "status?message=0190-a": smsLeft} {
		address := "https://hub.example.com/webhooks/twilio/" + path
		h.Send(http.MethodPost, "/webhooks/twilio/"+path, twilioProof(twilioToken, address)([]byte(body), time.Now()), []byte(body))
	}
	sms, report := h.Becomes(h.Jobs("twilio-sms")[0].ID, keep.Done), h.Becomes(h.Jobs("twilio-status")[0].ID, keep.Done)
	if in.From != "+15145550142" || in.To != "+15145550100" || in.Body != " Oui, déjà 😀\n" || in.Segments != 1 || !in.At.Equal(sms.Created) {
		t.Errorf("read %+v", in)
	}
	if status.Status != "undelivered" || status.ErrorCode != 30003 || status.MessageSID != "SM00000000000000000000000000000022" ||
		status.MessageID != "0190-a" {
		t.Errorf("read %+v", status)
	}
	for _, text := range []string{sms.Lane, sms.Dedupe, sms.Note, report.Lane, report.Dedupe, sms.Headers["x-hub-event"]} {
		if strings.Contains(text, "5145550") {
			t.Errorf("a number stands in %q", text)
		}
	}
	if !strings.HasPrefix(sms.Lane, "sms-from:") || report.Lane != "sms:SM00000000000000000000000000000022" {
		t.Errorf("lanes %q and %q", sms.Lane, report.Lane)
	}
}

// TestTwilioSimulatorIsBelieved takes in what the simulator signs.
func TestTwilioSimulatorIsBelieved(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, twilioSources(twilioConfig())...)
	form, err := url.ParseQuery(smsCame)
	if err != nil {
		t.Fatal(err)
	}
	proof := http.Header{"X-Twilio-Signature": {twiliosim.Signature(twilioToken, smsAddress+"#rc=2", form)}}
	if got := h.Send(http.MethodPost, "/webhooks/twilio/sms", proof, []byte(form.Encode())); got.Code != 200 || got.Raw != "<Response/>" {
		t.Errorf("answered %+v", got)
	}
}
