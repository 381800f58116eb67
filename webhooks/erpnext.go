package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// ERPNextSignature is the header with the proof: standard base64 of the
// HMAC-SHA256 over the body as it was sent.
const ERPNextSignature = "X-Frappe-Webhook-Signature"

// ERPNextEvent says that ERPNext has a new state of a document. It holds what
// the Webhook documents of ERPNextWebhooks send; anything else that an operator
// has added is passed over.
type ERPNextEvent struct {
	Doctype   string
	Name      string
	Modified  string // "2026-11-22 10:11:12.123456", always six digits, in the zone of the site
	Event     string // the site's name of it: on_change, after_insert, on_trash; "" when it does not say
	Status    string
	DocStatus int    // 0 draft, 1 submitted, 2 cancelled
	Customer  string // whose document it is, as far as the body says
}

// Deleted tells whether the document is gone.
func (e ERPNextEvent) Deleted() bool { return e.Event == onTrash }

// ERPNext tells which documents have changed. It waits at most its timeout (5 s)
// for an answer and then sends the same event again, three times in all within
// seconds, after which it is lost for good: hub/mirror makes up for that. It
// sends no content type, writes JSON as Python does, has no id of the delivery,
// keeps no order between events, and of the events of one document in one
// transaction only the last. All that names an event is the document with its
// modified and its states, and the name of the event: a program that sets a
// status may leave modified as it was.
func ERPNext(secret config.Secret, take func(ctx context.Context, event ERPNextEvent) (inbox.Taken, error)) inbox.Source {
	return inbox.Source{
		Name:  "erpnext",
		Paths: []string{"/webhooks/erpnext"},
		About: "Proven by `" + ERPNextSignature + "` (base64 of HMAC-SHA256 over the body): Enable Security in the Webhook documents, with " +
			"the hub's secret. Register after_insert, on_change and on_trash of every mirrored doctype.",
		Verify: func(call inbox.Call) (string, error) { return verifyERPNext(secret, call) },
		Read:   readERPNext,
		Take: func(ctx context.Context, job keep.Job) (keep.Result, error) {
			event, err := parseERPNext(job.Payload)
			if err != nil {
				return keep.Result{}, keep.Reject(err)
			}
			taken, err := take(ctx, event)
			return taken.Result(), err
		},
		Quiet:       true,
		Concurrency: 8,
		Retain:      30 * 24 * time.Hour,
	}
}

func verifyERPNext(secret config.Secret, call inbox.Call) (string, error) {
	if secret.Empty() {
		return "", inbox.ErrNoSecret
	}
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write(call.Body)
	// Compared as texts: several of them decode to the same bytes.
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if given := call.Header.Values(ERPNextSignature); len(given) != 1 || !hmac.Equal([]byte(given[0]), []byte(want)) {
		return "", hub.Fail(hub.Unauthenticated, "signature-invalid",
			"The signature does not fit. The Webhook in ERPNext needs Enable Security and the hub's secret.", because(nil, given, false))
	}
	return "hmac", nil
}

// readERPNext files an event: deliveries of one document are worked off in
// order, those of different ones side by side.
func readERPNext(call inbox.Call) (inbox.Label, error) {
	event, err := parseERPNext(call.Body)
	if err != nil {
		return inbox.Label{}, err
	}
	document := event.Doctype + "/" + event.Name
	label := inbox.Label{
		Type: event.Event, Lane: "erpnext:" + document,
		Dedupe:  fmt.Sprintf("%s@%s %s %d %s", document, event.Modified, event.Event, event.DocStatus, event.Status),
		Subject: keep.Subject{Doctype: event.Doctype, Name: event.Name, Customer: event.Customer},
	}
	if event.Event != "" && !slices.Contains(erpnextEvents(), event.Event) {
		label.Ignore = "Nothing is to be done about events of this type."
	}
	return label, nil
}

const (
	onTrash  = "on_trash"
	onChange = "on_change"
	onInsert = "after_insert"
)

func erpnextEvents() []string {
	return []string{onInsert, "on_update", "on_submit", "on_cancel", onTrash, "on_update_after_submit", onChange}
}

func parseERPNext(body []byte) (ERPNextEvent, error) {
	var sent struct {
		Doctype   string          `json:"doctype"`
		Name      json.RawMessage `json:"name"` // a number where names are counted
		Modified  string          `json:"modified"`
		Event     string          `json:"event"`
		DocEvent  string          `json:"doc_event"` // an older habit
		Status    *string         `json:"status"`
		DocStatus json.RawMessage `json:"docstatus"`
		Customer  *string         `json:"customer"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return ERPNextEvent{}, fmt.Errorf("reading an event of ERPNext: %w", err)
	}
	modified, err := exactly(sent.Modified)
	name := strings.Trim(string(sent.Name), `"`)
	if strings.HasPrefix(string(sent.Name), `"`) {
		err = errors.Join(err, json.Unmarshal(sent.Name, &name))
	}
	if err != nil || sent.Doctype == "" || name == "" || name == "null" {
		return ERPNextEvent{}, errors.Join(err, errors.New("reading an event of ERPNext: it lacks doctype, name or modified"))
	}
	event := ERPNextEvent{Doctype: sent.Doctype, Name: name, Modified: modified, Event: sent.Event}
	if event.Event == "" {
		event.Event = sent.DocEvent
	}
	if sent.Status != nil {
		event.Status = *sent.Status
	}
	if sent.Customer != nil {
		event.Customer = *sent.Customer
	}
	switch strings.Trim(string(sent.DocStatus), `"`) {
	case "1":
		event.DocStatus = 1
	case "2":
		event.DocStatus = 2
	}
	return event, nil
}

// exactly writes a modified with six digits: without any the site leaves the
// fraction out when it is zero.
func exactly(modified string) (string, error) {
	const layout = "2006-01-02 15:04:05"
	at, err := time.Parse(layout, strings.Replace(modified, "T", " ", 1)) // takes a fraction, too
	if err != nil {
		return "", errors.New("reading an event of ERPNext: modified is not a date and time")
	}
	return at.Format(layout + ".000000"), nil
}
