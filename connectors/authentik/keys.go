package authentik

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"gigafibre.ca/targo-hub/connectors"
)

// listing is the one call there is.
const listing = "keys.list"

const (
	longestAnswer = 1 << 20          // bytes of a list of keys
	fresh         = 10 * time.Minute // then the keys are read anew, in the background
	pause         = time.Minute      // between two questions, whatever tokens name
	pauseEmpty    = 5 * time.Second  // the same as long as no key is known
	patience      = 2 * time.Second  // for new keys while there are old ones
	outlive       = 24 * time.Hour   // how long keys count that the server no longer confirms
	shortestRSA   = 2048             // bits
)

// keys are the public keys of one server.
type keys struct {
	client *connectors.Client
	url    string
	life   context.Context // of the client: it ends what is read in the background
	now    func() time.Time
	log    *slog.Logger
	work   sync.WaitGroup

	mu     sync.Mutex
	set    *set          // nil as long as none are known
	asked  time.Time     // when the server was asked last
	failed error         // what came of it
	busy   chan struct{} // closed when the question under way is answered; nil when there is none
	ended  bool          // nothing is asked any more
}

// set is the keys of one answer.
type set struct {
	ids []string
	by  keyfunc.Keyfunc
	at  time.Time
}

// find returns the key that a token names. Which algorithm it is for, the key
// says; the token's own word must be the same.
func (k *keys) find(ctx context.Context, t *jwt.Token) (any, error) {
	id, _ := t.Header["kid"].(string)
	if _, critical := t.Header["crit"]; critical || id == "" {
		return nil, errors.New("token without the id of a key, or with extensions")
	}
	s, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(s.ids, id) {
		if s, err = k.ask(ctx, pause); err != nil {
			return nil, err // it may be one of the keys that cannot be read now
		}
	}
	if !slices.Contains(s.ids, id) {
		return nil, errors.New("token names no key of its issuer")
	}
	return s.by.KeyfuncCtx(ctx)(t)
}

// current returns keys that may be used. Those that are no longer fresh are read
// anew behind the caller's back; those that nobody asked for in a long time,
// before they are used.
func (k *keys) current(ctx context.Context) (*set, error) {
	k.mu.Lock()
	s, now := k.set, k.now()
	k.mu.Unlock()
	switch {
	case s == nil || now.Sub(s.at) > outlive:
		return k.ask(ctx, pauseEmpty)
	case now.Sub(s.at) > 2*fresh:
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if anew, err := k.ask(ctx, pause); err == nil {
			return anew, nil
		}
	case now.Sub(s.at) > fresh:
		k.start(pause)
	}
	return s, nil
}

// ask returns the keys of the server's newest answer, asking for one unless that
// was done within the time given. It fails when that failed.
func (k *keys) ask(ctx context.Context, every time.Duration) (*set, error) {
	if ctx.Err() != nil {
		return nil, k.late(ctx)
	}
	select {
	case <-ctx.Done():
		return nil, k.late(ctx)
	case <-k.start(every):
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed == nil && k.set == nil {
		return nil, errors.New("the client was closed")
	}
	return k.set, k.failed
}

// late is the failure of a caller who could not wait.
func (k *keys) late(ctx context.Context) error {
	e := k.client.Local(listing, context.Cause(ctx))
	e.Code, e.Reason, e.Temporary = connectors.CodeCancelled, "the caller gave up", true
	return e
}

// start asks the server, once for all who want to know, unless that was done
// within the time given. The channel is closed when the answer is there.
func (k *keys) start(every time.Duration) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy != nil {
		return k.busy
	}
	answered := make(chan struct{})
	if k.ended || !k.asked.IsZero() && k.now().Sub(k.asked) < every {
		close(answered)
		return answered
	}
	k.busy, k.asked = answered, k.now()
	k.work.Go(func() {
		s, err := k.read(k.life)
		k.take(s, err)
		close(answered)
	})
	return answered
}

// take keeps what came of a question. A failure leaves the keys as they are.
func (k *keys) take(s *set, err error) {
	k.mu.Lock()
	before := k.set
	if k.failed = err; err == nil {
		s.at = k.asked
		k.set = s
	}
	k.busy = nil
	k.mu.Unlock()
	switch {
	case err != nil:
		k.log.Warn("keys of the issuer were not read", "err", err, "known", before != nil)
	case before == nil || !slices.Equal(before.ids, s.ids):
		k.log.Info("keys of the issuer have changed", "keys", len(s.ids))
	}
}

// end waits for the question under way, and lets no other begin.
func (k *keys) end() {
	k.mu.Lock()
	k.ended = true
	k.mu.Unlock()
	k.work.Wait()
	k.client.Close()
}

// read asks the server once.
func (k *keys) read(ctx context.Context) (*set, error) {
	resp, err := k.client.Do(ctx, listing, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := k.client.Decode(listing, resp, &answer); err != nil {
		return nil, err
	}
	store := jwkset.NewMemoryStorage()
	s := &set{}
	for _, raw := range answer.Keys {
		key, err := usable(raw)
		if err != nil || slices.Contains(s.ids, key.Marshal().KID) {
			continue // one that we cannot use leaves the others as they are
		}
		if err := store.KeyWrite(ctx, key); err != nil {
			return nil, fmt.Errorf("keeping a key: %w", err)
		}
		s.ids = append(s.ids, key.Marshal().KID)
	}
	if len(s.ids) == 0 { // a provider without a signing key shows an empty object
		return nil, k.client.Unreadable(listing, http.MethodGet, resp.StatusCode(), errors.New("no key that verifies signatures; has the provider a signing key?"))
	}
	s.by, err = keyfunc.New(keyfunc.Options{Storage: store})
	return s, err
}

// usable reads one key: a public one, for signatures, of an algorithm of ours.
// (The same list shows the keys that others encrypt with, under the same ids.)
func usable(raw json.RawMessage) (jwkset.JWK, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return jwkset.JWK{}, fmt.Errorf("reading a key: %w", err)
	}
	if m.KID == "" || m.USE != "" && m.USE != jwkset.UseSig || m.ALG != "" && !slices.Contains(algorithms(), m.ALG.String()) {
		return jwkset.JWK{}, errors.New("key is for something else")
	}
	m.X5C, m.X5T, m.X5TS256, m.X5U = nil, "", "", "" // the key counts, not its certificate
	key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return jwkset.JWK{}, fmt.Errorf("reading a key: %w", err)
	}
	if public, ok := key.Key().(*rsa.PublicKey); ok && public.N.BitLen() < shortestRSA {
		return jwkset.JWK{}, errors.New("key is too short")
	}
	return key, nil
}
