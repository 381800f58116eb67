package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TwilioStatusPath is where Twilio reports what became of a message: the hub names
// it with every message that it sends.
const TwilioStatusPath = "/webhooks/twilio/status"

// TwilioConfig is what Twilio's proofs are checked with.
type TwilioConfig struct {
	PublicURL string          // where Twilio reaches the hub: "https://hub.example.com"; it is part of what is signed
	Tokens    []config.Secret // auth tokens of the account; two of them while they are rotated
}

// Twilio tells of incoming messages and of what became of those that we sent.
// It tries an incoming message once, and a status at most a few times; it waits
// 15 s. Its answer to an incoming message must be TwiML: anything else is an
// error in Twilio's console. Nothing that is signed names an attempt, and the
// idempotency token that comes along is not signed, so it is not believed: a
// message is told by its SID, a report by the SID and the status.
func Twilio(
	cfg TwilioConfig,
	sms func(ctx context.Context, in twilio.Inbound) (inbox.Taken, error),
	status func(ctx context.Context, e twilio.StatusEvent) (inbox.Taken, error),
) []inbox.Source {
	const form = "application/x-www-form-urlencoded"
	const proven = "Proven by `" + twilio.SignatureHeader + "`: HMAC-SHA1 with the auth token over the public address and the parameters."
	const most = 64 << 10 // bytes: the longest message in the most wasteful escapes takes 20 KiB
	return []inbox.Source{{
		Name: "twilio-sms", Paths: []string{"/webhooks/twilio/sms"}, MaxBody: most, Media: form,
		About:  proven + " Enter it at the number, or the messaging service, for incoming messages (POST).",
		Reply:  inbox.Reply{Type: "text/xml", Body: "<Response/>"},
		Verify: cfg.verify, Read: cfg.readSMS, Take: takeTwilio(parseSMS, sms, receivedAt),
		Concurrency: 8,
	}, {
		Name: "twilio-status", Paths: []string{TwilioStatusPath}, MaxBody: most, Media: form,
		About:  proven + " There is nothing to register: the hub names this address with every message that it sends.",
		Reply:  inbox.Reply{Status: http.StatusNoContent},
		Verify: cfg.verify, Read: readTwilioStatus, Take: takeTwilio(parseStatus, status, reportedAt),
		KeepQuery: true, Quiet: true, Concurrency: 8, Retain: 30 * 24 * time.Hour,
	}}
}

func (cfg TwilioConfig) verify(call inbox.Call) (string, error) {
	if cfg.PublicURL == "" || len(cfg.secrets()) == 0 {
		return "", inbox.ErrNoSecret
	}
	given := call.Header.Values(twilio.SignatureHeader)
	err := twilio.Verify(cfg.address(call), call.Body, given, cfg.secrets()...)
	if err != nil {
		return "", hub.Fail(hub.Unauthenticated, "signature-invalid",
			"The signature does not fit. Twilio must call the hub at its public address, and sign with the configured auth token.", because(err, given, false))
	}
	return "hmac", nil
}

// address is the one that Twilio called. What stands behind a # is never sent,
// so it is cut off the configured address; one that came in a query is part of
// it, and fits no signature.
func (cfg TwilioConfig) address(call inbox.Call) string {
	public, _, _ := strings.Cut(cfg.PublicURL, "#")
	address := strings.TrimSuffix(public, "/") + call.Path
	if call.Query != "" {
		address += "?" + call.Query
	}
	return address
}

func (cfg TwilioConfig) secrets() []config.Secret {
	var list []config.Secret
	for _, token := range cfg.Tokens {
		if !token.Empty() {
			list = append(list, token)
		}
	}
	return list
}

// readSMS files an incoming message in the lane of its sender, so that what a
// person writes is read in order. The number itself does not get into the lane,
// which is listed and logged: a keyed hash stands for it.
func (cfg TwilioConfig) readSMS(call inbox.Call) (inbox.Label, error) {
	in, err := twilio.ParseInbound(call.Body)
	if errors.Is(err, twilio.ErrNotInbound) {
		return inbox.Label{Ignore: "It is a report of a status and belongs to /webhooks/twilio/status."}, nil
	}
	if err != nil {
		return inbox.Label{}, err
	}
	label := inbox.Label{Type: "message.received", Dedupe: in.MessageSID, Lane: "sms-from:" + cfg.pseudonym(string(in.From))}
	if in.OptOutType != "" {
		label.Type = "message.received." + strings.ToLower(in.OptOutType)
	}
	return label, nil
}

func (cfg TwilioConfig) pseudonym(number string) string {
	key := ""
	if tokens := cfg.secrets(); len(tokens) > 0 {
		key = tokens[0].Reveal()
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("lane:" + number))
	return hex.EncodeToString(mac.Sum(nil)[:12])
}

// readTwilioStatus files a report in the lane of its message.
func readTwilioStatus(call inbox.Call) (inbox.Label, error) {
	e, err := twilio.ParseStatus(call.Body, call.Query)
	if err != nil {
		return inbox.Label{}, err
	}
	label := inbox.Label{Type: "message." + e.Status, Dedupe: e.MessageSID + " " + e.Status}
	switch e.Status {
	case "accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read", "partially_delivered":
		label.Lane = "sms:" + e.MessageSID
	default:
		label.Type, label.Ignore = "message.other", "Nothing is to be done about this status."
	}
	return label, nil
}

// takeTwilio makes the work of what parse reads. Twilio says no times: at notes
// when it came in.
func takeTwilio[T any](
	parse func(keep.Job) (T, error), take func(context.Context, T) (inbox.Taken, error), at func(*T, time.Time),
) func(context.Context, keep.Job) (keep.Result, error) {
	return func(ctx context.Context, job keep.Job) (keep.Result, error) {
		told, err := parse(job)
		if err != nil {
			return keep.Result{}, keep.Reject(err)
		}
		at(&told, job.Created)
		taken, err := take(ctx, told)
		return taken.Result(), err
	}
}

func parseSMS(job keep.Job) (twilio.Inbound, error) { return twilio.ParseInbound(job.Payload) }

func parseStatus(job keep.Job) (twilio.StatusEvent, error) {
	return twilio.ParseStatus(job.Payload, inbox.QueryOf(job))
}

func receivedAt(in *twilio.Inbound, at time.Time)    { in.At = at }
func reportedAt(e *twilio.StatusEvent, at time.Time) { e.At = at }
