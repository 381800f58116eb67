package script

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// When to come again: a server that restarts is back in seconds, room is made by people.
const (
	soon  = 2 * time.Second
	later = 30 * time.Second
)

// away are the answers of a server that cannot serve now, by their first word.
var away = map[string]string{
	"LOADING":     "The store is reading its data after a start.",
	"READONLY":    "The store has become a replica that cannot be written.",
	"MASTERDOWN":  "The store has lost its master.",
	"CLUSTERDOWN": "The store's cluster is down.",
	"TRYAGAIN":    "The store's cluster is moving data.",
	"NOREPLICAS":  "The store has too few replicas to take anything in.",
	"BUSY":        "The store is busy with a long script.",

	"ERR max number of clients": "The store has too many clients.",
}

// Explain says what an error of the client means: which kind of failure, and
// when to try again.
func Explain(ctx context.Context, err error) error {
	if until, ok := ctx.Deadline(); ok && err != nil && !time.Now().Before(until) {
		<-ctx.Done() // the connection may have noticed first
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return keep.Late(ctx)
	case errors.Is(err, goredis.ErrClosed):
		return keep.ErrClosed
	case goredis.IsOOMError(err) || goredis.HasErrorPrefix(err, "OOM"):
		return hub.Fail(hub.Unavailable, "store-full", "The store's memory is full.", err, hub.WithRetryAfter(later))
	case goredis.HasErrorPrefix(err, "MISCONF"):
		return hub.Fail(hub.Unavailable, "store-full", "The store cannot write to its disk.", err, hub.WithRetryAfter(later))
	}
	for word, detail := range away {
		if goredis.HasErrorPrefix(err, word) || goredis.HasErrorPrefix(err, trimmed(word)) {
			return hub.Fail(hub.Unavailable, "store-unavailable", detail, err, hub.WithRetryAfter(soon))
		}
	}
	for _, m := range misled {
		if goredis.HasErrorPrefix(err, m.begin) {
			return hub.Fail(hub.Unavailable, "store-unavailable", m.detail, err, hub.WithRetryAfter(later))
		}
	}
	if _, moved := goredis.IsMovedError(err); moved {
		return hub.Fail(hub.Unavailable, "store-unavailable", isCluster, err, hub.WithRetryAfter(later))
	}
	if _, said := errors.AsType[goredis.Error](err); said {
		return hub.Fail(hub.Internal, "internal", "The store did not understand.", err)
	}
	return hub.Fail(hub.Unavailable, "store-unavailable", unreached(err), err, hub.WithRetryAfter(soon))
}

// trimmed is a word without the ERR that the client takes away when it compares.
func trimmed(word string) string {
	if len(word) > 4 && word[:4] == "ERR " {
		return word[4:]
	}
	return word
}

// Unsure tells whether the call that ended with the error may have been done.
func Unsure(err error) bool {
	return hub.HasCode(err, "store-unavailable") || hub.HasCode(err, "timeout")
}

// passing tells whether the same call may succeed in a moment.
func passing(err error) bool {
	if errors.Is(err, goredis.ErrClosed) || errors.Is(err, context.Canceled) {
		return false
	}
	if _, said := errors.AsType[goredis.Error](err); said {
		for word := range away {
			if goredis.HasErrorPrefix(err, trimmed(word)) {
				return true
			}
		}
		return false
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, goredis.ErrPoolTimeout)
}
