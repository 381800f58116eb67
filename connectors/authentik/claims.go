package authentik

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
)

const (
	longestToken = 16 << 10         // bytes; who is in very many groups has a long one
	ahead        = 30 * time.Second // how far Authentik's clock may go before ours
)

// algorithms are those that a key of Authentik signs with. None of them takes a
// secret: a public key can never pass for one.
func algorithms() []string {
	return []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg()}
}

// wireClaims is the payload of a token, as far as it counts.
type wireClaims struct {
	jwt.RegisteredClaims
	Party     string          `json:"azp"` // the client it was made for
	Serial    string          `json:"uid"` // of the token, in those that the outpost gets
	Username  string          `json:"preferred_username"`
	Name      string          `json:"name"`
	Email     string          `json:"email"`
	Confirmed json.RawMessage `json:"email_verified"`
	Groups    []string        `json:"groups"`
}

// parse checks signature, server, time and purpose of a token.
func (c *Client) parse(ctx context.Context, token string) (*wireClaims, *server, error) {
	if len(token) > longestToken {
		return nil, nil, errors.New("token is too long")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods(algorithms()), jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(c.now),
	)
	var from *server
	claims := &wireClaims{}
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		if from = c.serverOf(claims.Issuer); from == nil {
			return nil, errors.New("token names no issuer of ours")
		}
		return from.keys.find(ctx, t)
	})
	if err == nil {
		err = claims.fit(from, c.now())
	}
	return claims, from, err
}

// serverOf finds the server that a token names; it has to prove it then.
func (c *Client) serverOf(issuer string) *server {
	i := slices.IndexFunc(c.servers, func(s *server) bool { return s.Issuer == issuer })
	if i < 0 {
		return nil
	}
	return c.servers[i]
}

// fit checks what depends on the server. (An Authentik may guard many things:
// each has tokens of its own.)
func (w *wireClaims) fit(s *server, now time.Time) error {
	switch {
	case !slices.Contains(w.Audience, s.Audience) || w.Party != "" && w.Party != s.Audience:
		return errors.New("token is for something else")
	case w.Subject == "":
		return errors.New("token without a subject")
	case w.IssuedAt == nil || w.IssuedAt.After(now.Add(ahead)):
		return errors.New("token was issued in the future, or nobody knows when")
	}
	return nil
}

func (w *wireClaims) person(issuer, token string) Person {
	p := Person{
		Issuer: issuer, ID: w.id(token), Subject: w.Subject, Username: w.Username, Name: w.Name,
		Verified: string(w.Confirmed) == "true", Groups: w.Groups, Issued: w.IssuedAt.UTC(), Expires: w.ExpiresAt.UTC(),
	}
	if mail, err := hub.ParseMail(w.Email); err == nil {
		p.Email = strings.ToLower(mail)
	}
	return p
}

// id names the token: by what it calls itself, else by what was signed. (The
// signature would not do: the same token may have several that are right.)
func (w *wireClaims) id(token string) string {
	name := w.ID + w.Serial
	if name == "" {
		name = token[:strings.LastIndexByte(token, '.')]
	}
	sum := sha256.Sum256([]byte(w.Issuer + "\n" + name))
	return hex.EncodeToString(sum[:16])
}
