package gate_test

import (
	"errors"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/outbox/gate"
)

// A real provider is reached only by who said for which host that was meant; a
// simulator on this machine by any gate that is not shut.
func TestClosed(t *testing.T) {
	t.Parallel()
	const (
		public = "https://hub.example.com"
		real   = "https://api.example.net"
		sim    = "http://127.0.0.1:4010"
	)
	redirect := gate.Settings{Mode: gate.Redirect, RedirectTo: []string{"t@example.org"}}
	acked := gate.Settings{Mode: gate.Redirect, RedirectTo: redirect.RedirectTo, Ack: "HUB.example.com"}
	for name, c := range map[string]struct {
		settings gate.Settings
		public   string
		provider string
		want     string // part of the refusal, "" when open
	}{
		"shut by default":            {gate.Settings{}, public, real, "TARGO_OUTBOX_MODE"},
		"shut for simulators":        {gate.Settings{Mode: gate.Capture}, public, sim, "mode capture"},
		"shut, acknowledged":         {gate.Settings{Ack: "hub.example.com"}, public, real, "mode capture"},
		"redirect, simulator":        {redirect, public, sim, ""},
		"redirect, IPv6 simulator":   {redirect, public, "http://[::1]:4010/v3", ""},
		"redirect, localhost":        {redirect, public, "http://localhost:4010", ""},
		"redirect, real":             {redirect, public, real, "TARGO_OUTBOX_LIVE_ACK"},
		"redirect, looks local":      {redirect, public, "http://127.0.0.1.example.net", "TARGO_OUTBOX_LIVE_ACK"},
		"redirect, user in front":    {redirect, public, "http://127.0.0.1@example.net", "TARGO_OUTBOX_LIVE_ACK"},
		"redirect, private network":  {redirect, public, "http://10.0.0.1", "TARGO_OUTBOX_LIVE_ACK"},
		"redirect, no address":       {redirect, public, "", "hub.example.com"},
		"redirect, unreadable":       {redirect, public, "http://[", "TARGO_OUTBOX_LIVE_ACK"},
		"redirect, acknowledged":     {acked, public, real, ""},
		"redirect, for another host": {acked, "https://hub.example.org", real, "hub.example.org"},
		"redirect, no public URL":    {acked, "", real, "TARGO_PUBLIC_URL"},
		"allowlist, real":            {gate.Settings{Mode: gate.Allowlist}, public, real, "mode allowlist"},
		"live":                       {gate.Settings{Mode: gate.Live, Ack: "hub.example.com"}, public, real, ""},
	} {
		g, err := gate.New(c.settings, c.public)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = g.Closed(c.provider)
		if (err == nil) != (c.want == "") || (err != nil && (!errors.Is(err, gate.ErrClosed) || !strings.Contains(err.Error(), c.want))) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A webhook cannot be turned aside to another recipient: it leaves by a live gate,
// or to this machine by one that is not shut.
func TestClosedHook(t *testing.T) {
	t.Parallel()
	const host, real, sim = "hub.example.com", "https://hooks.example.net", "http://127.0.0.1:5678"
	for name, c := range map[string]struct {
		settings gate.Settings
		address  string
		open     bool
	}{
		"capture":                {gate.Settings{}, sim, false},
		"redirect":               {gate.Settings{Mode: gate.Redirect, RedirectTo: []string{"t@example.org"}, Ack: host}, real, false},
		"redirect, this machine": {gate.Settings{Mode: gate.Redirect, RedirectTo: []string{"t@example.org"}}, sim, true},
		"allowlist":              {gate.Settings{Mode: gate.Allowlist, Ack: host}, real, false},
		"live":                   {gate.Settings{Mode: gate.Live, Ack: host}, real, true},
	} {
		g, err := gate.New(c.settings, "https://"+host)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := g.ClosedHook(c.address); (err == nil) != c.open || err != nil && !errors.Is(err, gate.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
