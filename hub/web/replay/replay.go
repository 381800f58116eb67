// Package replay makes sure that a request with an Idempotency-Key is done once:
// who asks again gets the first answer again. Only good answers are kept; after
// a refusal the key is free, because nothing has happened. A duplicate that comes
// while the first request is at work waits for it.
//
// It has no routes and calls nothing. It remembers, in the Memory it is given
// and under hashes, the body's hash and the answer, 24 hours.
package replay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	keep     = 24 * time.Hour
	lease    = time.Minute           // an unfinished first request blocks its key no longer, should the process die
	patience = 10 * time.Second      // how long a duplicate waits for the first one
	poll     = 40 * time.Millisecond // between two looks
	longest  = 512 << 10             // longer answers are not kept
	margin   = 40 * time.Second      // for the first request to finish and its answer to be stored
)

// Why a request is not done.
var (
	ErrMismatch = errors.New("the key was used with another body")
	ErrBusy     = errors.New("the first request is still at work")
	ErrTooLong  = errors.New("done already, but the answer was too long to keep")
)

// Memory keeps values with a version; 0 means that there must be none.
type Memory interface {
	Value(ctx context.Context, key string) (value []byte, version int64, err error)
	Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error)
	Drop(ctx context.Context, key string) error
}

// Keeper gives answers again.
type Keeper struct {
	Memory  Memory
	Missing func(error) bool // the memory says that there is no such value
	Taken   func(error) bool // the memory says that the version is another
	Log     *slog.Logger
}

// Name makes the name under which an answer is kept of everything that makes a
// request the same; a hash, because paths may hold tokens.
func Name(parts ...string) string {
	return "web:idempotency:" + hash([]byte(strings.Join(parts, "\n")))
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// kept is what the memory holds under a name.
type kept struct {
	Body   string            `json:"body_hash"`        // of the request
	Status int               `json:"status,omitempty"` // 0 while the first request runs
	Header map[string]string `json:"header,omitempty"`
	Answer []byte            `json:"answer,omitempty"`
	Long   bool              `json:"long,omitempty"` // done, but the answer is too long to keep
}

// Once runs the handler, unless a request with the same name has been done: then
// its answer is sent again.
func (k *Keeper) Once(c echo.Context, name string, body []byte, h echo.HandlerFunc) error {
	ctx := c.Request().Context()
	claim := kept{Body: hash(body)}
	deadline := time.Now().Add(patience)
	for {
		version, err := k.claim(ctx, name, claim)
		if err == nil {
			return k.first(c, slot{name, version}, claim, h)
		}
		if !k.Taken(err) {
			return err
		}
		before, found, err := k.recall(ctx, name)
		switch {
		case err != nil:
			return err
		case found && before.Body != claim.Body:
			return ErrMismatch
		case found && before.Long:
			return ErrTooLong
		case found && before.Status != 0:
			return before.send(c)
		case time.Now().After(deadline):
			return ErrBusy
		}
		if err := pause(ctx, poll); err != nil {
			return err
		}
	}
}

func (k *Keeper) claim(ctx context.Context, name string, claim kept) (int64, error) {
	value, err := json.Marshal(claim)
	if err != nil {
		return 0, err
	}
	return k.Memory.Swap(ctx, name, 0, value, lease)
}

// recall reads what is kept; found is false when it has just been dropped.
func (k *Keeper) recall(ctx context.Context, name string) (before kept, found bool, err error) {
	value, _, err := k.Memory.Value(ctx, name)
	if err != nil && k.Missing(err) {
		return kept{}, false, nil
	}
	if err != nil {
		return kept{}, false, err
	}
	return before, true, json.Unmarshal(value, &before)
}

// slot is a claimed place in the memory.
type slot struct {
	name    string
	version int64
}

// first runs the handler and keeps its answer, even when the caller has left
// meanwhile: the caller will ask again.
func (k *Keeper) first(c echo.Context, at slot, claim kept, h echo.HandlerFunc) error {
	tape := &recorder{ResponseWriter: c.Response().Writer}
	c.Response().Writer = tape
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), margin)
	defer cancel()
	done := false
	defer func() {
		c.Response().Writer = tape.ResponseWriter
		if done {
			return
		}
		if err := k.Memory.Drop(ctx, at.name); err != nil {
			k.Log.WarnContext(ctx, "idempotency key not freed", "err", err)
		}
	}()
	if err := h(c); err != nil {
		return err
	}
	if !c.Response().Committed || c.Response().Status >= 400 {
		return nil
	}
	done = true // from here on a repetition would do it twice
	claim.fill(c, tape)
	value, err := json.Marshal(claim)
	if err == nil {
		_, err = k.Memory.Swap(ctx, at.name, at.version, value, keep)
	}
	if err != nil {
		k.Log.WarnContext(ctx, "answer not kept for repetition", "err", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
