// Package script runs the Lua scripts in which the Redis engine makes every
// change, and says in the hub's words what went wrong.
//
// A script is one transition: it is done whole or not at all. A reply that was
// lost is asked for again with the same token, and every script knows what it
// has done under a token already.
package script

import (
	"context"
	"embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var files embed.FS

// The scripts, by name; true for those that move jobs between lists.
var names = map[string]bool{
	"put": false, "claim": false, "extend": false, "finish": true, "change": true, "settle": true, "prune": false,
	"job": false, "page": false, "bykey": false, "counts": false, "get": false, "swap": false, "drop": false,
	"allow": false, "append": false, "read": false, "audit": false, "sweep": false, "check": false,
}

// The pauses before a call is tried again.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 320 * time.Millisecond
)

// Scripts runs scripts against one store.
type Scripts struct {
	// Patience is how long a call whose reply was lost is tried again. In the 2 s
	// that New gives most restarts of a server are over.
	Patience time.Duration

	client  goredis.UniversalClient
	prefix  string
	clock   func() time.Time
	scripts map[string]*goredis.Script
	sources []string
}

// New makes the scripts ready. The prefix begins every key; without a clock the
// server's own is read, so that all replicas go by the same one.
func New(client goredis.UniversalClient, prefix string, clock func() time.Time) (*Scripts, error) {
	s := &Scripts{Patience: 2 * time.Second, client: client, prefix: prefix, clock: clock, scripts: make(map[string]*goredis.Script, len(names))}
	for name, moves := range names {
		parts := []string{"base", name}
		if moves {
			parts = []string{"base", "lanes", name}
		}
		var source []byte
		for _, part := range parts {
			text, err := files.ReadFile("lua/" + part + ".lua")
			if err != nil {
				return nil, fmt.Errorf("reading script %s: %w", name, err)
			}
			source = append(source, text...)
		}
		s.sources = append(s.sources, string(source))
		s.scripts[name] = goredis.NewScript(string(source))
	}
	return s, nil
}

// Load tells the server the scripts, so that the first calls need not. What it does
// not take now it is told when it is needed.
func (s *Scripts) Load(ctx context.Context) {
	_, _ = s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, source := range s.sources {
			p.ScriptLoad(ctx, source)
		}
		return nil
	})
}

// Token makes a new token of a call.
func Token() string { return strconv.FormatUint(rand.Uint64(), 36) }

// Run runs a script and returns what it answers. A call with the same token is
// the same call.
func (s *Scripts) Run(ctx context.Context, name, token string, args ...any) ([]any, error) {
	all := make([]any, 0, len(args)+3)
	all = append(append(all, "", token, "0"), args...)
	for began, pause := time.Now(), firstPause; ; pause = min(4*pause, lastPause) {
		all[0] = s.now()
		reply, err := s.once(ctx, s.scripts[name], all)
		if err == nil {
			return reply, nil
		}
		if !passing(err) || time.Since(began) > s.Patience || !wait(ctx, pause) {
			return nil, Explain(ctx, err)
		}
		all[2] = "1"
	}
}

func (s *Scripts) once(ctx context.Context, script *goredis.Script, args []any) ([]any, error) {
	keys := []string{s.prefix}
	reply, err := s.client.EvalSha(ctx, script.Hash(), keys, args...).Slice()
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		reply, err = script.Eval(ctx, s.client, keys, args...).Slice()
	}
	return reply, err
}

// Hash is that by which the server knows a script.
func (s *Scripts) Hash(name string) string { return s.scripts[name].Hash() }

func (s *Scripts) now() string {
	if s.clock == nil {
		return ""
	}
	return strconv.FormatInt(s.clock().UnixMicro(), 10)
}

// wait is false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
