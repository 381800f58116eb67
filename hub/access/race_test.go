package access_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// A hub that has not heard yet that somebody was revoked may still renew his
// proof: what it gives ends with the rest, as soon as it hears.
func TestRenewedWhileRevokedElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	elsewhere := guard(t, settings(hs("k1", 'a')), h.store).Keyring()
	old, _ := mint(t, h.guard, access.Grant{Audience: access.Staff, Subject: "ann@example.com"})
	ann := h.session(h.staff, "ann")
	h.wants("/office", bearer(old), 200, "staff:ann@example.com") // and what is revoked was read just now
	nextMillisecond()
	if err := elsewhere.RevokeSubject(t.Context(), access.Staff, "ann@example.com"); err != nil {
		t.Fatal(err)
	}
	nextMillisecond()
	for name, proof := range map[string]http.Header{"a token": bearer(old), "a session": ann} {
		w := h.ask(http.MethodPost, "/auth/token", "", proof)
		if w.Code != http.StatusOK { // it has heard already: the machine is slow today
			continue
		}
		var renewed issued
		if err := json.Unmarshal(w.Body.Bytes(), &renewed); err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.Verify(t.Context(), renewed.Token, access.Staff); !hub.IsKind(err, hub.Unauthenticated) {
			t.Errorf("renewed by %s after the revocation, and it counts: %v", name, err)
		}
	}
	nextMillisecond()
	again, _ := mint(t, h.guard, access.Grant{Audience: access.Staff, Subject: "ann@example.com"})
	renewed := h.token(bearer(again))
	if _, err := elsewhere.Verify(t.Context(), renewed.Token, access.Staff); err != nil {
		t.Errorf("who was let in again afterwards: %v", err)
	}
}

// A whole day's work orders are handed over at once.
func TestManyRevocationsAtOnce(t *testing.T) {
	t.Parallel()
	g := guard(t, settings(hs("k1", 'a')), hubtest.Store(t))
	var all sync.WaitGroup
	var tokens []string
	for i := range 100 {
		token, claims := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
		tokens = append(tokens, token)
		all.Go(func() {
			if err := g.Keyring().RevokeToken(t.Context(), claims); err != nil {
				t.Errorf("token %d: %v", i, err)
			}
		})
	}
	all.Wait()
	for i, token := range tokens {
		if _, err := g.Keyring().Verify(t.Context(), token, access.Technician); !hub.HasCode(err, "link-expired") {
			t.Errorf("token %d: %v", i, err)
		}
	}
}
