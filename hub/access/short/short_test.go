package short_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access/short"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestCodesStandForTokens: each call makes another code, and each finds its token.
func TestCodesStandForTokens(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	seen := map[string]bool{}
	for range 50 {
		token := strings.Repeat("a.b", len(seen)+1)
		code, err := short.Keep(t.Context(), store, token, time.Now().Add(time.Hour))
		if err != nil || seen[code] || !short.Is(code) || len(code) != 16 {
			t.Fatalf("code %q, %v", code, err)
		}
		seen[code] = true
		if got, err := short.Find(t.Context(), store, code); err != nil || got != token {
			t.Fatalf("found %q, %v", got, err)
		}
	}
}

// TestCodeAfterTheEnd: a code is still known when its token has ended, so that the
// reader hears that the link has expired.
func TestCodeAfterTheEnd(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	code, err := short.Keep(t.Context(), store, "x.y.z", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := short.Find(t.Context(), store, code); err != nil || got != "x.y.z" {
		t.Errorf("found %q, %v", got, err)
	}
}

// TestCodesOfNothing: what nobody made is refused, and what cannot be looked up is
// not taken for refused.
func TestCodesOfNothing(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	if _, err := short.Find(t.Context(), store, "AAAAAAAAAAAAAAAA"); !hub.HasCode(err, "link-invalid") {
		t.Errorf("unknown code: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := short.Find(t.Context(), store, "AAAAAAAAAAAAAAAA"); !hub.HasCode(err, "store-unavailable") {
		t.Errorf("store away: %v", err)
	}
	if _, err := short.Keep(t.Context(), store, "x", time.Now().Add(time.Hour)); err == nil {
		t.Errorf("kept in a closed store: %v", err)
	}
	for _, text := range []string{"", "short", "eyJhbGciOiJIUzI1NiJ9.e30.sig", strings.Repeat("a", 15), strings.Repeat("a", 17), "a.bcdefghijklmno", "abc/efgh+jklmnop"} {
		if short.Is(text) {
			t.Errorf("%q is taken for a code", text)
		}
	}
}

// watched shows what is kept.
type watched struct {
	short.Values
	kept []byte
	key  string
}

func (w *watched) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	w.key, w.kept = key, value
	return w.Values.Swap(ctx, key, version, value, ttl)
}

// TestWhatIsKeptProvesNothing: whoever reads the store has neither code nor token,
// and what he writes there is not believed.
func TestWhatIsKeptProvesNothing(t *testing.T) {
	t.Parallel()
	w := &watched{Values: hubtest.Store(t)}
	code, err := short.Keep(t.Context(), w, "header.payload.signature", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.key, code) || bytes.Contains(w.kept, []byte(code)) || bytes.Contains(w.kept, []byte("payload")) {
		t.Errorf("kept: %s %q", w.key, w.kept)
	}
	for _, forged := range [][]byte{[]byte("header.payload.signature"), nil, append(w.kept, 0)} {
		if _, err := w.Values.Swap(t.Context(), w.key, -1, forged, time.Hour); err != nil {
			t.Fatal(err)
		}
		if got, err := short.Find(t.Context(), w, code); !hub.HasCode(err, "link-invalid") {
			t.Errorf("%q: %q, %v", forged, got, err)
		}
	}
}
