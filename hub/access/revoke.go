package access

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/hub"
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

// RevokeSubject makes every token of an audience and subject worthless that was
// minted before this instant; those minted later count.
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
	now := strconv.FormatInt(k.now().UnixMilli(), 10)
	_, err := k.values.Swap(ctx, name, -1, []byte(now), ttl)
	k.known.revoked.Add(1) // also after a failure: it may have been written
	if err != nil {
		return fmt.Errorf("revoking: %w", err)
	}
	return nil
}

// checkRevoked refuses when the store cannot be asked: a revoked token must not
// live again because a disk is full.
func (k *Keyring) checkRevoked(ctx context.Context, c Claims) error {
	_, _, err := k.values.Value(ctx, "access:revoked:jti:"+c.ID)
	if err == nil {
		return expired(c.Audience, errors.New("token was revoked"))
	}
	if !hub.IsKind(err, hub.NotFound) {
		return storeAway(err)
	}
	value, _, err := k.values.Value(ctx, subjectKey(c.Audience, c.Subject))
	if hub.IsKind(err, hub.NotFound) {
		return nil
	}
	if err != nil {
		return storeAway(err)
	}
	before, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || mintedAt(c) < before {
		return expired(c.Audience, errors.New("tokens of the subject were revoked"))
	}
	return nil
}

func storeAway(cause error) error {
	return hub.Fail(hub.Unavailable, "store-unavailable", "It cannot be checked now whether the token still counts.", cause)
}
