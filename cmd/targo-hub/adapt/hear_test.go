package adapt_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/consent"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/webhooks"
)

// What Twilio reports moves the SMS on; what it says of the recipient and of our
// number is kept.
func TestReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status string
		code   int
		stands string
		wishes []string
		next   string
		from   string // who sends the next one, "" for whoever
	}{
		"delivered":     {"delivered", 0, "delivered", nil, "sent", ""},
		"queued":        {"queued", 0, "sent", nil, "sent", ""},
		"carrier":       {"undelivered", 30008, "undelivered", nil, "sent", ""},
		"unregistered":  {"undelivered", 30034, "undelivered", nil, "sent", "another"},
		"opted out":     {"failed", 21610, "undelivered", []string{"sms " + cell + " out=true 21610"}, "failed", ""},
		"no such word":  {"dreamt", 0, "sent", nil, "sent", ""},
		"unknown cause": {"failed", 99999, "undelivered", nil, "sent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			text := p.send(t, outbox.SMS, cell, "sent")
			at := time.Now()
			for range 2 {
				taken, err := adapt.Reported(p.box)(t.Context(), twilio.StatusEvent{
					MessageSID: text.ProviderID, MessageID: text.ID, Status: c.status, ErrorCode: c.code, At: at,
				})
				if err != nil || taken.State != "reported" {
					t.Fatalf("%+v, %v", taken, err)
				}
			}
			if got := p.entry(t, text.ID); got.Status != c.stands || c.code != 0 && got.Reason == "" {
				t.Errorf("the text is %s (%s), want %s", got.Status, got.Reason, c.stands)
			}
			if diff := cmp.Diff(c.wishes, p.wishes(t)); diff != "" {
				t.Errorf("wishes: %s", diff)
			}
			if next := p.send(t, outbox.SMS, cell, c.next); c.from != "" && next.From == text.From {
				t.Errorf("the next one is from %s again", next.From)
			}
		})
	}
}

// A message of another program on the same account is none of ours.
func TestReportedUnknown(t *testing.T) {
	t.Parallel()
	p := open(t)
	for _, e := range []twilio.StatusEvent{
		{MessageSID: "SM00000000000000000000000000000009", Status: "delivered", At: time.Now()},
		{MessageSID: "SM00000000000000000000000000000009", MessageID: "0190f000-0000-7000-8000-000000000000", Status: "failed", ErrorCode: 21610, At: time.Now()},
		{MessageSID: "SM00000000000000000000000000000009", MessageID: "not ours", Status: "delivered", At: time.Now()},
	} {
		if taken, err := adapt.Reported(p.box)(t.Context(), e); err != nil || taken.State != inbox.Ignored {
			t.Errorf("%+v: %+v, %v", e, taken, err)
		}
	}
	if wishes := p.wishes(t); wishes != nil {
		t.Errorf("wishes: %v", wishes)
	}
}

// A report that comes while the message is handed over, or the store is away, is
// to be told again.
func TestReportedTooEarly(t *testing.T) {
	t.Parallel()
	p := open(t)
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := adapt.Reported(p.box)(t.Context(), twilio.StatusEvent{MessageSID: "1001", Status: "delivered", At: time.Now()})
	if tries(t, err) != 3 || tries(t, errAway) != 3 {
		t.Errorf("the store is closed: %v", err)
	}
}

// A customer's record says no as long as anything stands against the address.
func TestOptChanged(t *testing.T) {
	t.Parallel()
	p := open(t)
	now := time.Now().Add(-time.Hour)
	stop := outbox.OptOut{Channel: outbox.SMS, Address: cell, Scope: outbox.ScopeCommercial, Source: "STOP", At: now}
	all := outbox.OptOut{Channel: outbox.SMS, Address: cell, Scope: outbox.ScopeAll, Source: "21610", At: now.Add(time.Minute)}
	lift := outbox.OptOut{Channel: outbox.SMS, Address: cell, Scope: outbox.ScopeAll, Source: "staff: asked", At: now.Add(2 * time.Minute)}
	for _, err := range []error{p.box.OptOut(t.Context(), stop), p.box.OptOut(t.Context(), all), p.box.OptIn(t.Context(), lift)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"sms " + cell + " out=true STOP", "sms " + cell + " out=true 21610"}
	if diff := cmp.Diff(want, p.wishes(t)); diff != "" {
		t.Errorf("a STOP still stands: %s", diff)
	}
	lift.Scope, lift.At = "", now.Add(3*time.Minute)
	if err := p.box.OptIn(t.Context(), lift); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(want, "sms "+cell+" out=false staff: asked"), p.wishes(t)); diff != "" {
		t.Error(diff)
	}
	if outbox.SourceBounce != consent.SourceBounce {
		t.Error("a bounce passes for a wish")
	}
}

