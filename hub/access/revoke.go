package access

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access/short"
	"gigafibre.ca/targo-hub/hub/access/sieve"
)

// Values remembers revocations. Value fails with the kind hub.NotFound when
// there is none; Swap with version -1 overwrites.
type Values interface {
	Value(ctx context.Context, key string) (value []byte, version int64, err error)
	Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error)
}

// RevokeToken makes one token worthless from now on.
func (k *Keyring) RevokeToken(ctx context.Context, c Claims) error {
	left := c.Expires.Sub(k.now())
	if left <= 0 {
		return nil
	}
	return k.remember(ctx, "access:revoked:jti:"+c.ID, left)
}

// RevokeID makes the token with this jti worthless. until is when it ends; zero
// when nobody knows.
func (k *Keyring) RevokeID(ctx context.Context, jti string, until time.Time) error {
	if until.IsZero() {
		until = k.now().Add(longestLife)
	}
	return k.RevokeToken(ctx, Claims{ID: jti, Expires: until})
}

// RevokeSubject makes every token of an audience and subject worthless that was
// minted before this instant; those minted later count, unless they only renew a
// sign-in from before.
func (k *Keyring) RevokeSubject(ctx context.Context, audience Audience, subject string) error {
	return k.remember(ctx, subjectKey(audience, subject), longestLife)
}

func subjectKey(audience Audience, subject string) string {
	return "access:revoked:sub:" + string(audience) + ":" + subject
}

func (k *Keyring) remember(ctx context.Context, name string, ttl time.Duration) error {
	if k.values == nil {
		return hub.Fail(hub.Unavailable, "part-off", "Nothing can be revoked without a store.", nil)
	}
	err := k.note(ctx, name, k.now().Add(ttl))
	if err == nil {
		now := strconv.FormatInt(k.now().UnixMilli(), 10)
		_, err = k.values.Swap(ctx, name, -1, []byte(now), ttl)
	}
	k.known.revoked.Add(1) // also after a failure: it may have been written
	if err != nil {
		return fmt.Errorf("revoking: %w", err)
	}
	return nil
}

const (
	listKey  = "access:revoked"
	listTurn = 20 // times that other hubs may be faster in writing the list
)

// note writes a revocation into the list of all, before it is written itself: what
// is not in the list is not looked for.
func (k *Keyring) note(ctx context.Context, name string, until time.Time) error {
	k.noting.Lock()
	defer k.noting.Unlock()
	var taken error
	for range listTurn {
		list, version, err := k.list(ctx)
		if err != nil {
			return err
		}
		list = list.With(name, k.now(), until)
		if _, taken = k.values.Swap(ctx, listKey, version, list.Bytes(), longestLife+24*time.Hour); !hub.IsKind(taken, hub.Conflict) {
			return taken
		}
	}
	return hub.Fail(hub.Unavailable, "unavailable", "Too much is being revoked at once.", taken)
}

// list reads the list. One that is damaged stops everything: then each token is
// looked for.
func (k *Keyring) list(ctx context.Context) (sieve.Sieve, int64, error) {
	value, version, err := k.values.Value(ctx, listKey)
	if hub.IsKind(err, hub.NotFound) {
		return sieve.Sieve{}, 0, nil
	}
	if err != nil {
		return sieve.Sieve{}, 0, err
	}
	list, err := sieve.Read(value)
	if err != nil {
		list = sieve.Full(k.now().Add(longestLife))
	}
	return list, version, nil
}

// heard is the list as it was read then.
type heard struct {
	sieve.Sieve
	asked
}

// hear returns the list as it was at most a second ago, and after every revocation
// of this process.
func (k *Keyring) hear(ctx context.Context) (*heard, error) {
	now, revoked := k.now(), k.known.revoked.Load() // before the store is asked: what is revoked meanwhile is asked again
	if last := k.heard.Load(); last != nil && last.fresh(now, revoked) {
		return last, nil
	}
	list, _, err := k.list(ctx)
	if err != nil {
		return nil, err
	}
	fresh := &heard{list, asked{now, revoked}}
	k.heard.Store(fresh)
	return fresh, nil
}

// checkRevoked tells as of when a token was not revoked. It refuses when the store
// cannot be asked: a revoked token must not live again because a disk is full.
func (k *Keyring) checkRevoked(ctx context.Context, c Claims) (*asked, error) {
	list, err := k.hear(ctx)
	if err != nil {
		return nil, storeAway(err)
	}
	id, subject := "access:revoked:jti:"+c.ID, subjectKey(c.Audience, c.Subject)
	if list.Passes(id, subject) {
		return &list.asked, nil
	}
	_, _, err = k.values.Value(ctx, id)
	if err == nil {
		return nil, expired(c.Audience, errors.New("token was revoked"))
	}
	if !hub.IsKind(err, hub.NotFound) {
		return nil, storeAway(err)
	}
	value, _, err := k.values.Value(ctx, subject)
	if hub.IsKind(err, hub.NotFound) {
		return &list.asked, nil
	}
	if err != nil {
		return nil, storeAway(err)
	}
	before, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || c.begun().UnixMilli() < before {
		return nil, expired(c.Audience, errors.New("tokens of the subject were revoked"))
	}
	return &list.asked, nil
}

// checkSession asks the same about the session of a sign-in server, every time: of
// its own name, and of the name that the person has for an audience.
func (k *Keyring) checkSession(ctx context.Context, p Person, audience Audience, name string) error {
	if k.values == nil {
		return nil
	}
	_, err := k.checkRevoked(ctx, Claims{ID: sessionID + p.ID, Audience: audience, Subject: name, Issued: p.Issued, Expires: p.Expires})
	if hub.IsKind(err, hub.Gone) { // it is no link
		return expired(Staff, err)
	}
	return err
}

// Stands tells of a member of the staff who was let in a while ago whether that
// counts still: it fails with hub.Unauthenticated when the proof was revoked since,
// with hub.Unavailable when that cannot be known now.
func (k *Keyring) Stands(ctx context.Context, actor hub.Actor) error {
	if k.values == nil {
		return nil
	}
	_, err := k.checkRevoked(ctx, Claims{ID: actor.TokenID, Audience: Staff, Subject: actor.ID, Since: actor.Since, Expires: actor.Expires})
	return err
}

// shown reads a token that somebody wants to be rid of: any of ours, also one that
// has ended or was revoked.
func (k *Keyring) shown(ctx context.Context, token string) (Claims, error) {
	if k.values != nil && short.Is(token) {
		whole, err := short.Find(ctx, k.values, token)
		if err != nil {
			return Claims{}, err
		}
		token = whole
	}
	var w wireClaims
	options := []jwt.ParserOption{jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg(), jwt.SigningMethodEdDSA.Alg()}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation()}
	_, err := jwt.NewParser(options...).ParseWithClaims(token, &w, k.keyFor)
	if err != nil || w.Issuer != k.issuer || w.ExpiresAt == nil || w.ID == "" || !isLine(token) {
		return Claims{}, hub.Fail(hub.Invalid, "invalid", "This is no token of the hub.", err, hub.WithField("/token", "expected a token of the hub"))
	}
	return w.claims(), nil
}

func storeAway(cause error) error {
	return hub.Fail(hub.Unavailable, "store-unavailable", "It cannot be checked now whether the token still counts.", cause)
}
