package outbox_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

func live() outbox.Config { return outbox.Config{Mode: outbox.Live, LiveAck: "hub.example.com"} }

func sms() outbox.Message {
	return outbox.Message{Channel: outbox.SMS, To: "514 555-0123", Body: "Bonjour"}
}

func TestShutGateCallsNoSender(t *testing.T) {
	t.Parallel()
	f := open(t, outbox.Config{}, never{t})
	f.work()
	mail := outbox.Message{Channel: outbox.Email, To: address, Subject: "Allô", Body: "Bonjour"}
	for _, m := range []outbox.Message{sms(), mail} {
		entry := f.becomes(f.queue(m).ID, outbox.StatusCaptured)
		if entry.Body != "Bonjour" || !strings.Contains(entry.Reason, "shut") {
			t.Errorf("captured as %+v", entry)
		}
		want := []string{hub.MessageQueued, hub.MessageHeld}
		if diff := cmp.Diff(want, f.heard(entry.ID)); diff != "" {
			t.Error(diff)
		}
		for _, verb := range []string{"release", "resend"} {
			var p problem
			status := f.call(hub.RoleStaff, "POST", "/messages/"+entry.ID+"/"+verb, `{"reason":"on purpose"}`, &p)
			if status != http.StatusConflict || p.Code != "state-conflict" || p.Detail == "" {
				t.Errorf("%s: %d %+v", verb, status, p)
			}
		}
		f.becomes(entry.ID, outbox.StatusCaptured)
	}
}

func TestOpenGateSends(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, live(), sender)
	f.work()
	id := f.queue(outbox.Message{
		Channel: outbox.SMS, To: "(514) 555-0123", Template: "demo.link", Lang: hub.English,
		Vars: map[string]any{"name": "Ann", "url": "https://hub.example.com/a/1"},
	}).ID
	entry := f.becomes(id, outbox.StatusSent)
	if entry.ProviderID != "SM0001" || entry.Template != "demo.link" || entry.To != number {
		t.Errorf("sent as %+v", entry)
	}
	want := []outbox.Letter{{
		ID: id, Channel: outbox.SMS, To: number, Body: "Hello Ann, your link: https://hub.example.com/a/1",
	}}
	if diff := cmp.Diff(want, sender.sent()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{hub.MessageQueued, hub.MessageSent}, f.heard(id)); diff != "" {
		t.Error(diff)
	}
}

func TestRedirectedLetterNamesItsRecipient(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"test@example.org", "438 555-0199"}}, sender)
	f.work()
	first := f.becomes(f.queue(sms()).ID, outbox.StatusSent)
	second := f.becomes(f.queue(outbox.Message{
		Channel: outbox.Email, To: "Ann <ann@Example.com>", Subject: "Hi", Body: "Hello",
		HTML: "<html><body class=x>Hello</body></html>", Lang: hub.English,
	}).ID, outbox.StatusSent)
	if first.RedirectedTo != "+14385550199" || first.To != number || second.RedirectedTo != "test@example.org" {
		t.Errorf("shown as %+v and %+v", first, second)
	}
	want := []outbox.Letter{
		{ID: first.ID, Channel: outbox.SMS, To: "+14385550199", Body: "[Pour +15145550123]\nBonjour"},
		{
			ID: second.ID, Channel: outbox.Email, To: "test@example.org", Subject: "Hi", Body: "[For ann@example.com]\nHello",
			HTML: "<html><body class=x><p>[For ann@example.com]</p>Hello</body></html>",
		},
	}
	if diff := cmp.Diff(want, sender.sent()); diff != "" {
		t.Error(diff)
	}
}

func TestAllowlistSendsToNobodyElse(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, outbox.Config{Mode: outbox.Allowlist, Allow: []string{"@example.org"}}, sender)
	f.work()
	kept := f.becomes(f.queue(sms()).ID, outbox.StatusCaptured)
	f.becomes(f.queue(outbox.Message{Channel: outbox.Email, To: "bob@example.org", Body: "Bonjour"}).ID, outbox.StatusSent)
	if got := sender.sent(); len(got) != 1 || got[0].To != "bob@example.org" || got[0].Subject == "" {
		t.Errorf("sent %+v", got)
	}
	if !strings.Contains(kept.Reason, "listed") {
		t.Errorf("the reason is %q", kept.Reason)
	}
}

func TestMissingProviderKeepsMessages(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	f.work()
	if got := f.becomes(f.queue(sms()).ID, outbox.StatusCaptured).Reason; !strings.Contains(got, "no provider") {
		t.Errorf("the reason is %q", got)
	}
}

func TestSameKeyIsOneMessage(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	m := sms()
	m.DedupeKey, m.Customer = "accept:SAL-QTN-2026-00001", "C-0001"
	first := f.queue(m)
	m.To = "+1 (514) 555-0123"
	if again := f.queue(m); again.ID != first.ID || !again.Duplicate {
		t.Errorf("the second call gave %+v", again)
	}
	m.Channel, m.To = outbox.Email, address
	if mail := f.queue(m); mail.ID == first.ID {
		t.Error("the mail was taken for the SMS")
	}
	if got := f.heard(first.ID); len(got) != 1 {
		t.Errorf("heard %q", got)
	}
}

