package access

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

// board is where several processes remember revocations; it counts questions.
type board struct {
	values map[string][]byte
	asked  atomic.Int64
}

func (b *board) Value(_ context.Context, key string) ([]byte, int64, error) {
	b.asked.Add(1)
	if v, ok := b.values[key]; ok {
		return v, 1, nil
	}
	return nil, 0, hub.Fail(hub.NotFound, "not-found", "", nil)
}

func (b *board) Swap(_ context.Context, key string, _ int64, value []byte, _ time.Duration) (int64, error) {
	b.values[key] = value
	return 1, nil
}

func newRing(t *testing.T, values Values) *Keyring {
	t.Helper()
	k, err := NewKeyring(Config{Keys: config.Secret("k1:aW52ZW50ZWQtaW52ZW50ZWQtaW52ZW50ZWQtaW52ZW50ZWQ=")}, values)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerifiedTokensAreRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &board{values: map[string][]byte{}}
		here, there := newRing(t, store), newRing(t, store) // two processes
		ctx := t.Context()
		token, claims, err := here.Mint(ctx, Grant{Audience: Staff, Subject: "ann", TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		counts := func(k *Keyring, want bool) {
			t.Helper()
			if _, err := k.Verify(ctx, token, Staff); (err == nil) != want {
				t.Errorf("counts: %v, want %v", err, want)
			}
		}
		for range 100 {
			counts(here, true)
			counts(there, true)
		}
		if n := store.asked.Load(); n != 2 { // the list of what was revoked, once by each
			t.Errorf("the store was asked %d times", n)
		}
		if _, err := here.Verify(ctx, token, Technician); err == nil {
			t.Error("a remembered token opens another door")
		}
		if err := here.RevokeToken(ctx, claims); err != nil {
			t.Fatal(err)
		}
		counts(here, false) // at once
		time.Sleep(time.Second)
		counts(there, false) // within a second

		if token, _, err = here.Mint(ctx, Grant{Audience: Staff, Subject: "bob", TTL: time.Minute}); err != nil {
			t.Fatal(err)
		}
		counts(there, true)
		time.Sleep(time.Millisecond)
		if err := there.RevokeSubject(ctx, Staff, "bob"); err != nil {
			t.Fatal(err)
		}
		counts(there, false)
	})
}

func TestRememberedTokenEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newRing(t, nil)
		token, _, err := k.Mint(t.Context(), Grant{Audience: Accept, Subject: "SAL-QTN-1", TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Verify(t.Context(), token, Accept, Portal); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if _, err := k.Verify(t.Context(), token, Accept, Portal); !hub.HasCode(err, "link-expired") {
			t.Errorf("got %v", err)
		}
	})
}

func TestMemoryOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	var k known
	now := time.Now()
	used := Claims{Audience: Staff, Subject: "often", Expires: now.Add(time.Hour)}
	k.add("often", used)
	for i := range 5 * generation {
		k.add(strconv.Itoa(i), Claims{Audience: Staff, Expires: now.Add(time.Hour)})
		if i%100 == 0 && k.find("often", now, []Audience{Staff}) == nil {
			t.Fatal("what is used was forgotten")
		}
	}
	if n := len(k.now) + len(k.old); n > 2*generation {
		t.Errorf("%d tokens are remembered", n)
	}
	if k.find("0", now, []Audience{Staff}) != nil {
		t.Error("the first was not forgotten")
	}
}
