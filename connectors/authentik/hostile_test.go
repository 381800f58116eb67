package authentik_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

type m = map[string]any

// issuer is somebody who shows the keys he likes.
type issuer struct {
	private *rsa.PrivateKey
	curve   *ecdsa.PrivateKey
	short   *rsa.PrivateKey
	ed      ed25519.PrivateKey
	url     string
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{}
	var errs [4]error
	i.private, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	i.short, errs[1] = rsa.GenerateKey(rand.Reader, 1024)
	i.curve, errs[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, i.ed, errs[3] = ed25519.GenerateKey(rand.Reader)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	public := func(id, alg, use string, key *rsa.PublicKey) m {
		return m{"kty": "RSA", "kid": id, "alg": alg, "use": use, "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}
	}
	point, err := i.curve.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(m{"keys": []any{
		"no key at all", m{"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
		public("rsa", "RS256", "sig", &i.private.PublicKey), public("plain", "", "", &i.private.PublicKey),
		public("enc", "RS256", "enc", &i.private.PublicKey), public("ps", "PS256", "sig", &i.private.PublicKey),
		public("short", "RS256", "sig", &i.short.PublicKey), public("", "RS256", "sig", &i.private.PublicKey),
		m{"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "use": "sig", "x": b64(point[1:33]), "y": b64(point[33:])},
		m{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "use": "sig", "x": b64(i.ed.Public().(ed25519.PublicKey))},
		m{"kty": "oct", "kid": "oct", "alg": "HS256", "use": "sig", "k": b64([]byte(strings.Repeat("k", 32)))},
		m{"kty": "oct", "kid": "rsa", "alg": "HS256", "use": "sig", "k": b64([]byte(strings.Repeat("k", 32)))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// signed makes a token by hand.
func signed(t testing.TB, method jwt.SigningMethod, key any, header, change m) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{"iss": "https://auth.example.com/", "aud": "hub", "sub": "u1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	hubtest.Changed(claims, change)
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "rsa"
	hubtest.Changed(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// client makes a client that believes the issuer.
func (i *issuer) client(t testing.TB) *authentik.Client {
	t.Helper()
	cfg := authentik.Config{Server: authentik.Server{JWKSURL: i.url + "/jwks/", Issuer: "https://auth.example.com/", Audience: "hub"}, Timeout: time.Second}
	client := authentik.New(cfg, authentik.Deps{})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// believes looks that tokens whose name begins with good count, and no others.
func believes(t *testing.T, client *authentik.Client, tokens map[string]string) {
	t.Helper()
	for name, token := range tokens {
		_, err := client.Verify(t.Context(), token)
		if want := strings.HasPrefix(name, "good"); want != (err == nil) || err != nil && !hub.HasCode(err, "unauthenticated") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileSignatures(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	der, err := x509.MarshalPKIXPublicKey(&i.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs := func(header m) string { return signed(t, jwt.SigningMethodRS256, i.private, header, nil) }
	good := rs(nil)
	parts := strings.Split(good, ".")
	believes(t, i.client(t), map[string]string{
		"good RS256":             good,
		"good, key without alg":  rs(m{"kid": "plain"}),
		"good ES256":             signed(t, jwt.SigningMethodES256, i.curve, m{"kid": "ec"}, nil),
		"good EdDSA":             signed(t, jwt.SigningMethodEdDSA, i.ed, m{"kid": "ed"}, nil),
		"none":                   signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		"none, cut":              parts[0] + "." + parts[1] + ".",
		"public PEM as secret":   signed(t, jwt.SigningMethodHS256, public, nil, nil),
		"public DER as secret":   signed(t, jwt.SigningMethodHS256, der, nil, nil),
		"a shown secret":         signed(t, jwt.SigningMethodHS256, []byte(strings.Repeat("k", 32)), m{"kid": "oct"}, nil),
		"a secret under its kid": signed(t, jwt.SigningMethodHS256, []byte(strings.Repeat("k", 32)), nil, nil),
		"another RSA algorithm":  signed(t, jwt.SigningMethodRS512, i.private, nil, nil),
		"PS256":                  signed(t, jwt.SigningMethodPS256, i.private, nil, nil),
		"PS256 by its own key":   signed(t, jwt.SigningMethodPS256, i.private, m{"kid": "ps"}, nil),
		"RS256 by the PS256 key": rs(m{"kid": "ps"}),
		"key of another type":    rs(m{"kid": "ec"}),
		"key for encryption":     rs(m{"kid": "enc"}),
		"short key":              signed(t, jwt.SigningMethodRS256, i.short, m{"kid": "short"}, nil),
		"broken key":             rs(m{"kid": "broken"}),
		"no kid":                 rs(m{"kid": nil}),
		"empty kid":              rs(m{"kid": ""}),
		"kid of another type":    rs(m{"kid": []string{"rsa"}}),
		"kid that is a path":     rs(m{"kid": "../../dev/null"}),
		"keys along with it":     signed(t, jwt.SigningMethodRS256, other, m{"jwk": m{"kty": "RSA", "n": b64(other.N.Bytes()), "e": "AQAB"}, "jku": i.url}, nil),
		"another key, known kid": signed(t, jwt.SigningMethodRS256, other, nil, nil),
		"critical extension":     rs(m{"crit": []string{"b64"}, "b64": false}),
	})
}

// An ES256 signature has a twin that is right as well. Who is revoked must not come
// back with the twin.
func TestTheOtherSignatureIsTheSameSession(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	client := i.client(t)
	token := signed(t, jwt.SigningMethodES256, i.curve, m{"kid": "ec"}, nil) // neither jti nor uid
	at := strings.LastIndexByte(token, '.') + 1
	raw, err := base64.RawURLEncoding.DecodeString(token[at:])
	if err != nil {
		t.Fatal(err)
	}
	s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(raw[32:]))
	twin := token[:at] + b64(append(raw[:32:32], s.FillBytes(make([]byte, 32))...))
	one, err := client.Verify(t.Context(), token)
	if err != nil || twin == token {
		t.Fatal(err)
	}
	if other, err := client.Verify(t.Context(), twin); err != nil || other.ID != one.ID {
		t.Errorf("%q and %q: %v", one.ID, other.ID, err)
	}
	if third, err := client.Verify(t.Context(), signed(t, jwt.SigningMethodES256, i.curve, m{"kid": "ec"}, m{"sid": "2"})); err != nil || third.ID == one.ID {
		t.Errorf("another session has the same name: %v", err)
	}
}

func TestHostileClaims(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	now := time.Now()
	rs := func(change m) string { return signed(t, jwt.SigningMethodRS256, i.private, nil, change) }
	parts := strings.Split(rs(nil), ".")
	believes(t, i.client(t), map[string]string{
		"good, many audiences":    rs(m{"aud": []string{"other", "hub"}, "azp": "hub"}),
		"good, clock ahead":       rs(m{"iat": now.Add(20 * time.Second).Unix()}),
		"expired by a second":     rs(m{"exp": now.Add(-time.Second).Unix()}),
		"not yet":                 rs(m{"nbf": now.Add(2 * time.Second).Unix()}),
		"of tomorrow":             rs(m{"iat": now.Add(24 * time.Hour).Unix()}),
		"no end":                  rs(m{"exp": nil}),
		"no beginning":            rs(m{"iat": nil}),
		"no subject":              rs(m{"sub": nil}),
		"another audience":        rs(m{"aud": "wiki"}),
		"no audience":             rs(m{"aud": nil}),
		"made for another client": rs(m{"aud": []string{"wiki", "hub"}, "azp": "wiki"}),
		"another issuer":          rs(m{"iss": "https://id.example.com/"}),
		"issuer without a slash":  rs(m{"iss": "https://auth.example.com"}),
		"groups as a text":        rs(m{"groups": "admins|ops"}),
		"changed":                 parts[0] + "." + b64([]byte(`{"iss":"https://auth.example.com/","aud":"hub","sub":"u2","iat":1,"exp":9999999999}`)) + "." + parts[2],
		"huge":                    rs(m{"name": strings.Repeat("x", 20<<10)}),
		"nothing":                 "",
		"dots":                    strings.Repeat(".", 9000),
	})
}
