package access

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

// What is believed at a glance is what the library would read, claim by claim; and
// what we mint is believed at a glance, or all of it would be slow.
func TestGlanceReadsWhatTheLibraryReads(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA)+",k2:"+b64(bytesB), nil)
	for name, g := range map[string]Grant{
		"technician": grant,
		"staff":      {Audience: Staff, Subject: "ann@example.com", Since: time.Now().Add(-time.Hour)},
		"accents":    {Audience: Portal, Subject: "Coopérative d'habitation «Été»", Lang: hub.French},
		"plain":      {Audience: Accept, Subject: "SAL-QTN-2026-00001"},
	} {
		token, minted, err := k.Mint(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		quick, ok := k.glance(token, []Audience{g.Audience})
		whole, err := k.parse(token, []Audience{g.Audience})
		if !ok || err != nil {
			t.Fatalf("%s: glance %v, library %v", name, ok, err)
		}
		if diff := cmp.Diff(whole, quick); diff != "" {
			t.Errorf("%s (-library +glance):\n%s", name, diff)
		}
		if quick.ID != minted.ID || !quick.Expires.Equal(minted.Expires) || !quick.Since.Equal(minted.Since) {
			t.Errorf("%s: %+v, minted %+v", name, quick, minted)
		}
	}
}

// Whatever is unusual is left to the library: a glance refuses nothing and
// believes less.
func TestGlanceBelievesLess(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA), nil)
	for name, change := range map[string]m{
		"one audience as a text": {}, "two audiences": {"aud": []string{"tech", "staff"}}, "fractions": {"aud": []string{"tech"}, "exp": 9999999999.5},
		"escapes": {"aud": []string{"tech"}, "sub": "<TECH>"}, "not yet": {"aud": []string{"tech"}, "nbf": time.Now().Add(time.Minute).Unix()},
		"another audience": {"aud": []string{"staff"}}, "no id": {"aud": []string{"tech"}, "jti": nil}, "no subject": {"aud": []string{"tech"}, "sub": ""},
		"begins after all time": {"aud": []string{"tech"}, "nbf": int64(math.MaxInt64)}, "issued after all time": {"aud": []string{"tech"}, "iat": int64(math.MaxInt64)},
		"ends after all time": {"aud": []string{"tech"}, "exp": int64(253402300800)}, "ends before all time": {"aud": []string{"tech"}, "exp": int64(math.MinInt64)},
		"no beginning": {"aud": []string{"tech"}, "iat": nil}, "another issuer": {"aud": []string{"tech"}, "iss": "x"}, "ended": {"aud": []string{"tech"}, "exp": 1},
	} {
		token := signed(t, jwt.SigningMethodHS256, []byte(bytesA), nil, change)
		if c, ok := k.glance(token, []Audience{Technician}); ok {
			t.Errorf("%s was believed: %+v", name, c)
		}
	}
	good := signed(t, jwt.SigningMethodHS256, []byte(bytesA), nil, m{"aud": []string{"tech"}})
	if _, ok := k.glance(good, []Audience{Technician}); !ok {
		t.Fatal("the good one was not believed")
	}
	for _, other := range []string{good + "\n", good + "=", good + ".", "\r" + good, strings.Replace(good, ".", "\n.", 1), good[:len(good)-3] + "\n" + good[len(good)-3:]} {
		if _, err := k.Verify(t.Context(), other, Technician); !hub.HasCode(err, "link-invalid") {
			t.Errorf("another text for the same token: %q %v", other, err)
		}
	}
	for at := range good { // one letter changed, anywhere
		letter := byte('A')
		if good[at] == 'A' {
			letter = 'B'
		}
		if c, ok := k.glance(good[:at]+string(letter)+good[at+1:], []Audience{Technician}); ok {
			t.Errorf("changed at %d, and believed: %+v", at, c)
		}
	}
}
