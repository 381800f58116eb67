// Package short keeps the tokens of links under codes of 16 letters: a link with a
// code fits into one SMS, one with a token takes three. A code proves as much as its
// token does, and nothing once that is revoked.
//
// Routes, events, systems called: none. Remembers: access:short:<hash of the code>,
// the token under the seal of its code, until a month after its end.
package short

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

const (
	chance  = 12 // bytes of a code: too many to guess
	letters = 16 // of a code: base64 of these bytes

	// outlives is how long a code is known after its token has ended: who opens it
	// then is told that it has expired, not that it never was.
	outlives = 30 * 24 * time.Hour
)

// Values keeps tokens. Value fails with the kind hub.NotFound when there is none;
// Swap with version 0 writes what must not exist yet.
type Values interface {
	Value(ctx context.Context, key string) (value []byte, version int64, err error)
	Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error)
}

// Keep keeps a token that ends then under a new code.
func Keep(ctx context.Context, values Values, token string, until time.Time) (code string, err error) {
	raw := make([]byte, chance)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	code = base64.RawURLEncoding.EncodeToString(raw)
	box, err := seal(code)
	if err != nil {
		return "", err
	}
	if _, err := values.Swap(ctx, key(code), 0, box.Seal(nil, nil, []byte(token), nil), time.Until(until)+outlives); err != nil {
		return "", fmt.Errorf("keeping a token under a code: %w", err)
	}
	return code, nil
}

// Is tells whether a text can be a code. A token, which has dots and is longer,
// never is.
func Is(text string) bool {
	if len(text) != letters {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil
}

// Find returns the token of a code: link-invalid when there is none,
// store-unavailable when nobody can look.
func Find(ctx context.Context, values Values, code string) (token string, err error) {
	raw, _, err := values.Value(ctx, key(code))
	if hub.IsKind(err, hub.NotFound) {
		return "", hub.Fail(hub.Unauthenticated, "link-invalid", "The link is not valid.", err)
	}
	if err != nil {
		return "", hub.Fail(hub.Unavailable, "store-unavailable", "It cannot be checked now whether the link still counts.", err)
	}
	box, err := seal(code)
	if err != nil {
		return "", err
	}
	plain, err := box.Open(nil, nil, raw, nil)
	if err != nil {
		return "", hub.Fail(hub.Unauthenticated, "link-invalid", "The link is not valid.", err)
	}
	return string(plain), nil
}

// seal makes what closes and opens the token of a code: without the code, which
// stands nowhere, what is kept proves nothing.
func seal(code string) (cipher.AEAD, error) {
	secret := sha256.Sum256([]byte("seal\x00" + code))
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, fmt.Errorf("sealing a token: %w", err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("sealing a token: %w", err)
	}
	return box, nil
}

// key is under which the token of a code is kept; the code itself stands nowhere.
func key(code string) string {
	sum := sha256.Sum256([]byte(code))
	return "access:short:" + hex.EncodeToString(sum[:])
}
