// Package mailjetsim imitates the part of Mailjet that sends mail and reports
// what became of it. Tests and the demo use it; the hub never links it. No
// mail leaves the machine.
//
// Routes, all with Basic authentication: POST /v3.1/send, GET
// /v3/REST/message[/{id}] (also ?CustomID=), and /v3/REST/eventcallbackurl,
// where webhooks are registered.
//
// Controls beside those of simkit, with JSON bodies:
//
//	POST /_sim/event  what became of one mail, reported now: {event, message_id|custom_id|to,
//	                  hard_bounce?, error?, error_related_to?, comment?, url?, times?, deliver?, group?};
//	                  group is a list of more such orders for the same call
//	POST /_sim/fate   what becomes of every mail to an address: {to, event, hard_bounce?, ...};
//	                  without an event it is healed
//
// GET /_sim/sent lists what was taken for sending. An event is posted until the
// answer is exactly 200.
//
// It calls one system, the hub's webhook, and remembers everything in memory.
package mailjetsim

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// firstMessageID is beyond 2^53, as Mailjet's are: a reader that keeps ids as
// floating point numbers gets them wrong.
const firstMessageID int64 = 1152921535000000001

// Options say what the simulated account looks like. The zero value works.
type Options struct {
	APIKey    string        // default "mailjetsimkey"
	APISecret string        // default "mailjetsimsecret"
	Senders   []string      // allowed From: addresses, or "@example.com" for a domain; empty allows any
	HookURL   string        // the hub's address for events, with user:password@ in it; registered for every type
	Reports   []string      // events that come by themselves after a send; default "sent"; an empty list sends none
	RetryUnit time.Duration // between tries of a webhook; default 30 s; after 24 h of it the address is suspended
	Now       func() time.Time
	Log       *slog.Logger
}

// Sim is a running Mailjet account. It is an http.Handler, safe for concurrent
// use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler
	log     *slog.Logger
	client  *http.Client

	mu       sync.Mutex
	messages []*message
	trials   int // messages checked under SandboxMode and not sent
	misspelt int // sends that meant the sandbox, in a spelling that the API does not know
	hooks    []*hook
	posts    []delivery
	fates    map[string]eventOrder // by address
}

// New makes an account without messages.
func New(opts Options) *Sim {
	if opts.APIKey == "" {
		opts.APIKey = "mailjetsimkey"
	}
	if opts.APISecret == "" {
		opts.APISecret = "mailjetsimsecret"
	}
	if opts.Reports == nil {
		opts.Reports = []string{"sent"}
	}
	if opts.RetryUnit == 0 {
		opts.RetryUnit = 30 * time.Second
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sim{opts: opts, log: opts.Log, control: simkit.New("mailjet", opts.Log), client: hookClient(), fates: map[string]eventOrder{}}
	s.SetHook(opts.HookURL)
	s.control.State(s.state)
	s.control.Sent(s.sent)
	s.control.OnReset(s.forget)
	s.control.Handle("POST /_sim/event", s.simEvent)
	s.control.Handle("POST /_sim/fate", s.simFate)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3.1/send", s.send)
	mux.HandleFunc("GET /v3/REST/message", s.listMessages)
	mux.HandleFunc("GET /v3/REST/message/{id}", s.showMessage)
	mux.HandleFunc("GET /v3/REST/sender", s.listSenders)
	mux.HandleFunc("GET /v3/REST/eventcallbackurl", s.listHooks)
	mux.HandleFunc("POST /v3/REST/eventcallbackurl", s.addHook)
	mux.HandleFunc("GET /v3/REST/eventcallbackurl/{id}", s.showHook)
	mux.HandleFunc("PUT /v3/REST/eventcallbackurl/{id}", s.changeHook)
	mux.HandleFunc("DELETE /v3/REST/eventcallbackurl/{id}", s.removeHook)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { answerStatus(w, r, http.StatusNotFound) })
	s.handler = s.control.Wrap(s.authenticated(mux), answerStatus)
	return s
}

// ServeHTTP answers as Mailjet does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// SetHook registers the hub's address for every event type in place of what was
// registered before; an empty one registers none.
func (s *Sim) SetHook(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = nil
	if address == "" {
		return
	}
	for _, kind := range eventTypes {
		s.register(hook{EventType: kind, URL: address, Version: 2})
	}
}

// Close ends the webhooks that still wait.
func (s *Sim) Close() {
	s.control.Close()
	s.client.CloseIdleConnections()
}

func (s *Sim) authenticated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != s.opts.APIKey || password != s.opts.APISecret {
			answerStatus(w, r, http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (s *Sim) maySend(address string) bool {
	return len(s.opts.Senders) == 0 || slices.ContainsFunc(s.opts.Senders, func(allowed string) bool {
		return strings.EqualFold(allowed, address) ||
			strings.HasPrefix(allowed, "@") && strings.HasSuffix(strings.ToLower(address), strings.ToLower(allowed))
	})
}

func (s *Sim) now() time.Time { return s.opts.Now().UTC() }

func (s *Sim) state() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := struct {
		Messages int        `json:"messages"`
		Trials   int        `json:"sandboxed"`
		Misspelt int        `json:"misspelt_sandbox"`
		Hooks    []hook     `json:"webhooks"`
		Posts    []delivery `json:"deliveries"`
	}{len(s.messages), s.trials, s.misspelt, []hook{}, append([]delivery{}, s.posts...)}
	for _, h := range s.hooks {
		shown := *h
		shown.URL = withoutUser(h.URL)
		out.Hooks = append(out.Hooks, shown)
	}
	return out
}

func (s *Sim) sent() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []any
	for _, m := range s.messages {
		out = append(out, m.sentView())
	}
	return out
}

// forget drops the messages and wakes suspended webhooks.
func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages, s.posts, s.trials, s.misspelt = nil, nil, 0, 0
	clear(s.fates)
	for _, h := range s.hooks {
		h.Status = "alive"
	}
}
