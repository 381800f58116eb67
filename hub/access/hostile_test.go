package access

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// signed makes a token by hand.
func signed(t testing.TB, method jwt.SigningMethod, key any, header, change map[string]any) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": "targo-hub", "aud": "tech", "sub": "TECH-1", "jti": "j-1",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	hubtest.Changed(claims, change)
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k1"
	hubtest.Changed(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type m = map[string]any

// attack is a token and the code of its refusal; none for one that is good.
type attack struct{ token, code string }

func refuses(t *testing.T, k *Keyring, attacks map[string]attack) {
	t.Helper()
	for name, test := range attacks {
		_, err := k.Verify(t.Context(), test.token, Technician)
		if test.code == "" && err != nil || test.code != "" && !hub.HasCode(err, test.code) {
			t.Errorf("%s: %v, want %q", name, err, test.code)
		}
	}
}

func TestHostileSignatures(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA)+",k2:ed25519:"+b64(bytesB), nil)
	public := ed25519.NewKeyFromSeed([]byte(bytesB)).Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	other := func(method jwt.SigningMethod, key any, header m) string { return signed(t, method, key, header, nil) }
	good := other(jwt.SigningMethodHS256, []byte(bytesA), nil)
	refuses(t, k, map[string]attack{
		"good":                       {good, ""},
		"none":                       {other(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil), "link-invalid"},
		"public key as HMAC secret":  {other(jwt.SigningMethodHS256, []byte(public.(ed25519.PublicKey)), m{"kid": "k2"}), "link-invalid"},
		"public key DER as secret":   {other(jwt.SigningMethodHS256, der, m{"kid": "k2"}), "link-invalid"},
		"HMAC key by another method": {other(jwt.SigningMethodHS512, []byte(bytesA), nil), "link-invalid"},
		"EdDSA under an HMAC kid":    {other(jwt.SigningMethodEdDSA, crypto.Signer(ed25519.NewKeyFromSeed([]byte(bytesB))), nil), "link-invalid"},
		"unknown kid":                {other(jwt.SigningMethodHS256, []byte(bytesA), m{"kid": "k9"}), "link-invalid"},
		"kid of another type":        {other(jwt.SigningMethodHS256, []byte(bytesA), m{"kid": 1}), "link-invalid"},
		"kid that is a path":         {other(jwt.SigningMethodHS256, []byte(""), m{"kid": "../../../dev/null"}), "link-invalid"},
		"kid that is a query":        {other(jwt.SigningMethodHS256, []byte("x"), m{"kid": "k1' UNION SELECT 'x' --"}), "link-invalid"},
		"kid of the other key":       {other(jwt.SigningMethodHS256, []byte(bytesA), m{"kid": "k2"}), "link-invalid"},
		"no kid":                     {other(jwt.SigningMethodHS256, []byte(bytesA), m{"kid": nil}), "link-invalid"},
		"key along with it":          {other(jwt.SigningMethodHS256, []byte(bytesB), m{"jwk": m{"kty": "oct", "k": b64(bytesB)}, "jku": "https://evil.example/keys"}), "link-invalid"},
		"none under our kid":         {unsigned(good, `{"alg":"none","kid":"k1","typ":"JWT"}`), "link-invalid"},
		"None, with our signature":   {changedHead(good, `{"alg":"None","kid":"k1","typ":"JWT"}`), "link-invalid"},
		"RS256 over our secret":      {changedHead(good, `{"alg":"RS256","kid":"k1","typ":"JWT"}`), "link-invalid"},
		"good, header in disorder":   {other(jwt.SigningMethodHS256, []byte(bytesA), m{"a": 1}), ""},
		"good, by the other key":     {other(jwt.SigningMethodEdDSA, crypto.Signer(ed25519.NewKeyFromSeed([]byte(bytesB))), m{"kid": "k2"}), ""},
		"critical extension":         {other(jwt.SigningMethodHS256, []byte(bytesA), m{"crit": []string{"b64"}}), "link-invalid"},
		"another secret":             {other(jwt.SigningMethodHS256, []byte(bytesB), nil), "link-invalid"},
	})
}

