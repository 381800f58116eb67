package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/simkit"
)

// entry is a message as GET /messages/{id} shows it.
type entry struct {
	ID, Status, Reason, To, Body string
	ProviderID                   string `json:"provider_id"`
	Tries                        int
}

func (h *running) say(t *testing.T, channel, to string) entry {
	t.Helper()
	var e entry
	body := map[string]any{"channel": channel, "to": to, "body": "Bonjour, ceci est un essai.", "lang": "fr"}
	if channel == "email" {
		body["subject"] = "Essai"
	}
	if status := h.call(t, http.MethodPost, "/messages", body, &e); status != http.StatusAccepted {
		t.Fatalf("POST /messages answered %d", status)
	}
	return e
}

func (h *running) awaitMessage(t *testing.T, id string, statuses ...string) entry {
	t.Helper()
	var e entry
	await(t, "the message is "+strings.Join(statuses, " or "), func() bool {
		h.call(t, http.MethodGet, "/messages/"+id, nil, &e)
		for _, s := range statuses {
			if e.Status == s {
				return true
			}
		}
		return false
	})
	return e
}

// sent lists what a provider got.
func (w *town) sent(t *testing.T, at string) []map[string]any {
	t.Helper()
	resp, err := http.Get(w.urls[at] + "/_sim/sent")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Items []map[string]any }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got.Items
}

func openGate() []string {
	return []string{"TARGO_PUBLIC_URL=https://hub.example.com", "TARGO_OUTBOX_MODE=live", "TARGO_OUTBOX_LIVE_ACK=hub.example.com"}
}

// TestProvidersTroubles sends for real (to the simulators) and looks at what
// becomes of each message.
func TestProvidersTroubles(t *testing.T) {
	t.Parallel()
	const good, optedOut = "+15145550123", "+15005550004"
	for name, tc := range map[string]struct {
		channel, to, at string
		fault           simkit.Fault
		status          string
		sent            int
	}{
		"SMS goes out":             {"sms", good, "sms", simkit.Fault{}, "sent", 1},
		"mail goes out":            {"email", "eve@example.com", "mail", simkit.Fault{}, "sent", 1},
		"the recipient said STOP":  {"sms", optedOut, "sms", simkit.Fault{}, "failed", 0},
		"Twilio is busy once":      {"sms", good, "sms", simkit.Fault{Status: 429}, "sent", 1},
		"Twilio's reply is lost":   {"sms", good, "sms", simkit.Fault{DropAfterCommit: true}, "maybe-sent", 1},
		"Mailjet's reply is lost":  {"email", "eve@example.com", "mail", simkit.Fault{DropAfterCommit: true}, "maybe-sent", 1},
		"Mailjet refuses the keys": {"email", "eve@example.com", "mail", simkit.Fault{Status: 401}, "failed", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			h := w.start(t, openGate()...)
			if tc.fault != (simkit.Fault{}) {
				tc.fault.Match = "POST"
				w.sms.Control().Fail(tc.fault)
				w.mail.Control().Fail(tc.fault)
			}
			e := h.awaitMessage(t, h.say(t, tc.channel, tc.to).ID, "sent", "failed", "maybe-sent")
			if e.Status != tc.status {
				t.Errorf("the message is %s (%s), want %s", e.Status, e.Reason, tc.status)
			}
			if tc.status != "sent" && e.Reason == "" {
				t.Error("nothing says why")
			}
			if got := w.sent(t, tc.at); len(got) != tc.sent {
				t.Errorf("the provider got %d messages, want %d", len(got), tc.sent)
			}
		})
	}
}

// TestGateModes: redirect sends to one address and names the other, allowlist
// lets through who stands on it, and capture nobody.
func TestGateModes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env     []string
		status  string
		reaches string // "" for nobody
	}{
		"capture":           {nil, "captured", ""},
		"redirect":          {[]string{"TARGO_OUTBOX_MODE=redirect", "TARGO_OUTBOX_REDIRECT_TO=+15145550177"}, "sent", "+15145550177"},
		"allowlist, on it":  {[]string{"TARGO_OUTBOX_MODE=allowlist", "TARGO_OUTBOX_ALLOW=+15145550123"}, "sent", "+15145550123"},
		"allowlist, not on": {[]string{"TARGO_OUTBOX_MODE=allowlist", "TARGO_OUTBOX_ALLOW=@example.com"}, "captured", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			h := w.start(t, tc.env...)
			e := h.awaitMessage(t, h.say(t, "sms", "514 555-0123").ID, "sent", "failed", "captured")
			if e.Status != tc.status {
				t.Errorf("the message is %s (%s), want %s", e.Status, e.Reason, tc.status)
			}
			got := w.sent(t, "sms")
			if tc.reaches == "" {
				if len(got) != 0 {
					t.Errorf("Twilio got %v", got)
				}
				return
			}
			raw, _ := json.Marshal(got)
			if len(got) != 1 || !strings.Contains(string(raw), tc.reaches) {
				t.Fatalf("Twilio got %s, want one message to %s", raw, tc.reaches)
			}
			if name == "redirect" && !strings.Contains(string(raw), "5550123") {
				t.Errorf("the redirected text does not name who it was for: %s", raw)
			}
		})
	}
}
