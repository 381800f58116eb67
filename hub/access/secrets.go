package access

import (
	"crypto/ed25519"
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

// key signs and checks with one algorithm only.
type key struct {
	id          string
	method      jwt.SigningMethod
	sign, check any
}

// parseKeys reads "kid:base64,kid:ed25519:base64". Messages tell the place of a
// mistake, never the text.
func parseKeys(text string) ([]key, error) {
	var keys []key
	var wrong []error
	for i, entry := range entries(text) {
		k, err := parseKey(entry)
		for _, other := range keys {
			if err == nil && other.id == k.id {
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

func parseKey(entry string) (key, error) {
	id, material, _ := strings.Cut(entry, ":")
	material, isEd := strings.CutPrefix(material, "ed25519:")
	raw, err := decode(material)
	switch {
	case id == "" || err != nil:
		return key{}, errors.New("must be kid:base64 or kid:ed25519:base64")
	case isEd && len(raw) != ed25519.SeedSize:
		return key{}, fmt.Errorf("must have a seed of %d bytes", ed25519.SeedSize)
	case isEd:
		private := ed25519.NewKeyFromSeed(raw)
		return key{id: id, method: jwt.SigningMethodEdDSA, sign: private, check: private.Public()}, nil
	case len(raw) < keyBytes:
		return key{}, fmt.Errorf("must have %d bytes or more", keyBytes)
	}
	return key{id: id, method: jwt.SigningMethodHS256, sign: raw, check: raw}, nil
}

// decode reads base64 of either alphabet, padded or not.
func decode(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	return base64.RawStdEncoding.DecodeString(text)
}

func entries(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
}

// service is a machine that may call. Of its token only the hash is kept.
type service struct {
	name   string
	hash   [sha256.Size]byte
	scopes []string
}

type services []service

// parseServices reads "name:token:scope+scope,…"; the scopes may be left out.
func parseServices(text string) (services, error) {
	var list services
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

// verify finds the machine of a token. Every entry is compared, in constant
// time, whichever it is.
func (list services) verify(token string) (hub.Actor, error) {
	if token == "" {
		return hub.Actor{}, needed()
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