func TestHostileClaims(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA)+",k2:ed25519:"+b64(bytesB), nil)
	past := time.Now().Add(-time.Minute).Unix()
	own := func(change m) string { return signed(t, jwt.SigningMethodHS256, []byte(bytesA), nil, change) }
	good := own(nil)
	refuses(t, k, map[string]attack{
		"good, whole audience":       {own(m{"aud": []string{"tech"}}), ""},
		"two audiences":              {own(m{"aud": []string{"tech", "staff"}}), "link-invalid"},
		"wrong audience":             {own(m{"aud": "staff"}), "link-invalid"},
		"wrong issuer":               {own(m{"iss": "elsewhere"}), "link-invalid"},
		"no subject":                 {own(m{"sub": nil}), "link-invalid"},
		"no id":                      {own(m{"jti": nil}), "link-invalid"},
		"no end":                     {own(m{"exp": nil}), "link-invalid"},
		"end of another type":        {own(m{"exp": "tomorrow"}), "link-invalid"},
		"not yet":                    {own(m{"nbf": time.Now().Add(time.Hour).Unix()}), "link-invalid"},
		"not yet, list of audiences": {own(m{"nbf": time.Now().Add(2 * time.Second).Unix(), "aud": []string{"tech"}}), "link-invalid"},
		"issued in the future":       {own(m{"iat": time.Now().Add(time.Minute).Unix(), "aud": []string{"tech"}}), "link-invalid"},
		"expired":                    {own(m{"exp": past}), "link-expired"},
		"expired by a second":        {own(m{"exp": time.Now().Add(-time.Second).Unix(), "aud": []string{"tech"}}), "link-expired"},
		"two ends":                   {twice(good), "link-invalid"},
		"expired and wrong audience": {own(m{"exp": past, "aud": "staff"}), "link-invalid"},
		"expired and forged":         {signed(t, jwt.SigningMethodHS256, []byte(bytesB), nil, m{"exp": past}), "link-invalid"},
		"cut":                        {good[:len(good)-4], "link-invalid"},
		"more bits":                  {good + "=", "link-invalid"},
		"changed payload":            {swap(good), "link-invalid"},
		"too long":                   {good + strings.Repeat("a", 8000), "link-invalid"},
		"many dots":                  {strings.Repeat(".", 4000), "link-invalid"},
		"empty":                      {"", "link-invalid"},
	})
	if _, err := k.Verify(context.Background(), good); err == nil {
		t.Error("a token counts for no audience")
	}
	if _, err := k.Verify(context.Background(), own(m{"aud": "staff", "exp": past}), Staff); !hub.HasCode(err, "unauthenticated") {
		t.Errorf("expired staff token: %v", err)
	}
}

// changedHead gives the token another header and leaves the signature.
func changedHead(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}

// unsigned does so and takes the signature off.
func unsigned(token, header string) string {
	token = changedHead(token, header)
	return token[:strings.LastIndexByte(token, '.')+1]
}

// twice lets the payload say a later end beside the true one.
func twice(token string) string {
	parts := strings.Split(token, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "{", `{"exp":9999999999,`, 1)))
	return strings.Join(parts, ".")
}

// swap gives the token another subject and leaves the signature.
func swap(token string) string {
	parts := strings.Split(token, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "TECH-1", "TECH-2", 1)))
	return strings.Join(parts, ".")
}

func FuzzVerify(f *testing.F) {
	k := ring(f, "k1:"+b64(bytesA), nil)
	f.Add(signed(f, jwt.SigningMethodHS256, []byte(bytesB), nil, nil))
	f.Add(signed(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil))
	for _, seed := range []string{"", ".", "..", "a.b.c", "e30.e30.", "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.bnVsbA.AA", "eyJhbGciOm51bGx9.W10.", "\x00.\xff.\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if c, ok := k.glance(token, []Audience{Technician, Staff}); ok {
			t.Fatalf("%q was believed at a glance: %+v", token, c)
		}
		claims, err := k.Verify(context.Background(), token, Technician, Staff)
		if err == nil {
			t.Fatalf("%q was believed: %+v", token, claims)
		}
		if !hub.IsKind(err, hub.Unauthenticated) || errors.Unwrap(err) == nil {
			t.Fatalf("%q: %v", token, err)
		}
	})
}
