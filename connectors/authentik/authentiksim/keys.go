package authentiksim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// key is what the provider signs with.
type key struct {
	id, alg string
	method  jwt.SigningMethod
	sign    any
	public  map[string]any // as the list of keys shows it; nil for one that is not shown
}

// Rotate takes a new signing key: RS256, ES256, or HS256, with which a provider
// without a key signs.
func (s *Sim) Rotate(alg string) error {
	k, err := newKey(alg)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = k
	return nil
}

func newKey(alg string) (*key, error) {
	k := &key{alg: alg, method: jwt.GetSigningMethod(alg)}
	var private crypto.Signer
	var err error
	switch alg {
	case "RS256":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "HS256":
		secret := make([]byte, 64)
		_, _ = rand.Read(secret) // never fails
		k.sign = secret
		return k, nil
	default:
		return nil, fmt.Errorf("making a key: %s is no algorithm of Authentik's", alg)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	k.sign = private
	return k, k.show(private)
}

// show writes the key as the list of keys has it, with the certificate that it
// comes with.
func (k *key) show(private crypto.Signer) error {
	certificate, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authentik Self-signed Certificate"},
		NotBefore: time.Now(), NotAfter: time.Now().AddDate(1, 0, 0),
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "authentik"}}, private.Public(), private)
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	short, long := sha1.Sum(certificate), sha256.Sum256(certificate)
	k.id = hex.EncodeToString(long[:16])
	k.public = map[string]any{
		"alg": k.alg, "kid": k.id, "use": "sig", "x5c": []string{base64.StdEncoding.EncodeToString(certificate)},
		"x5t": b64(short[:]), "x5t#S256": b64(long[:]),
	}
	switch public := private.Public().(type) {
	case *rsa.PublicKey:
		k.public["kty"] = "RSA"
		k.public["n"], k.public["e"] = b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, then both coordinates
		if err != nil {
			return fmt.Errorf("writing a key: %w", err)
		}
		k.public["kty"], k.public["crv"] = "EC", "P-256"
		k.public["x"], k.public["y"] = b64(point[1:33]), b64(point[33:])
	}
	return nil
}

// list is the body of the list of keys. Without a key it is an empty object.
func (k *key) list(encrypts bool) map[string]any {
	if k.public == nil {
		return map[string]any{}
	}
	keys := []any{k.public}
	if encrypts {
		other := map[string]any{}
		for name, value := range k.public {
			other[name] = value
		}
		other["use"], other["alg"], other["enc"] = "enc", "RSA-OAEP-256", "A256CBC-HS512"
		keys = append(keys, other)
	}
	return map[string]any{"keys": keys}
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
