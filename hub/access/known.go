package access

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// known remembers tokens whose signature was verified, because to verify one
// costs more than all else that the edge does. Only what does not change is
// remembered: whether a token still counts is asked again at every use, its end
// of the clock and its revocation of the store.
type known struct {
	revoked atomic.Uint64 // grows with each revocation in this process

	mu       sync.RWMutex
	now, old map[string]*token // in two generations: what is used moves to the new one
}

const (
	generation = 2048        // tokens; twice as many are remembered at most
	believed   = time.Second // how long the store's answer counts, for revocations by other processes
)

// token is a verified token.
type token struct {
	claims Claims
	asked  atomic.Pointer[asked]
}

// asked is when the store was asked last what is revoked, and after how many
// revocations of this process.
type asked struct {
	at      time.Time
	revoked uint64
}

// find returns a verified token for one of the audiences that has not ended.
func (k *known) find(text string, now time.Time, audiences []Audience) *token {
	k.mu.RLock()
	t := k.now[text]
	old := t == nil && k.old[text] != nil
	k.mu.RUnlock()
	if old {
		t = k.move(text)
	}
	if t == nil || !now.Before(t.claims.Expires) || !slices.Contains(audiences, t.claims.Audience) {
		return nil
	}
	return t
}

// move takes a token over into the new generation.
func (k *known) move(text string) *token {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.old[text]
	if t != nil {
		k.keep(text, t)
	}
	return t
}

// add remembers a token.
func (k *known) add(text string, c Claims) *token {
	t := &token{claims: c}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keep(text, t)
	return t
}

func (k *known) keep(text string, t *token) {
	if k.now == nil || len(k.now) >= generation {
		k.now, k.old = map[string]*token{}, k.now
	}
	k.now[strings.Clone(text)] = t // the text is a piece of a whole request, which may go
}

// fresh tells whether the store's last word still counts.
func (a *asked) fresh(now time.Time, revoked uint64) bool {
	return a.revoked == revoked && now.Sub(a.at) < believed && !now.Before(a.at)
}
