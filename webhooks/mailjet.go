package webhooks

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// MailjetConfig is the user name and password in the address that Mailjet was
// given (https://user:password@hub.example.com/webhooks/mailjet). Mailjet signs
// nothing.
type MailjetConfig struct {
	User     string
	Password config.Secret
}

// Mailjet tells what became of mails: one event, or a list of those of one
// second, of any messages and types. It takes nothing but 200 for an answer,
// sends everything of a list again every 30 s for a day, and after that calls
// the address no more. take is given the events that can be read, and may be
// given any of them again.
func Mailjet(cfg MailjetConfig, take func(ctx context.Context, events []mailjet.Event) (inbox.Taken, error)) inbox.Source {
	return inbox.Source{
		Name:  "mailjet",
		Paths: []string{"/webhooks/mailjet"},
		About: "Proven by `Authorization` (Basic): put user and password into the address that Mailjet is given. Register the events sent, " +
			"open, click, bounce, blocked, spam and unsub, grouped or not. Mailjet takes 200 only for an answer.",
		Verify: cfg.verify,
		Read:   readMailjet,
		Take: func(ctx context.Context, job keep.Job) (keep.Result, error) {
			events, spoilt, err := mailjet.ParseEvents(job.Payload)
			if err != nil {
				return keep.Result{}, keep.Reject(err)
			}
			taken, err := take(ctx, known(events))
			if err == nil && spoilt > 0 {
				// What can be done is done; the rest is for a person.
				note := fmt.Sprintf("%d of %d events cannot be read; the others are done.", spoilt, spoilt+len(events))
				taken.Note, err = note, keep.Reject(hub.Fail(hub.Malformed, "malformed", note, nil))
			}
			return taken.Result(), err
		},
		Quiet:  true,
		Retain: 30 * 24 * time.Hour,
	}
}

func (cfg MailjetConfig) verify(call inbox.Call) (string, error) {
	if cfg.User == "" || cfg.Password.Empty() {
		return "", inbox.ErrNoSecret
	}
	want := base64.StdEncoding.EncodeToString([]byte(cfg.User + ":" + cfg.Password.Reveal()))
	given := call.Header.Values("Authorization")
	fits := 0
	if len(given) == 1 {
		if scheme, proof, _ := strings.Cut(given[0], " "); strings.EqualFold(scheme, "Basic") {
			// Hashed, because a comparison takes the longer the longer what is given is.
			a, b := sha256.Sum256([]byte(proof)), sha256.Sum256([]byte(want))
			fits = subtle.ConstantTimeCompare(a[:], b[:])
		}
	}
	if fits != 1 {
		return "", hub.Fail(hub.Unauthenticated, "signature-invalid",
			"The user name or the password in the address of the webhook is not the configured one.", because(nil, given, false))
	}
	return "basic", nil
}

// readMailjet files a delivery by the events that it holds, however they are
// written down. They are of many messages, so there is no lane.
func readMailjet(call inbox.Call) (inbox.Label, error) {
	events, spoilt, err := mailjet.ParseEvents(call.Body)
	if err != nil {
		return inbox.Label{}, err
	}
	label := inbox.Label{Type: "empty"}
	for i, e := range events {
		if label.Type = e.Event; i > 0 && e.Event != events[0].Event {
			label.Type = "several"
			break
		}
	}
	if len(known(events)) == 0 && spoilt == 0 {
		label.Type, label.Ignore = "other", "Nothing is to be done about events of these types."
	}
	if spoilt == 0 && len(events) > 0 { // else by its bytes
		label.Dedupe = sumOf(events)
	}
	return label, nil
}

// known drops the events of types that ask for nothing.
func known(events []mailjet.Event) []mailjet.Event {
	kinds := []string{
		mailjet.EventSent, mailjet.EventOpen, mailjet.EventClick, mailjet.EventBounce, mailjet.EventBlocked, mailjet.EventSpam, mailjet.EventUnsub,
	}
	return slices.DeleteFunc(slices.Clone(events), func(e mailjet.Event) bool { return !slices.Contains(kinds, e.Event) })
}

// sumOf is the same for the same events, in whatever order.
func sumOf(events []mailjet.Event) string {
	keys := make([]string, 0, len(events))
	for _, e := range events {
		sum := sha256.Sum256([]byte(e.Key()))
		keys = append(keys, hex.EncodeToString(sum[:]))
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(keys), " ")))
	return "events:" + hex.EncodeToString(sum[:])
}
