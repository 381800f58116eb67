package authentik_test

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
)

// FuzzVerify looks for a token that is believed though the issuer did not sign it,
// and for one that breaks more than itself.
func FuzzVerify(f *testing.F) {
	i := newIssuer(f)
	client := i.client(f)
	good := signed(f, jwt.SigningMethodRS256, i.private, nil, nil)
	if _, err := client.Verify(f.Context(), good); err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(good, ".")
	for _, seed := range []string{
		"", "..", "a.b.c", "e30.e30.", parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1] + ".AA", parts[0] + ".e30." + parts[2],
		signed(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		signed(f, jwt.SigningMethodHS256, []byte("secret"), m{"kid": "oct"}, nil), "eyJhbGciOm51bGx9.W10.", "\x00.\xff.\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if token == good {
			return
		}
		if p, err := client.Verify(t.Context(), token); !hub.HasCode(err, "unauthenticated") {
			t.Fatalf("%q: %+v %v", token, p, err)
		}
	})
}
