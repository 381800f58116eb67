// Package replay makes sure that a request with an Idempotency-Key is done once:
// who asks again gets the first answer again. Only good answers are kept; after
// a refusal the key is free, because nothing has happened. A duplicate that comes
// while the first request is at work waits for it.
//
// It has no routes and calls nothing. It remembers, in the Memory it is given
// and under hashes, the body's hash and the answer, 24 hours. Answers may hold
// links that open doors, so they are sealed with a key made of the caller's
// Idempotency-Key, which is kept nowhere: only who asks again can open them.
package replay

import (
	"context"
	"crypto/hmac"
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
	lease    = 30 * time.Second       // an unfinished first request blocks its key so much longer than its budget, should the process die
	patience = 10 * time.Second       // how long a duplicate waits for the first one
	poll     = 40 * time.Millisecond  // between two looks
	longest  = 512 << 10              // longer answers are not kept
	margin   = 10 * time.Second       // for an answer to be stored
	prompt   = 2 * time.Second        // for the memory to say whether a request may begin
	brief    = 300 * time.Millisecond // that an answer waits for being stored
)

// Why a request is not done.
var (
	ErrMismatch = errors.New("the key was used with another body")
	ErrBusy     = errors.New("the first request is still at work")
	ErrTooLong  = errors.New("done already, but the answer was too long to keep")
	ErrSilent   = errors.New("the memory does not answer")
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

// Identity is what makes a request the same as an earlier one.
type Identity struct {
	Name   string            // under which its answer is kept
	Budget time.Duration     // how long its first doing may take
	seal   [sha256.Size]byte // what its answer is sealed with
}

// Identify makes the identity of all the parts, the caller's key among them. The
// name is a hash, because paths may hold tokens, and does not give away the seal.
func Identify(parts ...string) Identity {
	whole := strings.Join(parts, "\n")
	name := sha256.Sum256([]byte(whole))
	return Identity{Name: "web:idempotency:" + hex.EncodeToString(name[:]), seal: sha256.Sum256([]byte("seal\x00" + whole))}
}

// hash of a body that does not let anybody guess it.
func (id Identity) hash(body []byte) string {
	mac := hmac.New(sha256.New, id.seal[:])
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// kept is what the memory holds under a name.
type kept struct {
	Body   string `json:"body_hash"`        // of the request
	Status int    `json:"status,omitempty"` // 0 while the first request runs
	Sealed []byte `json:"sealed,omitempty"` // the answer
	Long   bool   `json:"long,omitempty"`   // done, but the answer is too long to keep
}

// Once runs the handler, unless a request with the same name has been done: then
// its answer is sent again.
func (k *Keeper) Once(c echo.Context, id Identity, body []byte, h echo.HandlerFunc) error {
	ctx, name := c.Request().Context(), id.Name
	claim := kept{Body: id.hash(body)}
	deadline := time.Now().Add(patience)
	for {
		version, err := k.claim(ctx, id, claim)
		if err == nil {
			return k.first(c, slot{id, version}, claim, h)
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
			return before.send(c, id)
		case time.Now().After(deadline):
			return ErrBusy
		}
		if err := pause(ctx, poll); err != nil {
			return err
		}
	}
}

func (k *Keeper) claim(ctx context.Context, id Identity, claim kept) (int64, error) {
	value, err := json.Marshal(claim)
	if err != nil {
		return 0, err
	}
	asked, cancel := context.WithTimeout(ctx, prompt)
	defer cancel()
	version, err := k.Memory.Swap(asked, id.Name, 0, value, id.Budget+lease)
	return version, silent(ctx, asked, err)
}

// silent tells a memory that hangs from a caller whose time is over.
func silent(ctx, asked context.Context, err error) error {
	if err != nil && asked.Err() != nil && ctx.Err() == nil {
		return errors.Join(ErrSilent, err)
	}
	return err
}

// recall reads what is kept; found is false when it has just been dropped.
func (k *Keeper) recall(ctx context.Context, name string) (before kept, found bool, err error) {
	asked, cancel := context.WithTimeout(ctx, prompt)
	defer cancel()
	value, _, err := k.Memory.Value(asked, name)
	err = silent(ctx, asked, err)
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
	Identity
	version int64
}

// first runs the handler and keeps its answer, even when the caller has left
// meanwhile: the caller will ask again. The answer does not wait for a memory that
// is slow; a repetition does.
func (k *Keeper) first(c echo.Context, at slot, claim kept, h echo.HandlerFunc) error {
	tape := &recorder{ResponseWriter: c.Response().Writer}
	c.Response().Writer = tape
	done := false
	defer func() {
		c.Response().Writer = tape.ResponseWriter
		if done {
			return
		}
		soon(c, func(ctx context.Context) {
			if err := k.Memory.Drop(ctx, at.Name); err != nil {
				k.Log.WarnContext(ctx, "idempotency key not freed", "err", err)
			}
		})
	}()
	if err := h(c); err != nil {
		return err
	}
	if !c.Response().Committed || c.Response().Status >= 400 {
		return nil
	}
	done = true // from here on a repetition would do it twice
	value, err := claim.fill(c, tape, at.Identity)
	soon(c, func(ctx context.Context) {
		if err == nil {
			_, err = k.Memory.Swap(ctx, at.Name, at.version, value, keep)
		}
		if err != nil {
			k.Log.WarnContext(ctx, "answer not kept for repetition", "err", err)
		}
	})
	return nil
}

// soon puts things in order after a request, however it ended, and goes on with it
// behind the answer when that takes long.
func soon(c echo.Context, work func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), margin)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		work(ctx)
	}()
	wait := time.NewTimer(brief)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
	}
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
