package outbox_test

import (
	"strings"
	"testing"

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
