// Package script runs the Lua scripts in which the Redis engine makes every
// change, and says in the hub's words what went wrong.
//
// A script is one transition: it is done whole or not at all. A reply that was
// lost is asked for again with the same token, and every script knows what it
// has done under a token already.
package script

import (
	"context"
	"crypto/sha1" // as Redis names scripts
	"embed"
	"encoding/hex"
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
	scripts map[string]*source
}

// source is a script as the server knows it.
type source struct{ hash, text string }

// New makes the scripts ready. The prefix begins every key; without a clock the
// server's own is read, so that all replicas go by the same one.
func New(client goredis.UniversalClient, prefix string, clock func() time.Time) (*Scripts, error) {
	s := &Scripts{Patience: 2 * time.Second, client: client, prefix: prefix, clock: clock, scripts: make(map[string]*source, len(names))}
	for name, moves := range names {
		parts := []string{"base", name}
		if moves {
			parts = []string{"base", "lanes", name}
		}
		var whole []byte
		for _, part := range parts {
			text, err := files.ReadFile("lua/" + part + ".lua")
			if err != nil {
				return nil, fmt.Errorf("reading script %s: %w", name, err)
			}
			whole = append(whole, text...)
		}
		sum := sha1.Sum(whole)
		s.scripts[name] = &source{hash: hex.EncodeToString(sum[:]), text: string(whole)}
	}
	return s, nil
}

// Load tells the server the scripts, so that the first calls need not. What it does
// not take now it is told when it is needed.
func (s *Scripts) Load(ctx context.Context) {
	_, _ = s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, script := range s.scripts {
			p.ScriptLoad(ctx, script.text)
		}
		return nil
	})
}

// Token makes a new token of a call.
func Token() string { return strconv.FormatUint(rand.Uint64(), 36) }

// What stands before the arguments of a script: EVALSHA, its hash or text, how
// many keys, the prefix, the instant, the token, which try it is.
const (
	atVerb = iota
	atScript
	atKeys
	atPrefix
	atNow
	atToken
	atAgain
	atArgs
)

// Run runs a script and returns what it answers. A call with the same token is
// the same call. Arguments that are texts may be pointers to them.
func (s *Scripts) Run(ctx context.Context, name, token string, args ...any) ([]any, error) {
	script := s.scripts[name]
	line := make([]any, atArgs, atArgs+len(args))
	line[atKeys], line[atPrefix], line[atToken], line[atAgain] = "1", &s.prefix, &token, "0"
	line = append(line, args...)
	for began, pause := time.Now(), firstPause; ; pause = min(4*pause, lastPause) {
		reply, err := s.once(ctx, script, line)
		if err == nil {
			return reply, nil
		}
		if !passing(err) || time.Since(began) > s.Patience || !wait(ctx, pause) {
			return nil, Explain(ctx, err)
		}
		line[atAgain] = "1"
	}
}

func (s *Scripts) once(ctx context.Context, script *source, line []any) ([]any, error) {
	line[atNow] = s.now()
	line[atVerb], line[atScript] = "evalsha", &script.hash
	reply, err := s.send(ctx, line)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		line[atVerb], line[atScript] = "eval", &script.text
		reply, err = s.send(ctx, line)
	}
	return reply, err
}

func (s *Scripts) send(ctx context.Context, line []any) ([]any, error) {
	cmd := goredis.NewCmd(ctx, line...)
	cmd.SetFirstKeyPos(atPrefix)
	if err := s.client.Process(ctx, cmd); err != nil {
		return nil, err
	}
	return cmd.Slice()
}

// Hash is that by which the server knows a script.
func (s *Scripts) Hash(name string) string { return s.scripts[name].hash }

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
