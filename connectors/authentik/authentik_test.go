package authentik_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/connectors/authentik/authentiksim"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is what both sides look at.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)} }

// start serves a simulated Authentik.
func start(t testing.TB, opts authentiksim.Options) *authentiksim.Sim {
	t.Helper()
	sim, err := authentiksim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.SetURL(server.URL)
	return sim
}

func settings(sim *authentiksim.Sim) authentik.Server {
	return authentik.Server{JWKSURL: sim.JWKSURL(), Issuer: sim.Issuer(), Audience: sim.Audience()}
}

func dial(t testing.TB, cfg authentik.Config, c *clock) *authentik.Client {
	t.Helper()
	client := authentik.New(cfg, authentik.Deps{Now: c.Now})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

var ann = authentiksim.Login{
	Username: "ann", Email: "Ann.Tremblay@Example.com", Name: "Ann Tremblay", Verified: true, Groups: []string{"ops", "bureau|nord"},
}

func sign(t testing.TB, sim *authentiksim.Sim, l authentiksim.Login) string {
	t.Helper()
	token, err := sim.Sign(l)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestWhoSignedIn(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "ES256"} {
		c := newClock()
		sim := start(t, authentiksim.Options{Alg: alg, Encrypts: true, Now: c.Now})
		client := dial(t, authentik.Config{Server: settings(sim), Timeout: time.Second}, c)
		token := sign(t, sim, ann)
		got, err := client.Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		again, err := client.Verify(t.Context(), token)
		if err != nil || got.ID != again.ID || got.ID == "" || len(got.Subject) != 64 {
			t.Errorf("%s: %+v, then %+v %v", alg, got, again, err)
		}
		want := authentik.Person{
			Issuer: authentik.Staff, ID: got.ID, Subject: got.Subject, Username: "ann", Name: "Ann Tremblay", Email: "ann.tremblay@example.com",
			Verified: true, Groups: []string{"ops", "bureau|nord"}, Issued: c.now, Expires: c.now.Add(time.Hour),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", alg, diff)
		}
		if other, err := client.Verify(t.Context(), sign(t, sim, ann)); err != nil || other.ID == got.ID || other.Subject != got.Subject {
			t.Errorf("another token of the same person: %+v %v", other, err)
		}
		if n := sim.Control().Calls(); n != 1 {
			t.Errorf("%s: the keys were read %d times", alg, n)
		}
	}
}

func TestStaffAndCustomersAreNeverMerged(t *testing.T) {
	t.Parallel()
	c := newClock()
	staff := start(t, authentiksim.Options{Alg: "ES256", ClientID: "hub", Now: c.Now})
	clients := start(t, authentiksim.Options{Alg: "ES256", ClientID: "hub", Now: c.Now})
	client := dial(t, authentik.Config{Server: settings(staff), Clients: settings(clients), Timeout: time.Second}, c)
	for sim, want := range map[*authentiksim.Sim]string{staff: authentik.Staff, clients: authentik.Clients} {
		if got, err := client.Verify(t.Context(), sign(t, sim, ann)); err != nil || got.Issuer != want {
			t.Errorf("%s: %+v %v", want, got, err)
		}
	}
	posing := ann // a customers' server that says it is the staff's
	posing.Claims = map[string]any{"iss": staff.Issuer()}
	if got, err := client.Verify(t.Context(), sign(t, clients, posing)); !hub.IsKind(err, hub.Unauthenticated) {
		t.Errorf("a customer posing as staff: %+v %v", got, err)
	}
	alone := dial(t, authentik.Config{Server: settings(staff), Timeout: time.Second}, c)
	if got, err := alone.Verify(t.Context(), sign(t, clients, ann)); !hub.IsKind(err, hub.Unauthenticated) {
		t.Errorf("a server that is not configured: %+v %v", got, err)
	}
	if found, err := client.Probe(t.Context()); err != nil || found[authentik.Staff] != 1 || found[authentik.Clients] != 1 || client.State() != "closed" {
		t.Errorf("probe: %v %v, breaker %s", found, err, client.State())
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const at, iss, aud = "TARGO_JWKS_URL=https://auth.example.com/jwks/", "TARGO_ISSUER=https://auth.example.com/", "TARGO_AUDIENCE=hub"
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"nothing":     {nil, ""},
		"whole":       {[]string{at, iss, aud}, ""},
		"both":        {[]string{at, iss, aud, "TARGO_CLIENTS_JWKS_URL=https://id.example.com/jwks/", "TARGO_CLIENTS_ISSUER=https://id.example.com/", "TARGO_CLIENTS_AUDIENCE=hub"}, ""},
		"no address":  {[]string{"TARGO_JWKS_URL=auth.example.com", iss, aud}, "TARGO_JWKS_URL (jwks_url): not an address like https://auth.example.com/application/o/hub/jwks/"},
		"half":        {[]string{at}, "TARGO_ISSUER (issuer): missing; it is the iss of the tokens\nTARGO_AUDIENCE (audience): missing; it is the client id of the provider"},
		"no keys":     {[]string{"TARGO_CLIENTS_ISSUER=https://id.example.com/"}, "TARGO_CLIENTS_JWKS_URL (clients.jwks_url): missing; without keys nothing can be verified"},
		"one for all": {[]string{at, iss, aud, clients(at), clients(iss), clients(aud)}, "TARGO_CLIENTS_ISSUER (clients.issuer): is that of the staff; customers need a server of their own\nTARGO_CLIENTS_JWKS_URL (clients.jwks_url): is that of the staff; customers need keys of their own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectorstest.Settings(t, &authentik.Config{}, test.environ, test.want)
		})
	}
}

func clients(variable string) string { return strings.Replace(variable, "TARGO_", "TARGO_CLIENTS_", 1) }

func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	c := newClock()
	sim := start(t, authentiksim.Options{Alg: "ES256", Now: c.Now})
	token := sign(t, sim, ann)
	connectorstest.Run(t, connectorstest.Case{
		New: func(t testing.TB, url string) func(context.Context) error {
			s := settings(sim)
			s.JWKSURL = url + "/application/o/hub/jwks/"
			client := dial(t, authentik.Config{Server: s, Timeout: time.Second}, c)
			return func(ctx context.Context) error {
				_, err := client.Verify(ctx, token)
				return err
			}
		},
		Secrets: []string{token, strings.Split(token, ".")[1]}, Read: true,
	})
}
