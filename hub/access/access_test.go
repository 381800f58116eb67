package access_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
)

// material makes the base64 of n equal bytes: enough for a key in a test.
func material(fill byte, n int) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(rune(fill)), n)))
}

func settings(keys ...string) access.Config {
	return access.Config{
		Keys:          config.Secret(strings.Join(keys, ",")),
		ServiceTokens: "cron:invented-cron-token:schedule.run+links.mint, n8n:invented-n8n-token-2",
	}
}

func hs(id string, fill byte) string { return id + ":" + material(fill, 32) }

func guard(t *testing.T, cfg access.Config, values access.Values) *access.Guard {
	t.Helper()
	g, err := access.New(cfg, values)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mint(t *testing.T, g *access.Guard, grant access.Grant) (string, access.Claims) {
	t.Helper()
	token, claims, err := g.Keyring().Mint(context.Background(), grant)
	if err != nil {
		t.Fatal(err)
	}
	return token, claims
}

// store is a small Values; broken makes it fail.
type store struct {
	mu     sync.Mutex
	values map[string][]byte
	broken bool
}

func (s *store) Value(_ context.Context, key string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil, 0, errors.New("disk is full")
	}
	if v, ok := s.values[key]; ok {
		return v, 1, nil
	}
	return nil, 0, hub.Fail(hub.NotFound, "not-found", "", nil)
}

func (s *store) Swap(_ context.Context, key string, _ int64, value []byte, ttl time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ttl <= 0 || s.broken {
		return 0, errors.New("not stored")
	}
	s.values[key] = value
	return 1, nil
}

// watched counts what is written.
type watched struct {
	access.Values
	writes int
}

func (w *watched) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	w.writes++
	return w.Values.Swap(ctx, key, version, value, ttl)
}

func TestConfigNamesMistakesWithoutSecrets(t *testing.T) {
	t.Parallel()
	cfg := access.Config{
		Keys: config.Secret(strings.Join([]string{
			"hunter2", ":" + material('a', 32), "k1:" + material('s', 31), "k2:!!hunter2!!", "k3:ed25519:" + material('s', 33),
			hs("k4", 'x'), hs("k4", 'y'),
		}, ",")),
		ServiceTokens: "cron:hunter2,n8n,a:b:c:d:e,cron:invented-cron-token,cron:invented-other-token",
		LogoutURL:     "javascript:alert(1)", LogoutPaths: []string{"/logout", "//evil.example", "/auth/logout", "/logout", "sign-out", "/x/{jwt}"},
	}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("wrong settings were taken")
	}
	for _, want := range []string{
		"keys: entry 1", "entry 2", "entry 3 must have 32 bytes", "entry 4", "entry 5 must have a seed of 32 bytes", "entry 7 has the id",
		"service_tokens: entry 1 must have a token of 16", "entry 2", "entry 3", "entry 5 has the name",
		"logout_url: must be", "logout_paths: entry 2 must", "logout_paths: entry 3", "logout_paths: entry 4", "logout_paths: entry 5", "logout_paths: entry 6",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), material('s', 31)) {
		t.Errorf("error shows a secret: %v", err)
	}
	if _, err := access.New(cfg, nil); err == nil {
		t.Error("New took wrong settings")
	}
	if err := (access.Config{}).Validate(); err != nil {
		t.Errorf("empty settings: %v", err)
	}
}

func TestVerifyByRole(t *testing.T) {
	t.Parallel()
	g := guard(t, settings(hs("k1", 'a')), nil)
	tokens := map[string]string{"service": "invented-cron-token", "wrong": "invented-wrong-token", "none": ""}
	for name, grant := range map[string]access.Grant{
		"staff":  {Audience: access.Staff, Subject: "ann@example.com"},
		"tech":   {Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1", Scopes: []string{"photo"}, Lang: hub.English},
		"portal": {Audience: access.Portal, Subject: "CUST-1"},
		"accept": {Audience: access.Accept, Subject: "SAL-QTN-1"},
	} {
		tokens[name], _ = mint(t, g, grant)
	}
	roles := map[hub.Role]string{
		hub.RoleStaff: "staff", hub.RoleTechnician: "tech", hub.RoleCustomer: "portal accept", hub.RoleService: "service",
	}
	for role, welcome := range roles {
		for name, token := range tokens {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("X-Authentik-Username", "ann@example.com")
			r.Header.Set("X-Authentik-Email", "ann@example.com")
			actor, err := g.Verify(r.Context(), r, role)
			if want := strings.Contains(welcome, name); want != (err == nil) {
				t.Errorf("%s as %s: %+v %v", name, role, actor, err)
			}
			if err != nil && !hub.IsKind(err, hub.Unauthenticated) {
				t.Errorf("%s as %s: %v", name, role, err)
			}
		}
	}
	for name, want := range map[string]hub.Actor{
		"staff":   {Role: hub.RoleStaff, ID: "ann@example.com"},
		"tech":    {Role: hub.RoleTechnician, ID: "TECH-1", Job: "DJ-1", Scopes: []string{"photo"}, Lang: hub.English},
		"portal":  {Role: hub.RoleCustomer, ID: "CUST-1"},
		"accept":  {Role: hub.RoleCustomer, Subject: "SAL-QTN-1"},
		"service": {Role: hub.RoleService, ID: "cron", Scopes: []string{"schedule.run", "links.mint"}},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "bearer "+tokens[name])
		got, err := g.Verify(r.Context(), r, want.Role)
		if err != nil || got.ID != want.ID || got.Subject != want.Subject || got.Job != want.Job || got.Lang != want.Lang ||
			strings.Join(got.Scopes, " ") != strings.Join(want.Scopes, " ") || (name != "service") != (got.TokenID != "") {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}
