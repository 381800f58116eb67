// Package secret reads the secrets of the settings: the keys that sign tokens and
// the tokens of machines, of which only hashes are kept. What it says about
// mistakes names their place and never their text. It has no routes, calls
// nothing and remembers nothing.
package secret

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
)

const (
	keyBytes   = 32 // of an HS256 key, at least
	tokenChars = 16 // of a service token, at least
)

// Key signs and checks with one algorithm only.
type Key struct {
	ID          string
	Method      jwt.SigningMethod
	Sign, Check any
	Header      string // of its tokens, as it stands in them
}

// Derive makes a secret of 32 bytes for another purpose out of the key: who knows
// the one does not know the other.
func (k Key) Derive(purpose string) []byte {
	raw, _ := k.Sign.([]byte)
	if private, ok := k.Sign.(ed25519.PrivateKey); ok {
		raw = private.Seed()
	}
	mac := hmac.New(sha256.New, raw)
	mac.Write([]byte("targo-hub derives\x00" + purpose))
	return mac.Sum(nil)
}

// Keys reads "kid:base64,kid:ed25519:base64".
func Keys(text string) ([]Key, error) {
	var keys []Key
	var wrong []error
	for i, entry := range entries(text) {
		k, err := parseKey(entry)
		for _, other := range keys {
			if err == nil && other.ID == k.ID {
				err = errors.New("has the id of another one")
			}
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("entry %d %w", i+1, err))
			continue
		}
		keys = append(keys, k)
	}
	return keys, errors.Join(wrong...)
}

func parseKey(entry string) (Key, error) {
	id, material, _ := strings.Cut(entry, ":")
	material, isEd := strings.CutPrefix(material, "ed25519:")
	raw, err := decode(material)
	switch {
	case id == "" || err != nil:
		return Key{}, errors.New("must be kid:base64 or kid:ed25519:base64")
	case isEd && len(raw) != ed25519.SeedSize:
		return Key{}, fmt.Errorf("must have a seed of %d bytes", ed25519.SeedSize)
	case isEd:
		private := ed25519.NewKeyFromSeed(raw)
		return newKey(Key{ID: id, Method: jwt.SigningMethodEdDSA, Sign: private, Check: private.Public()})
	case len(raw) < keyBytes:
		return Key{}, fmt.Errorf("must have %d bytes or more", keyBytes)
	}
	return newKey(Key{ID: id, Method: jwt.SigningMethodHS256, Sign: raw, Check: raw})
}

// newKey writes the header of the key's tokens.
func newKey(k Key) (Key, error) {
	unsigned := jwt.New(k.Method)
	unsigned.Header["kid"] = k.ID
	text, err := unsigned.SigningString()
	if err != nil {
		return Key{}, errors.New("has an id that no token can carry")
	}
	k.Header, _, _ = strings.Cut(text, ".")
	return k, nil
}

// decode reads base64 of either alphabet, padded or not.
func decode(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	return base64.RawStdEncoding.DecodeString(text)
}

func entries(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
}

// service is one machine. Of its token only the hash is kept.
type service struct {
	name   string
	hash   [sha256.Size]byte
	scopes []string
}

// Services are the machines that may call.
type Services []service

// ParseServices reads "name:token:scope+scope,…"; the scopes may be left out.
func ParseServices(text string) (Services, error) {
	var list Services
	var wrong []error
	for i, entry := range entries(text) {
		s, err := parseService(entry)
		for _, other := range list {
			if err == nil && (other.name == s.name || other.hash == s.hash) {
				err = errors.New("has the name or the token of another one")
			}
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("entry %d %w", i+1, err))
			continue
		}
		list = append(list, s)
	}
	return list, errors.Join(wrong...)
}

func parseService(entry string) (service, error) {
	parts := strings.Split(entry, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" {
		return service{}, errors.New("must be name:token:scope+scope")
	}
	if len(parts[1]) < tokenChars {
		return service{}, fmt.Errorf("must have a token of %d characters or more", tokenChars)
	}
	s := service{name: parts[0], hash: sha256.Sum256([]byte(parts[1]))}
	if len(parts) == 3 {
		s.scopes = strings.FieldsFunc(parts[2], func(r rune) bool { return r == '+' })
	}
	return s, nil
}

// Verify finds the machine of a token. Every entry is compared, in constant
// time, whichever it is.
func (list Services) Verify(token string) (hub.Actor, error) {
	if token == "" {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
	}
	hash := sha256.Sum256([]byte(token))
	var found *service
	for i := range list {
		if subtle.ConstantTimeCompare(hash[:], list[i].hash[:]) == 1 {
			found = &list[i]
		}
	}
	if found == nil {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "The token is not valid.", nil)
	}
	return hub.Actor{Role: hub.RoleService, ID: found.name, Scopes: found.scopes}, nil
}
