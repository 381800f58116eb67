package gate_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub/outbox/gate"
)

func TestWider(t *testing.T) {
	t.Parallel()
	of := func(mode gate.Mode) *gate.Gate {
		g, err := gate.New(gate.Settings{Mode: mode, RedirectTo: []string{"+15145550177"}, Ack: "hub.example.com"}, "https://hub.example.com")
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	modes := []gate.Mode{gate.Capture, gate.Redirect, gate.Allowlist, gate.Live}
	wider := map[gate.Mode]string{gate.Capture: "", gate.Redirect: "capture ", gate.Allowlist: "capture ", gate.Live: "capture redirect allowlist "}
	for _, now := range modes {
		than := ""
		for _, then := range modes {
			if of(now).Wider(then) {
				than += string(then) + " "
			}
		}
		if than != wider[now] || of(now).Wider("") {
			t.Errorf("%s is wider than %q, want %q", now, than, wider[now])
		}
	}
}
