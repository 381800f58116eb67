package authentiksim

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Login is somebody who signs in.
type Login struct {
	Username string         `json:"username"`
	Email    string         `json:"email"`
	Name     string         `json:"name"`
	Verified bool           `json:"verified"`
	Groups   []string       `json:"groups"`
	Life     time.Duration  `json:"-"`      // of the token; Options.Life when zero
	Claims   map[string]any `json:"claims"` // instead of those that Authentik would write; null leaves one out
	Header   map[string]any `json:"header"` // the same for the token's header
}

// Sign makes the token that the outpost gets for a session of the person: what
// the proxy passes on as X-authentik-jwt.
func (s *Sim) Sign(l Login) (string, error) {
	issuer := s.Issuer()
	s.mu.Lock()
	k := s.key
	s.mu.Unlock()
	token := jwt.NewWithClaims(k.method, jwt.MapClaims(changed(s.claims(l, issuer), l.Claims)))
	if k.id != "" {
		token.Header["kid"] = k.id
	}
	token.Header = changed(token.Header, l.Header)
	text, err := token.SignedString(k.sign)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return text, nil
}

// claims are those of a proxy provider: no jti and no nbf, groups as a list.
func (s *Sim) claims(l Login, issuer string) map[string]any {
	now := s.opts.Now()
	given, _, _ := strings.Cut(l.Name, " ")
	groups := l.Groups
	if groups == nil {
		groups = []string{}
	}
	return map[string]any{
		"iss": issuer, "sub": hash("user:" + l.Username), "aud": s.opts.ClientID,
		"exp": now.Add(cmp.Or(l.Life, s.opts.Life)).Unix(), "iat": now.Unix(), "auth_time": now.Unix(),
		"acr": "goauthentik.io/providers/oauth2/default", "amr": []string{"pwd"}, "sid": hash("session:" + l.Username),
		"ak_proxy": map[string]any{"user_attributes": map[string]any{}, "is_superuser": false},
		"email":    l.Email, "email_verified": l.Verified,
		"name": l.Name, "given_name": given, "preferred_username": l.Username, "nickname": l.Username, "groups": groups,
		"azp": s.opts.ClientID, "uid": rand.Text(),
	}
}

// Headers are what the outpost answers for a session, and the proxy passes on.
func (s *Sim) Headers(l Login) (http.Header, error) {
	token, err := s.Sign(l)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	for name, value := range map[string]string{
		"username": l.Username, "groups": strings.Join(l.Groups, "|"), "entitlements": "", "email": l.Email, "name": l.Name,
		"uid": hash("user:" + l.Username), "jwt": token, "meta-jwks": s.JWKSURL(), "meta-outpost": "authentik Embedded Outpost",
		"meta-provider": "Provider for " + s.opts.Slug, "meta-app": s.opts.Slug, "meta-version": "goauthentik.io/outpost/2025.10.0",
	} {
		h.Set("X-authentik-"+name, value)
	}
	return h, nil
}

// changed puts other values into a map; nil takes one out.
func changed(values, other map[string]any) map[string]any {
	for name, value := range other {
		if values[name] = value; value == nil {
			delete(values, name)
		}
	}
	return values
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
