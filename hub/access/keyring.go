package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access/secret"
	"gigafibre.ca/targo-hub/hub/access/short"
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
	keys   []secret.Key
	issuer string
	values Values
	now    func() time.Time
	known  known
	heard  atomic.Pointer[heard]
	noting sync.Mutex // one revocation at a time: all stand in one list
}

// NewKeyring reads the keys. values may be nil: then nothing can be revoked.
func NewKeyring(cfg Config, values Values) (*Keyring, error) {
	keys, err := secret.Keys(cfg.Keys.Reveal())
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	return &Keyring{keys: keys, issuer: cmp.Or(cfg.Issuer, "targo-hub"), values: values, now: time.Now}, nil
}

// Mint signs a token. It fails with part-off when there is no key, and when the
// grant has no audience, no subject or no time left.
func (k *Keyring) Mint(_ context.Context, g Grant) (token string, c Claims, err error) {
	if len(k.keys) == 0 {
		return "", Claims{}, noKey()
	}
	now := k.now().UTC()
	c = Claims{
		ID: idAt(now), Audience: g.Audience, Subject: g.Subject, Job: g.Job, Scopes: g.Scopes, Lang: g.Lang,
		Issued: now.Truncate(time.Second), Expires: g.Expires.UTC().Truncate(time.Second), Since: g.Since.UTC().Truncate(time.Millisecond),
	}
	if g.Expires.IsZero() {
		c.Expires = c.Issued.Add(cmp.Or(g.TTL, defaultLife))
	}
	if g.Audience == "" || g.Subject == "" || !c.Expires.After(now) || c.Expires.After(now.Add(longestLife)) {
		return "", Claims{}, fmt.Errorf("minting a token for %q: audience, subject or life time is wrong", g.Audience)
	}
	unsigned := jwt.NewWithClaims(k.keys[0].Method, wireOf(c, k.issuer))
	unsigned.Header["kid"] = k.keys[0].ID
	if token, err = unsigned.SignedString(k.keys[0].Sign); err != nil {
		return "", Claims{}, fmt.Errorf("signing a token for %q: %w", g.Audience, err)
	}
	return token, c, nil
}

// Short keeps a token under a code of 16 letters that proves the same, for links
// that have to fit into one SMS. Tokens of the staff have none.
func (k *Keyring) Short(ctx context.Context, token string, c Claims) (code string, err error) {
	if k.values == nil || c.Audience == Staff {
		return "", hub.Fail(hub.Unavailable, "part-off", "There is nowhere to keep short links.", nil)
	}
	return short.Keep(ctx, k.values, token, c.Expires)
}

// Secret derives 32 bytes from the key that signs, for another purpose: to hash
// codes, say. Another purpose gives other bytes, and so does another key.
func (k *Keyring) Secret(purpose string) ([]byte, error) {
	if len(k.keys) == 0 {
		return nil, noKey()
	}
	return k.keys[0].Derive(purpose), nil
}

// Verify checks a token, or the code of one, for any of the audiences. For links (accept, tech,
// portal) it answers hub.Gone link-expired when the token was ours but has ended
// or was revoked, else link-invalid; for staff always unauthenticated. A
// revocation counts at once in the process that made it, within a second in
// others. The scopes of the claims are shared and must not be changed.
func (k *Keyring) Verify(ctx context.Context, token string, audiences ...Audience) (Claims, error) {
	now := k.now()
	t := k.known.find(token, now, audiences)
	if t == nil {
		c, err := k.read(ctx, token, audiences)
		if err != nil {
			return Claims{}, err
		}
		t = k.known.add(token, c)
	}
	if k.values == nil {
		return t.claims, nil
	}
	if last := t.asked.Load(); last != nil && last.fresh(now, k.known.revoked.Load()) {
		return t.claims, nil
	}
	last, err := k.checkRevoked(ctx, t.claims)
	if err != nil {
		return Claims{}, err
	}
	t.asked.Store(last)
	return t.claims, nil
}

func noKey() error {
	return hub.Fail(hub.Unavailable, "part-off", "No key for tokens is configured.", nil)
}

// read checks all that a token says by itself, or the token that a code stands
// for.
func (k *Keyring) read(ctx context.Context, token string, audiences []Audience) (Claims, error) {
	if k.values != nil && short.Is(token) && !slices.Contains(audiences, Staff) {
		whole, err := short.Find(ctx, k.values, token)
		if err != nil {
			return Claims{}, err
		}
		token = whole
	}
	if c, ok := k.glance(token, audiences); ok {
		return c, nil
	}
	return k.parse(token, audiences)
}

// parse checks all that a token says by itself, and knows why it is refused.
func (k *Keyring) parse(token string, audiences []Audience) (Claims, error) {
	var w wireClaims
	err := errors.New("token is too long, in several lines, or for nobody")
	if isLine(token) && len(audiences) > 0 {
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

// isLine tells of what can be a token. (Base64 passes over the ends of lines, so
// that there would be more and more texts for the same one.)
func isLine(token string) bool {
	return len(token) <= tokenLimit && !strings.ContainsAny(token, "\r\n")
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
		if key.ID == id && key.Method.Alg() == t.Method.Alg() {
			return key.Check, nil
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
