package access_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
)

func TestRevocation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	values := &store{values: map[string][]byte{}}
	g := guard(t, settings(hs("k1", 'a')), values)
	k := g.Keyring()
	tech := access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"}
	verify := func(token string, audience access.Audience, code string) {
		t.Helper()
		_, err := k.Verify(ctx, token, audience)
		if code == "" && err != nil || code != "" && !hub.HasCode(err, code) {
			t.Errorf("got %v, want %q", err, code)
		}
	}
	one, claims := mint(t, g, tech)
	two, _ := mint(t, g, tech)
	if err := k.RevokeToken(ctx, claims); err != nil {
		t.Fatal(err)
	}
	verify(one, access.Technician, "link-expired")
	verify(two, access.Technician, "")

	other, _ := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-2", Job: "DJ-1"})
	portal, _ := mint(t, g, access.Grant{Audience: access.Portal, Subject: "TECH-1"})
	nextMillisecond()
	if err := k.RevokeSubject(ctx, access.Technician, "TECH-1"); err != nil {
		t.Fatal(err)
	}
	later, _ := mint(t, g, tech)
	verify(two, access.Technician, "link-expired")
	verify(later, access.Technician, "")
	verify(other, access.Technician, "")
	verify(portal, access.Portal, "")

	staff, staffClaims := mint(t, g, access.Grant{Audience: access.Staff, Subject: "ann"})
	if err := k.RevokeToken(ctx, staffClaims); err != nil {
		t.Fatal(err)
	}
	verify(staff, access.Staff, "unauthenticated")
}

// Who was let in is asked about again by streams, which outlive a proof.
func TestWhoWasLetInStandsUntilRevoked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g := guard(t, settings(hs("k1", 'a')), &store{values: map[string][]byte{}})
	k := g.Keyring()
	actor := func(subject string) hub.Actor {
		token, _ := mint(t, g, access.Grant{Audience: access.Staff, Subject: subject})
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		a, err := g.Verify(ctx, r, hub.RoleStaff)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	stands := func(a hub.Actor, want bool) {
		t.Helper()
		if err := k.Stands(ctx, a); (err == nil) != want || err != nil && !hub.IsKind(err, hub.Unauthenticated) {
			t.Errorf("%s: %v, want %v", a, err, want)
		}
	}
	ann, other, bob := actor("ann"), actor("ann"), actor("bob")
	stands(ann, true)
	if err := k.RevokeID(ctx, ann.TokenID, ann.Expires); err != nil {
		t.Fatal(err)
	}
	stands(ann, false)
	stands(other, true)
	nextMillisecond()
	if err := k.RevokeSubject(ctx, access.Staff, "ann"); err != nil {
		t.Fatal(err)
	}
	stands(other, false)
	stands(actor("ann"), true)
	stands(bob, true)
}

// nextMillisecond waits until the clock shows another millisecond: revocation
// counts in those.
func nextMillisecond() {
	for now := time.Now().UnixMilli(); time.Now().UnixMilli() == now; {
		continue
	}
}

func TestRevocationFailsClosed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	values := &store{values: map[string][]byte{}}
	g := guard(t, settings(hs("k1", 'a')), values)
	token, claims := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	values.broken = true
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if _, err := g.Verify(ctx, r, hub.RoleTechnician); !hub.HasCode(err, "store-unavailable") {
		t.Errorf("without a store that answers: %v", err)
	}
	if err := g.Keyring().RevokeToken(ctx, claims); err == nil {
		t.Error("a revocation was lost silently")
	}
	bare := guard(t, settings(hs("k1", 'a')), nil)
	if err := bare.Keyring().RevokeSubject(ctx, access.Technician, "TECH-1"); !hub.HasCode(err, "part-off") {
		t.Errorf("without a store: %v", err)
	}
	if _, err := bare.Verify(ctx, r, hub.RoleTechnician); err != nil {
		t.Errorf("without a store a good token counts: %v", err)
	}
	claims.Expires = time.Now().Add(-time.Second)
	if err := bare.Keyring().RevokeToken(ctx, claims); err != nil {
		t.Errorf("a token that has ended needs no revocation: %v", err)
	}
}
