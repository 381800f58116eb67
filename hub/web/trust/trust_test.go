package trust_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub/web/trust"
)

func TestNeighbourhood(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "203.0.113.9", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "": "unknown", "not an address": "unknown",
	} {
		if got := trust.Neighbourhood(address); got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
}

func TestOriginsAreExact(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"*", "https://*.example.com", "ops.example.com", "https://ops.example.com/", "https://u@ops.example.com", "null", ""} {
		if _, err := trust.NewOrigins([]string{text}, "", false); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	o, err := trust.NewOrigins([]string{" https://ops.example.com:8443 "}, "https://hub.example.com/base", true)
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{
		"https://ops.example.com:8443": true, "https://ops.example.com": false, "http://localhost:1": true,
		"http://localhost:1/x": false, "https://localhost:1": false, "": false,
	} {
		if o.Allows(origin) != want {
			t.Errorf("Allows(%q) = %v", origin, !want)
		}
	}
}