// Whoever says something else, or to somebody else, under a key that was used is
// told so: nothing is dropped in silence.
func TestSameKeyForAnotherMessageIsRefused(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	first := sms()
	first.DedupeKey = "job-1"
	id := f.queue(first).ID
	other, words := first, first
	other.To, words.Body = "+15145550177", "Bonsoir"
	for name, m := range map[string]outbox.Message{"to another person": other, "in other words": words} {
		entry, err := f.box.Queue(t.Context(), m)
		if !hub.HasCode(err, "key-taken") || !hub.IsKind(err, hub.Conflict) || entry.ID != id {
			t.Errorf("%s: %v, %+v", name, err, entry)
		}
	}
	var p problem
	status := f.call(hub.RoleStaff, "POST", "/messages", `{"channel":"sms","to":"514-555-0177","body":"Bonjour","dedupe_key":"job-1"}`, &p)
	if status != http.StatusConflict || p.Code != "key-taken" || p.State["id"] != id || p.State["status"] != outbox.StatusQueued {
		t.Errorf("answered %d %+v", status, p)
	}
	if jobs, _, err := f.engine.Jobs(t.Context(), keep.Filter{}); err != nil || len(jobs) != 1 {
		t.Errorf("%d messages were stored, %v", len(jobs), err)
	}
}

func TestUnsendableMessagesAreInvalid(t *testing.T) {
	t.Parallel()
	f := open(t, live(), never{t})
	good := map[string]any{"name": "Ann", "url": "u"}
	for name, c := range map[string]struct {
		m       outbox.Message
		pointer string
	}{
		"no number":        {outbox.Message{Channel: outbox.SMS, To: "call me", Body: "x"}, "/to"},
		"no address":       {outbox.Message{Channel: outbox.Email, To: "ann at example", Body: "x"}, "/to"},
		"no area code":     {outbox.Message{Channel: outbox.SMS, To: "555-0123", Body: "x"}, "/to"},
		"two addresses":    {outbox.Message{Channel: outbox.Email, To: `"eve@evil.example,"@example.com`, Body: "x"}, "/to"},
		"no channel":       {outbox.Message{Channel: "fax", To: number, Body: "x"}, "/channel"},
		"no text":          {outbox.Message{Channel: outbox.SMS, To: number, Body: " "}, "/body"},
		"both texts":       {outbox.Message{Channel: outbox.SMS, To: number, Body: "x", Template: "demo.link"}, "/body"},
		"too long":         {outbox.Message{Channel: outbox.SMS, To: number, Body: strings.Repeat("x", 1601)}, "/body"},
		"subject of SMS":   {outbox.Message{Channel: outbox.SMS, To: number, Body: "x", Subject: "y"}, "/subject"},
		"two-line subject": {outbox.Message{Channel: outbox.Email, To: address, Body: "x", Subject: "y\r\nBcc: z@example.com"}, "/subject"},
		"no such feature":  {outbox.Message{Channel: outbox.SMS, To: number, Template: "other.link", Vars: good}, "/template"},
		"no such text":     {outbox.Message{Channel: outbox.SMS, To: number, Template: "demo.other", Vars: good}, "/template"},
		"value missing":    {outbox.Message{Channel: outbox.SMS, To: number, Template: "demo.link", Vars: map[string]any{"name": "Ann"}}, "/vars"},
	} {
		_, err := f.box.Queue(context.Background(), c.m)
		fields := hub.ProblemOf(err).Fields
		if !hub.IsKind(err, hub.Invalid) || len(fields) != 1 || fields[0].Pointer != c.pointer {
			t.Errorf("%s: %v, %+v", name, err, fields)
		}
	}
	if jobs, _, err := f.engine.Jobs(context.Background(), keep.Filter{}); err != nil || len(jobs) > 0 {
		t.Errorf("%d messages were stored, %v", len(jobs), err)
	}
}

func TestNothingPersonalIsLogged(t *testing.T) {
	t.Parallel()
	sender := &pen{answer: func(int) (outbox.Receipt, error) { return outbox.Receipt{}, context.DeadlineExceeded }}
	f := open(t, outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"+14385550199"}}, sender)
	f.work()
	f.becomes(f.queue(sms()).ID, outbox.StatusMaybeSent)
	f.call(hub.RoleStaff, "POST", "/messages", `{"channel":"email","to":"ann@example.com","body":"Bonjour"}`, nil)
	log := f.log.String()
	for _, secret := range []string{"5550123", "5550199", "ann@", "Bonjour"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	if !slices.ContainsFunc(strings.Split(log, "\n"), func(l string) bool { return strings.Contains(l, "message may have left") }) {
		t.Errorf("the log does not warn:\n%s", log)
	}
}
