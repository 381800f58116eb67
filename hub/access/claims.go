package access

import (
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
)

// Grant is what a token shall say. Expires wins over TTL; without both the
// token lives 12 hours.
type Grant struct {
	Audience Audience
	Subject  string
	Job      string
	Scopes   []string
	Lang     hub.Lang
	TTL      time.Duration
	Expires  time.Time
}

// Claims is what a token says.
type Claims struct {
	ID       string // jti, a UUIDv7
	Audience Audience
	Subject  string
	Job      string
	Scopes   []string
	Lang     hub.Lang
	Issued   time.Time
	Expires  time.Time
}

// idAt makes a UUIDv7 for an instant: its first 48 bits are the milliseconds,
// finer than iat, which counts seconds.
func idAt(now time.Time) string {
	id := uuid.New()
	ms := now.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id.String()
}

// mintedAt is the instant of a token in milliseconds.
func mintedAt(c Claims) int64 {
	if id, err := uuid.Parse(c.ID); err == nil && id.Version() == 7 {
		var ms int64
		for _, b := range id[:6] {
			ms = ms<<8 | int64(b)
		}
		return ms
	}
	return c.Issued.UnixMilli()
}

// wireClaims is the payload of a token.
type wireClaims struct {
	jwt.RegisteredClaims
	Job   string   `json:"job,omitempty"`
	Scope string   `json:"scope,omitempty"` // separated by spaces
	Lang  hub.Lang `json:"lang,omitempty"`
}

func wireOf(c Claims, issuer string) wireClaims {
	return wireClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.Subject, Audience: jwt.ClaimStrings{string(c.Audience)}, ID: c.ID,
			IssuedAt: jwt.NewNumericDate(c.Issued), NotBefore: jwt.NewNumericDate(c.Issued), ExpiresAt: jwt.NewNumericDate(c.Expires),
		},
		Job: c.Job, Scope: strings.Join(c.Scopes, " "), Lang: c.Lang,
	}
}

func (w wireClaims) audience() Audience {
	if len(w.Audience) != 1 {
		return ""
	}
	return Audience(w.Audience[0])
}

func (w wireClaims) claims() Claims {
	c := Claims{
		ID: w.ID, Audience: w.audience(), Subject: w.Subject, Job: w.Job,
		Scopes: strings.Fields(w.Scope), Lang: w.Lang, Expires: w.ExpiresAt.UTC(),
	}
	if w.IssuedAt != nil {
		c.Issued = w.IssuedAt.UTC()
	}
	return c
}
