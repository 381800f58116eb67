package outbox_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

func TestGate(t *testing.T) {
	t.Parallel()
	allow := []string{"514 555-0123", "Ann@example.com", "@Example.org", "@bücher.example"}
	for _, c := range []struct {
		name    string
		cfg     outbox.Config
		channel outbox.Channel
		to      string
		want    string // who gets it; empty when kept
	}{
		{"shut by default", outbox.Config{}, outbox.SMS, number, ""},
		{"shut", outbox.Config{Mode: outbox.Capture, Allow: allow}, outbox.SMS, number, ""},
		{"listed number", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.SMS, number, number},
		{"other number", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.SMS, "+15145550124", ""},
		{"listed address", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.Email, "ann@example.com", "ann@example.com"},
		{"listed domain", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.Email, "Bob@example.org", "Bob@example.org"},
		{"other address", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.Email, "bob@example.com", ""},
		{"subdomain", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.Email, "bob@evil.example.org", ""},
		{"longer domain", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.Email, "bob@notexample.org", ""},
		{"foreign domain", outbox.Config{Mode: outbox.Allowlist, Allow: allow}, outbox.Email, "bob@xn--bcher-kva.example", "bob@xn--bcher-kva.example"},
		{"empty list", outbox.Config{Mode: outbox.Allowlist}, outbox.SMS, number, ""},
		{"redirected", outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"t@example.org"}}, outbox.Email, address, "t@example.org"},
		{"nowhere to", outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"t@example.org"}}, outbox.SMS, number, ""},
		{"open", live(), outbox.SMS, number, number},
	} {
		gate, err := outbox.NewGate(c.cfg, "https://hub.example.com")
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		verdict := gate.Judge(c.channel, c.to)
		if verdict.To != c.want || verdict.Pass != (c.want != "") || verdict.Pass == (verdict.Reason != "") {
			t.Errorf("%s: %+v, want %q", c.name, verdict, c.want)
		}
	}
}

func TestGateRefusesToStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg       outbox.Config
		publicURL string
		want      string
	}{
		"no acknowledgement":    {outbox.Config{Mode: outbox.Live}, "https://hub.example.com", "refuses to start"},
		"of another host":       {outbox.Config{Mode: outbox.Live, LiveAck: "hub.example.org"}, "https://hub.example.com", "hub.example.com"},
		"no public URL":         {live(), "", "public URL"},
		"unknown mode":          {outbox.Config{Mode: "open"}, "https://hub.example.com", "none of"},
		"redirect to nobody":    {outbox.Config{Mode: outbox.Redirect}, "", "redirect_to"},
		"redirect to two":       {outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"a@example.org", "b@example.org"}}, "", "two recipients"},
		"redirect to a mistake": {outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"somebody"}}, "", "entry 1"},
		"allow a mistake":       {outbox.Config{Mode: outbox.Allowlist, Allow: []string{number, "@"}}, "", "entry 2"},
	} {
		_, err := outbox.New(c.cfg, outbox.Deps{PublicURL: c.publicURL})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := outbox.NewGate(outbox.Config{Mode: outbox.Live, LiveAck: "127.0.0.1"}, "http://127.0.0.1:3300"); err != nil {
		t.Errorf("the host without its port: %v", err)
	}
}

// beside is another hub on the same store, with a gate and a sender of its own.
func (f *office) beside(cfg outbox.Config, sender outbox.Sender) *office {
	f.t.Helper()
	senders := map[outbox.Channel]outbox.Sender{}
	if sender != nil {
		senders[outbox.SMS], senders[outbox.Email] = sender, sender
	}
	box, err := outbox.New(cfg, outbox.Deps{
		Store: f.engine, Events: hubtest.News{Ring: f.engine}, Log: f.quiet(), PublicURL: "https://hub.example.com",
		Senders: senders,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return &office{t: f.t, engine: f.engine, box: box, log: &lockedBuffer{}}
}

// What one hub took in behind a shut gate does not leave through the open one of
// another hub on the same store, until a person says so.
func TestShutGateKeepsItsMessagesFromOpenOnes(t *testing.T) {
	t.Parallel()
	redirect := outbox.Config{Mode: outbox.Redirect, RedirectTo: []string{"+15145550177", "desk@example.org"}, QuietHours: "off"}
	allow := outbox.Config{Mode: outbox.Allowlist, Allow: []string{number, address}, QuietHours: "off"}
	for name, cfg := range map[string]outbox.Config{"live": live(), "redirect": redirect, "allowlist": allow} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shut := open(t, outbox.Config{}, never{t})
			sender := &pen{}
			other := shut.beside(cfg, sender)
			released, resent := shut.queue(sms()).ID, shut.queue(mail()).ID
			if _, err := shut.box.Cancel(t.Context(), resent, "not needed"); err != nil {
				t.Fatal(err)
			}
			other.work()
			if entry := other.becomes(released, outbox.StatusCaptured); entry.Reason != "It was queued while the gate let less through (mode capture): release it if it is to go." {
				t.Errorf("kept with %q", entry.Reason)
			}
			if n := len(sender.sent()); n != 0 {
				t.Fatalf("%d were sent", n)
			}
			if _, err := other.box.Resend(t.Context(), resent, "needed after all"); err != nil {
				t.Fatal(err)
			}
			other.becomes(resent, outbox.StatusSent)
			if _, err := other.box.Release(t.Context(), released, "looked at"); err != nil {
				t.Fatal(err)
			}
			other.becomes(released, outbox.StatusSent)
			other.sentTo(sms())
		})
	}
}

// A message that an older version stored says nothing of the gate that took it
// in: it is held to the gate that finds it.
func TestMessagesOfOlderVersionsCountAsTheGatesOwn(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{})
	job, _, err := f.engine.Put(t.Context(), keep.Job{
		Kind: "outbox.sms", Lane: "to:old", Payload: []byte(`{"to":"` + number + `","body":"Bonjour","lang":"fr"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.work()
	f.becomes(job.ID, outbox.StatusSent)
}

// What is said of a message that nothing can be done with is true of it.
func TestRefusedDecisionsSayWhatTheMessageIs(t *testing.T) {
	t.Parallel()
	f := open(t, outbox.Config{}, never{t})
	id := f.queue(sms()).ID
	if _, err := f.box.Cancel(t.Context(), id, "wrong customer"); err != nil {
		t.Fatal(err)
	}
	unserved := f.beside(live(), nil)
	for name, c := range map[string]struct {
		decide func() error
		want   string
	}{
		"cancelled twice": {func() error { _, err := f.box.Cancel(t.Context(), id, "once more"); return err },
			"Only a message that waits or was put aside can be cancelled."},
		"sent again through a shut gate": {func() error { _, err := f.box.Resend(t.Context(), id, "after all"); return err },
			"It stays cancelled: the gate (mode capture) would only keep it."},
		"sent again by nobody": {func() error { _, err := unserved.box.Resend(t.Context(), id, "after all"); return err },
			"It stays cancelled: no provider is configured for this channel."},
	} {
		if err := c.decide(); !hub.IsKind(err, hub.Conflict) || hub.ProblemOf(err).Detail != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.becomes(id, outbox.StatusCancelled)
}
