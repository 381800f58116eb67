package entrance_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/cmd/targo-sim/entrance"
	"gigafibre.ca/targo-hub/connectors/authentik/authentiksim"
)

// street is an entrance with a hub behind it that tells what it was shown.
type street struct {
	url     string
	browser *http.Client
}

func newStreet(t *testing.T) street {
	t.Helper()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s at %s, email %q, token %v, bearer %q", r.Method, r.URL.RequestURI(), r.Host,
			r.Header.Values("X-Authentik-Email"), strings.Count(r.Header.Get("X-Authentik-Jwt"), ".") == 2, r.Header.Get("Authorization"))
	}))
	t.Cleanup(hub.Close)
	sim, err := authentiksim.New(authentiksim.Options{Alg: "ES256", Visitor: &authentiksim.Login{Username: "demo", Email: "demo@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	authentik := httptest.NewServer(sim)
	t.Cleanup(authentik.Close)
	sim.SetURL(authentik.URL)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	door, err := entrance.New(entrance.Options{Hub: hub.URL, Authentik: authentik.URL, Client: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(door)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return street{server.URL, &http.Client{Jar: jar, Transport: transport}}
}

func (s street) get(t *testing.T, path string, headers ...string) (status int, said string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	res, err := s.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// A browser that nobody knows comes back signed in, at the page that it asked for,
// whatever it says about itself.
func TestBrowserIsSignedInByItself(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"127.0.0.1", "localhost"} {
		s := newStreet(t)
		s.url = strings.Replace(s.url, "127.0.0.1", name, 1)
		s.arrives(t)
	}
}

func (s street) arrives(t *testing.T) {
	t.Helper()
	host := strings.TrimPrefix(s.url, "http://")
	want := fmt.Sprintf("GET /console/map?lang=en at %s, email [\"demo@example.com\"], token true, bearer \"\"", host)
	for range 2 { // the second time it has the cookie
		status, said := s.get(t, "/console/map?lang=en", "X-Authentik-Email: boss@example.com", "X-Authentik-Jwt: forged")
		if status != http.StatusOK || said != want {
			t.Errorf("%d %s, want %s", status, said, want)
		}
	}
}

// A program that brings a token needs no session, and gets none lent.
func TestProgramsBringTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	status, said := s.get(t, "/gps/positions", "Authorization: Bearer x", "X-Authentik-Email: boss@example.com")
	if status != http.StatusOK || !strings.Contains(said, `email [], token false, bearer "Bearer x"`) {
		t.Errorf("%d %s", status, said)
	}
}

func TestWhoSignsOutIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	s.get(t, "/")
	s.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if status, _ := s.get(t, "/outpost.goauthentik.io/sign_out"); status != http.StatusFound {
		t.Errorf("signing out: %d", status)
	}
	if status, _ := s.get(t, "/"); status != http.StatusFound {
		t.Errorf("the session is still good: %d", status)
	}
}
