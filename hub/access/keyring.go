package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
)

// Audience says what a token is for; it is the aud of the token.
type Audience string

// The audiences.
const (
	Staff      Audience = "staff"  // subject: user
	Technician Audience = "tech"   // subject: technician; job: Dispatch Job
	Portal     Audience = "portal" // subject: customer
	Accept     Audience = "accept" // subject: quotation
)

const (
	tokenLimit  = 4 << 10              // bytes; a longer one is not ours
	longestLife = 400 * 24 * time.Hour // no token lives longer, so neither does a revocation
	defaultLife = 12 * time.Hour
)

// Keyring signs tokens with its first key and verifies with all.
type Keyring struct {
	keys   []key
	issuer string
	values Values
	now    func() time.Time
	known  known
}

// NewKeyring reads the keys. values may be nil: then nothing can be revoked.
func NewKeyring(cfg Config, values Values) (*Keyring, error) {
	keys, err := parseKeys(cfg.Keys.Reveal())
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	return &Keyring{keys: keys, issuer: cmp.Or(cfg.Issuer, "targo-hub"), values: values, now: time.Now}, nil
}

// Mint signs a token. It fails with part-off when there is no key, and when the
// grant has no audience, no subject or no time left.
func (k *Keyring) Mint(_ context.Context, g Grant) (token string, c Claims, err error) {
	if len(k.keys) == 0 {
		return "", Claims{}, hub.Fail(hub.Unavailable, "part-off", "No key for tokens is configured.", nil)
	}
	now := k.now().UTC()
	c = Claims{
		ID: idAt(now), Audience: g.Audience, Subject: g.Subject, Job: g.Job, Scopes: g.Scopes, Lang: g.Lang,
		Issued: now.Truncate(time.Second), Expires: g.Expires.UTC().Truncate(time.Second),
	}
	if g.Expires.IsZero() {
		c.Expires = c.Issued.Add(cmp.Or(g.TTL, defaultLife))
	}
	if g.Audience == "" || g.Subject == "" || !c.Expires.After(now) || c.Expires.After(now.Add(longestLife)) {
		return "", Claims{}, fmt.Errorf("minting a token for %q: audience, subject or life time is wrong", g.Audience)
	}
	unsigned := jwt.NewWithClaims(k.keys[0].method, wireOf(c, k.issuer))
	unsigned.Header["kid"] = k.keys[0].id
	if token, err = unsigned.SignedString(k.keys[0].sign); err != nil {
		return "", Claims{}, fmt.Errorf("signing a token for %q: %w", g.Audience, err)
	}
	return token, c, nil
}

// Verify checks a token for any of the audiences. For links (accept, tech,
// portal) it answers hub.Gone link-expired when the token was ours but has ended
// or was revoked, else link-invalid; for staff always unauthenticated. A
// revocation counts at once in the process that made it, within a second in
// others. The scopes of the claims are shared and must not be changed.
func (k *Keyring) Verify(ctx context.Context, token string, audiences ...Audience) (Claims, error) {
	now := k.now()
	t := k.known.find(token, now, audiences)
	if t == nil {
		c, err := k.parse(token, audiences)
		if err != nil {
			return Claims{}, err
		}
		t = k.known.add(token, c)
	}
	if k.values == nil {
		return t.claims, nil
	}
	revoked := k.known.revoked.Load() // before the store is asked: what is revoked meanwhile is asked again
	if t.fresh(now, revoked) {
		return t.claims, nil
	}
	if err := k.checkRevoked(ctx, t.claims); err != nil {
		return Claims{}, err
	}
	t.asked.Store(&asked{now, revoked})
	return t.claims, nil
}

// parse checks all that a token says by itself.
func (k *Keyring) parse(token string, audiences []Audience) (Claims, error) {
	var w wireClaims
	err := errors.New("token is too long, or for nobody")
	if len(token) <= tokenLimit && len(audiences) > 0 {
		_, err = k.parser(audiences).ParseWithClaims(token, &w, k.keyFor)
	}
	if err != nil && !onlyExpired(err) {
		return Claims{}, invalid(audiences, err)
	}
	if err != nil {
		return Claims{}, expired(w.audience(), err)
	}
	c := w.claims()
	if c.Audience == "" || c.Subject == "" || c.ID == "" {
		return Claims{}, invalid(audiences, errors.New("token without subject, id or the one audience"))
	}
	return c, nil
}

func (k *Keyring) parser(audiences []Audience) *jwt.Parser {
	names := make([]string, len(audiences))
	for i, a := range audiences {
		names[i] = string(a)
	}
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg(), jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithAudience(names...), jwt.WithIssuer(k.issuer), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithTimeFunc(k.now), jwt.WithStrictDecoding(),
	)
}

// keyFor finds the key by its id. The key says which algorithm it is for; what
// the token says must be the same.
func (k *Keyring) keyFor(t *jwt.Token) (any, error) {
	if _, critical := t.Header["crit"]; critical {
		return nil, errors.New("token asks for extensions")
	}
	id, _ := t.Header["kid"].(string)
	for _, key := range k.keys {
		if key.id == id && key.method.Alg() == t.Method.Alg() {
			return key.check, nil
		}
	}
	return nil, errors.New("token names no key of ours")
}

// onlyExpired tells that the token was ours and right in everything but time.
func onlyExpired(err error) bool {
	for _, other := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenInvalidAudience,
		jwt.ErrTokenInvalidIssuer, jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidSubject, jwt.ErrTokenInvalidId,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return errors.Is(err, jwt.ErrTokenExpired)
}

func expired(audience Audience, cause error) error {
	if audience == Staff {
		return hub.Fail(hub.Unauthenticated, "unauthenticated", "The token has expired; sign in again.", cause)
	}
	return hub.Fail(hub.Gone, "link-expired", "The link has expired; ask for a new one.", cause)
}

func invalid(audiences []Audience, cause error) error {
	if len(audiences) == 1 && audiences[0] == Staff {
		return hub.Fail(hub.Unauthenticated, "unauthenticated", "The token is not valid.", cause)
	}
	return hub.Fail(hub.Unauthenticated, "link-invalid", "The link is not valid.", cause)
}
