// Package geminisim imitates the part of Google's Gemini API that reads pictures.
// Tests and the demo use it; the hub never links it.
//
// Routes: POST /v1beta/models/{model}:generateContent, GET /v1beta/models and GET
// /v1beta/models/{model}, all with the key in X-Goog-Api-Key. Requests are checked
// as strictly as Google does: unknown members, roles, schemas, parameters that a
// generation of models does not take, pictures that are none.
//
// Controls beside those of simkit, with JSON bodies:
//
//	POST /_sim/answer  what the next requests are told: {json | text, match?, next?, finish_reason?,
//	                   block_reason?, model_version?, no_parts?, thought?}; next 0 is for good;
//	                   match is a word of the prompt
//
// POST /_sim/fail knows these kinds: quota, quota-long, quota-day, overloaded, bad-key,
// model-gone, html, html-200, hang, blocked, blocked-answer, truncated,
// truncated-empty, wrong-json, unknown-finish, continuation, continuation-lost.
//
// Without an order an answer is the emptiest that fits the schema. It calls no
// system and remembers everything in memory.
package geminisim

import (
	"log/slog"
	"net/http"
	"sync"

	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated project looks like. The zero value works.
type Options struct {
	APIKey string            // default "geminisimkey"
	Models []string          // that exist; default the current ones
	Routed map[string]string // retired models, and which one answers for them
	Log    *slog.Logger
}

// Sim is a running Gemini API. It is an http.Handler, safe for concurrent use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler

	mu      sync.Mutex
	orders  []Order
	asked   []Asked
	pending map[string]string // the rest of cut answers by token
}

// keptAsked is how many of the last requests the state shows.
const keptAsked = 100

// New makes an API that has answered nothing yet.
func New(opts Options) *Sim {
	if opts.APIKey == "" {
		opts.APIKey = "geminisimkey"
	}
	if opts.Models == nil {
		opts.Models = []string{"gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-3.8-flash", "gemini-2.5-flash-lite"}
	}
	if opts.Routed == nil {
		opts.Routed = map[string]string{"gemini-2.5-flash": "gemini-3.5-flash-lite"}
	}
	s := &Sim{opts: opts, control: simkit.New("gemini", opts.Log), pending: map[string]string{}}
	s.control.State(s.state)
	s.control.OnReset(s.forget)
	s.control.Handle("POST /_sim/answer", s.simAnswer)
	s.kinds()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1beta/models", s.listModels)
	mux.HandleFunc("GET /v1beta/models/{model}", s.showModel)
	mux.HandleFunc("POST /v1beta/models/{call}", s.generate)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "NOT_FOUND", "") })
	s.handler = s.control.Wrap(s.keyed(mux), answerStatus)
	return s
}

// ServeHTTP answers as Gemini does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// Close ends what runs in the background.
func (s *Sim) Close() { s.control.Close() }

// Answer does what POST /_sim/answer does.
func (s *Sim) Answer(o Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(s.orders, o)
}

// Asked returns what was asked since the last reset, oldest first.
func (s *Sim) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Asked{}, s.asked...)
}

func (s *Sim) state() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return struct {
		Models []string `json:"models"`
		Orders []Order  `json:"orders"`
		Asked  []Asked  `json:"asked"`
	}{s.opts.Models, append([]Order{}, s.orders...), append([]Asked{}, s.asked...)}
}

func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.asked = nil, nil
	clear(s.pending)
}

func (s *Sim) simAnswer(w http.ResponseWriter, r *http.Request) {
	var o Order
	if !simkit.ReadJSON(w, r, &o) {
		return
	}
	s.Answer(o)
	simkit.WriteJSON(w, http.StatusOK, o)
}