// Texts reach the desk, and the ledger before it; of a sender that is no number
// there is nothing to keep.
func TestReceived(t *testing.T) {
	t.Parallel()
	p := open(t)
	desk := conversation.NewDesk(conversation.Deps{
		Store: p.store, News: hubtest.News{Ring: p.store}, Keyword: adapt.Heard(p.box), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	for sid, c := range map[string]struct{ from, body string }{
		"SM1": {cell, "ARRET"}, "SM2": {"12345", "STOP"}, "SM3": {"BANQUE", "STOP"}, "SM4": {"messenger:12", "START"}, "SM5": {"+15145550142", "Allo"},
	} {
		taken, err := adapt.Received(desk)(t.Context(), twilio.Inbound{
			MessageSID: sid, From: hub.Phone(c.from), To: first, Body: c.body, At: time.Now(), Media: []twilio.Media{{URL: "https://api.example.com/1", Type: "image/png"}},
		})
		if err != nil || taken.State != conversation.Unassigned || taken.LedTo == "" {
			t.Errorf("%s: %+v, %v", sid, taken, err)
			continue
		}
		job, err := p.store.Job(t.Context(), taken.LedTo)
		var kept conversation.Inbound
		if err != nil || json.Unmarshal(job.Payload, &kept) != nil || kept.From != c.from || kept.Body != c.body || len(kept.Media) != 1 {
			t.Errorf("%s: kept %s, %v", sid, job.Payload, err)
		}
	}
	if diff := cmp.Diff([]string{"sms " + cell + " out=true STOP"}, p.wishes(t)); diff != "" {
		t.Errorf("wishes: %s", diff)
	}
	if _, err := adapt.Received(desk)(t.Context(), twilio.Inbound{From: cell, To: first}); tries(t, err) != 1 {
		t.Errorf("a text without an id: %v", err)
	}
}

// Only an SMS from the number itself takes its STOP back.
func TestHeard(t *testing.T) {
	t.Parallel()
	p := open(t)
	at := time.Now().Add(-time.Hour)
	for i, c := range []struct {
		from, body, optOut, word string
		wishes                   int
	}{
		{"whatsapp:" + cell, "STOP", "", conversation.WordStop, 1}, // in doubt it counts
		{"whatsapp:" + cell, "START", "", conversation.WordStart, 1},
		{"TARGO5145550123", "yes", "START", conversation.WordStart, 1},
		{cell, "yes", "", "", 1},
		{cell, "Bonjour", "", "", 1},
		{cell, "Début", "", conversation.WordStart, 2},
	} {
		in := conversation.Inbound{From: c.from, To: first, Body: c.body, OptOutType: c.optOut, At: at.Add(time.Duration(i) * time.Minute)}
		word, err := adapt.Heard(p.box)(t.Context(), in)
		if wishes := p.wishes(t); err != nil || word != c.word || len(wishes) != c.wishes {
			t.Errorf("%q from %s: %q, %v, wishes %v", c.body, c.from, word, err, wishes)
		}
	}
}

// What a delivery itself has wrong is not tried again.
func TestSpoiltDeliveries(t *testing.T) {
	t.Parallel()
	_, told := adapt.Told(&mirror.Mirror{})(t.Context(), webhooks.ERPNextEvent{Doctype: "Issue", Name: "ISS-1", Modified: "yesterday"})
	_, form := adapt.Signed(nil)(t.Context(), docuseal.Event{Type: docuseal.FormCompleted, Data: []byte(`[]`)})
	_, submission := adapt.Signed(nil)(t.Context(), docuseal.Event{Type: docuseal.SubmissionCompleted, Data: []byte(`[]`)})
	for name, err := range map[string]error{"told": told, "form": form, "submission": submission} {
		if tries(t, err) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, e := range []string{"form.viewed", "template.created"} {
		if taken, err := adapt.Signed(nil)(t.Context(), docuseal.Event{Type: e}); err != nil || taken.State != "nothing-to-do" {
			t.Errorf("%s: %+v, %v", e, taken, err)
		}
	}
	if taken, err := adapt.Told(nil)(t.Context(), webhooks.ERPNextEvent{}); err != nil || taken.State != "nothing-to-do" {
		t.Errorf("without a mirror: %+v, %v", taken, err)
	}
}

// What Traccar forwards is handed on, and done with whatever becomes of it.
func TestSeen(t *testing.T) {
	t.Parallel()
	trucks := &garage{}
	want := traccar.Forwarded{Device: traccar.Device{ID: 7}, Position: &traccar.Position{Latitude: 45.5, Longitude: -73.6}}
	if taken, err := adapt.Seen(trucks)(t.Context(), want); err != nil || taken.State != "stale" {
		t.Fatalf("%+v, %v", taken, err)
	}
	if diff := cmp.Diff([]traccar.Forwarded{want}, trucks.heard); diff != "" {
		t.Error(diff)
	}
}

type garage struct{ heard []traccar.Forwarded }

func (g *garage) Forwarded(_ context.Context, f traccar.Forwarded) string {
	g.heard = append(g.heard, f)
	return "stale"
}
