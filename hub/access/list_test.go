package access_test

import (
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// Several hubs revoke at the same time: none of them writes over another's word.
func TestRevocationsOfSeveralHubs(t *testing.T) {
	t.Parallel()
	values := hubtest.Store(t)
	hubs := []*access.Guard{guard(t, settings(hs("k1", 'a')), values), guard(t, settings(hs("k1", 'a')), values)}
	var tokens []string
	var all sync.WaitGroup
	for i := range 12 {
		token, claims := mint(t, hubs[0], access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
		tokens = append(tokens, token)
		all.Go(func() {
			if err := hubs[i%2].Keyring().RevokeToken(t.Context(), claims); err != nil {
				t.Errorf("token %d: %v", i, err)
			}
		})
	}
	all.Wait()
	left, _ := mint(t, hubs[0], access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	fresh := guard(t, settings(hs("k1", 'a')), values).Keyring()
	for i, token := range tokens {
		if _, err := fresh.Verify(t.Context(), token, access.Technician); !hub.HasCode(err, "link-expired") {
			t.Errorf("token %d: %v", i, err)
		}
	}
	if _, err := fresh.Verify(t.Context(), left, access.Technician); err != nil {
		t.Errorf("the one that was left: %v", err)
	}
}

func TestDamagedListOfRevocations(t *testing.T) {
	t.Parallel()
	values := hubtest.Store(t)
	g := guard(t, settings(hs("k1", 'a')), values)
	gone, claims := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-1"})
	good, _ := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-2"})
	later, laterClaims := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-3"})
	if err := g.Keyring().RevokeToken(t.Context(), claims); err != nil {
		t.Fatal(err)
	}
	if _, err := values.Swap(t.Context(), "access:revoked", -1, []byte("rubbish"), time.Hour); err != nil {
		t.Fatal(err)
	}
	fresh := guard(t, settings(hs("k1", 'a')), values).Keyring()
	counts := func(token string, want bool) {
		t.Helper()
		if _, err := fresh.Verify(t.Context(), token, access.Technician); want != (err == nil) {
			t.Errorf("counts: %v, want %v", err, want)
		}
	}
	counts(gone, false)
	counts(good, true)
	counts(later, true)
	if err := fresh.RevokeToken(t.Context(), laterClaims); err != nil {
		t.Fatal(err)
	}
	counts(gone, false)
	counts(good, true)
	counts(later, false)
}
