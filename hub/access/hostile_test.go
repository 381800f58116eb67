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
)

// signed makes a token by hand.
func signed(t testing.TB, method jwt.SigningMethod, key any, header, change map[string]any) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": "targo-hub", "aud": "tech", "sub": "TECH-1", "jti": "j-1",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k1"
	for name, value := range header {
		token.Header[name] = value
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestHostileTokens(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA)+",k2:ed25519:"+b64(bytesB), nil)
	public := ed25519.NewKeyFromSeed([]byte(bytesB)).Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	type m = map[string]any
	past := time.Now().Add(-time.Minute).Unix()
	own := func(change m) string { return signed(t, jwt.SigningMethodHS256, []byte(bytesA), nil, change) }
	other := func(method jwt.SigningMethod, key any, header m) string { return signed(t, method, key, header, nil) }
	good := own(nil)
	for name, test := range map[string]struct{ token, code string }{
		"good":                       {good, ""},
		"good, two audiences":        {own(m{"aud": []string{"tech", "staff"}}), "link-invalid"},
		"none":                       {other(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil), "link-invalid"},
		"public key as HMAC secret":  {other(jwt.SigningMethodHS256, []byte(public.(ed25519.PublicKey)), m{"kid": "k2"}), "link-invalid"},
		"public key DER as secret":   {other(jwt.SigningMethodHS256, der, m{"kid": "k2"}), "link-invalid"},
		"HMAC key by another method": {other(jwt.SigningMethodHS512, []byte(bytesA), nil), "link-invalid"},
		"EdDSA under an HMAC kid":    {other(jwt.SigningMethodEdDSA, crypto.Signer(ed25519.NewKeyFromSeed([]byte(bytesB))), nil), "link-invalid"},
		"unknown kid":                {other(jwt.SigningMethodHS256, []byte(bytesA), m{"kid": "k9"}), "link-invalid"},
		"kid of another type":        {other(jwt.SigningMethodHS256, []byte(bytesA), m{"kid": 1}), "link-invalid"},
		"critical extension":         {other(jwt.SigningMethodHS256, []byte(bytesA), m{"crit": []string{"b64"}}), "link-invalid"},
		"another secret":             {other(jwt.SigningMethodHS256, []byte(bytesB), nil), "link-invalid"},
		"wrong audience":             {own(m{"aud": "staff"}), "link-invalid"},
		"wrong issuer":               {own(m{"iss": "elsewhere"}), "link-invalid"},
		"no subject":                 {own(m{"sub": nil}), "link-invalid"},
		"no id":                      {own(m{"jti": nil}), "link-invalid"},
		"no end":                     {own(m{"exp": nil}), "link-invalid"},
		"end of another type":        {own(m{"exp": "tomorrow"}), "link-invalid"},
		"not yet":                    {own(m{"nbf": time.Now().Add(time.Hour).Unix()}), "link-invalid"},
		"expired":                    {own(m{"exp": past}), "link-expired"},
		"expired and wrong audience": {own(m{"exp": past, "aud": "staff"}), "link-invalid"},
		"expired and forged":         {signed(t, jwt.SigningMethodHS256, []byte(bytesB), nil, m{"exp": past}), "link-invalid"},
		"cut":                        {good[:len(good)-4], "link-invalid"},
		"more bits":                  {good + "=", "link-invalid"},
		"changed payload":            {swap(good), "link-invalid"},
		"too long":                   {good + strings.Repeat("a", 8000), "link-invalid"},
		"many dots":                  {strings.Repeat(".", 4000), "link-invalid"},
		"empty":                      {"", "link-invalid"},
	} {
		_, err := k.Verify(context.Background(), test.token, Technician)
		if test.code == "" && err != nil || test.code != "" && !hub.HasCode(err, test.code) {
			t.Errorf("%s: %v, want %q", name, err, test.code)
		}
	}
	if _, err := k.Verify(context.Background(), good); err == nil {
		t.Error("a token counts for no audience")
	}
	if _, err := k.Verify(context.Background(), own(m{"aud": "staff", "exp": past}), Staff); !hub.HasCode(err, "unauthenticated") {
		t.Errorf("expired staff token: %v", err)
	}
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
		claims, err := k.Verify(context.Background(), token, Technician, Staff)
		if err == nil {
			t.Fatalf("%q was believed: %+v", token, claims)
		}
		if !hub.IsKind(err, hub.Unauthenticated) || errors.Unwrap(err) == nil {
			t.Fatalf("%q: %v", token, err)
		}
	})
}
