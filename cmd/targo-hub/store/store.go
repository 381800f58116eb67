// Package store finds, opens, checks and copies what the hub remembers, by the
// one line of the settings that says where it is: a file, or a Redis that
// several hubs share. It knows the engines so that nobody else has to.
//
// It has no routes and publishes nothing.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Place is where a store is.
type Place interface {
	// Open opens the store; a hub that runs on a file has it for itself.
	Open(ctx context.Context) (keep.Engine, error)
	// Check says whether Open would succeed, without taking the store from a hub that runs.
	Check(ctx context.Context, found *findings.List)
	Copies
}

// Copies are how a store is copied and put back, where it can.
type Copies interface {
	// Backup writes a copy to a file that must not exist.
	Backup(ctx context.Context, to string) error
	// Restore puts a copy in the place of the store, and says what it has done.
	Restore(ctx context.Context, from string) (said string, err error)
}

// schemes of Redis: one server, one on this machine, sentinels that know which,
// or a cluster; plain or with TLS.
var schemes = []string{"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"}

// Address is the setting that says where the store is. However it is printed,
// it shows no password.
type Address string

// Place reads the address. A password beside it wins over one inside. The error
// is for the operator and repeats nothing of the text.
func (a Address) Place(password config.Secret) (Place, error) {
	if path, ok := strings.CutPrefix(string(a), "sqlite:"); ok {
		if path == "" {
			return nil, errors.New("names no file")
		}
		return File(path), nil
	}
	scheme, _, rest := a.parts()
	if !slices.Contains(schemes, scheme) || rest == "" {
		return nil, errors.New("must be sqlite: and a path, or redis:// and a host")
	}
	return server(a, password), nil
}

// parts takes the address apart: who calls stands between the two others. What
// comes after may name several hosts, which is no URL to the standard library.
func (a Address) parts() (scheme, user, rest string) {
	scheme, rest, found := strings.Cut(string(a), "://")
	if !found {
		return "", "", ""
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		user, rest = rest[:at], rest[at+1:]
	}
	return scheme, user, rest
}

// String is the address without what could be a secret.
func (a Address) String() string {
	if strings.HasPrefix(string(a), "sqlite:") || a == "" {
		return string(a)
	}
	scheme, _, rest := a.parts()
	if scheme == "" || strings.Contains(rest, "@") {
		return "[unreadable]"
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest
}

// Format hides what could be a secret from every verb.
func (a Address) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, a.String()) }

// LogValue hides it in logs.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText hides it in anything that encodes text.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
