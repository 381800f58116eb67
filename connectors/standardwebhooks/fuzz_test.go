package standardwebhooks

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzTarget: whatever stands in a document, what is called is a host of the list,
// by the scheme and the port that belong to it, as net/http reads the address.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{
		"https://hooks.example.com/x?y#z", "https://a.b.example.org:443/", "http://127.0.0.1:5678/", "https://[::1]:99/", "https://10.0.0.5/",
		"https://hooks.example.com@evil.example.net/", "https://hooks.example.com\\@evil.example.net/", "https://hooks.example.com%2eevil.example.net/",
		"https://hooks.example.com:443:80/", "https:///hooks.example.com", "HTTPS://HOOKS.example.com", "//hooks.example.com", "https://hooks.example.com#@evil.example.net",
	} {
		f.Add(seed)
	}
	c := New(Config{
		Secret: "whsec_aW52ZW50ZWQtZm9yLXRlc3RzLW9ubHktMDAwMQ==",
		Hosts:  []string{"hooks.example.com", "*.example.org", "127.0.0.1:5678", "[::1]:99", "10.0.0.5:443"},
	}, Deps{})
	f.Fuzz(func(t *testing.T, address string) {
		to, err := c.target(address)
		if err != nil {
			return
		}
		r, err := http.NewRequest(http.MethodPost, to.url, http.NoBody)
		if err != nil {
			t.Fatalf("%q passes and cannot be asked for: %v", address, err)
		}
		host, port := strings.ToLower(r.URL.Hostname()), r.URL.Port()
		if port == "" {
			port = "443"
		}
		known := map[string]bool{
			"https hooks.example.com 443": true, "http 127.0.0.1 5678": true, "https 127.0.0.1 5678": true, "http ::1 99": true, "https ::1 99": true, "https 10.0.0.5 443": true,
		}
		deep := r.URL.Scheme == "https" && port == "443" && strings.HasSuffix(host, ".example.org")
		if !deep && !known[r.URL.Scheme+" "+host+" "+port] || r.URL.User != nil || !strings.HasPrefix(to.origin, r.URL.Scheme+"://"+r.URL.Host) {
			t.Errorf("%q leads to %s %s port %s", address, r.URL.Scheme, host, port)
		}
	})
}
