package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis"
)

// Server is a store in a Redis, which several hubs may share.
type Server struct {
	url   string
	shown Address
}

// patience bounds the wait for a server that does not answer.
const patience = 15 * time.Second

// server puts a password that stands beside the address into it.
func server(a Address, password config.Secret) Server {
	s := Server{url: string(a), shown: a}
	if password.Empty() {
		return s
	}
	scheme, user, rest := a.parts()
	user, _, _ = strings.Cut(user, ":")
	if plain, err := url.PathUnescape(user); err == nil {
		user = plain
	}
	s.url = scheme + "://" + url.UserPassword(user, password.Reveal()).String() + "@" + rest
	return s
}

// Open implements Place.
func (s Server) Open(ctx context.Context) (keep.Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	engine, err := redis.Open(ctx, s.url, redis.Options{})
	if err != nil {
		return nil, s.trouble(err)
	}
	return engine, nil
}

// Check implements Place: it says everything that the hub would refuse the server
// for, and what else deserves a look.
func (s Server) Check(ctx context.Context, found *findings.List) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	engine, err := redis.Open(ctx, s.url, redis.Options{Unsafe: true})
	if err != nil {
		found.Fail("store", s.trouble(err).Error())
		return
	}
	defer func() { _ = engine.Close() }()
	well := true
	for _, f := range engine.Findings(ctx) {
		if f.Level == "refused" {
			well = false
			found.Fail("store", f.Text)
			continue
		}
		found.Warn("store", f.Text)
	}
	if well {
		found.OK("store", s.shown.String()+" can be written")
	}
}

// Backup implements Place: it says what to do instead.
func (s Server) Backup(context.Context, string) error {
	return errors.New("a Redis copies itself: redis-cli --rdb FILE writes a copy of what it holds, and its append-only files hold all of it; " +
		"to go back, stop the hubs and start Redis with those files")
}

// trouble puts into words why the server cannot be used. It shows no cause that
// the engine has not put into words: an address may hold a password.
func (s Server) trouble(err error) error {
	if detail := hub.ProblemOf(err).Detail; detail != "" {
		return fmt.Errorf("%s (TARGO_STATE, %s)", strings.TrimSuffix(detail, "."), s.shown)
	}
	return fmt.Errorf("the store at %s (TARGO_STATE) cannot be used", s.shown)
}
