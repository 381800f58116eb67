// Package twiliosim imitates the part of Twilio that sends and receives SMS.
// Tests and the demo use it; the hub never links it. No message leaves the
// machine.
//
// Routes, as of Twilio's API of 2010: POST and GET
// /2010-04-01/Accounts/{sid}/Messages.json and GET .../Messages/{sid}.json, with
// Basic authentication. The Host header is not looked at, because Twilio's own
// client keeps sending api.twilio.com to whatever server it is pointed at.
//
// Controls beside those of simkit, all with JSON bodies:
//
//	POST /_sim/receive  somebody texts us: {from, to?, body, media?, opt_out_type?, times?, deliver?};
//	                    media is a list of addresses or of {url, type}. Also /_sim/inbound
//	POST /_sim/outcome  how the next messages end: {to?, status, error_code?, next?, reversed?, times?}
//	POST /_sim/status   one status callback by hand: {sid, status, error_code?, times?}
//	POST /_sim/sender   a sender that fails until it is healed: {from, error_code}; 30034 lets its
//	                    messages end undelivered, 21611 or 20429 refuses them, 0 heals
//	POST /_sim/account  {status: "suspended"|"active"}
//
// GET /_sim/sent lists what was taken for sending. A message to +150055 and an
// error code ("+15005530003") ends with this code. With Options.Test the numbers
// of Twilio's test credentials answer as they do there.
//
// It calls one system, the hub's webhooks, and remembers everything in memory.
package twiliosim

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated account looks like. The zero value works.
type Options struct {
	AccountSID  string           // default "AC" and 32 zeros; letters and digits only
	AuthToken   string           // default "twiliosimtoken"; letters and digits only
	Test        bool             // test credentials: nothing is delivered, no callback comes, magic numbers only
	Numbers     []string         // what the account may send from; empty allows any number
	Service     string           // SID of a Messaging Service ("MG…") that has all of Numbers; "" takes any, without numbers
	InboundURL  string           // the hub's address for incoming SMS, exactly as it would be configured
	FallbackURL string           // where an incoming SMS goes when that address does not answer well
	Reversed    bool             // callbacks of one message come in the wrong order
	Twice       bool             // each callback comes twice
	Step        time.Duration    // between the statuses of a message; default 20 ms
	Now         func() time.Time // default time.Now
	Log         *slog.Logger
}

// Sim is a running Twilio account. It is an http.Handler, safe for concurrent
// use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler
	log     *slog.Logger
	client  *http.Client

	mu        sync.Mutex
	inbound   string
	messages  []*message
	stopped   map[string]bool // "sender recipient" pairs: the opt-out is per sending number
	broken    map[string]int  // senders that fail, with their error codes
	standing  string          // of the account
	outcomes  []outcome
	callbacks []callback
}

// New makes an account without messages.
func New(opts Options) *Sim {
	if opts.AccountSID == "" {
		opts.AccountSID = "AC00000000000000000000000000000000"
	}
	if opts.AuthToken == "" {
		opts.AuthToken = "twiliosimtoken"
	}
	if opts.Step == 0 {
		opts.Step = 20 * time.Millisecond
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sim{
		opts: opts, inbound: opts.InboundURL, log: opts.Log, control: simkit.New("twilio", opts.Log),
		client: hookClient(), stopped: map[string]bool{}, broken: map[string]int{}, standing: accountActive,
	}
	s.control.State(s.state)
	s.control.Sent(s.sent)
	s.control.OnReset(s.forget)
	s.control.Handle("POST /_sim/receive", s.simReceive)
	s.control.Handle("POST /_sim/inbound", s.simReceive)
	s.control.Handle("POST /_sim/sender", s.simSender)
	s.control.Handle("POST /_sim/account", s.simAccount)
	s.control.Handle("POST /_sim/outcome", s.simOutcome)
	s.control.Handle("POST /_sim/status", s.simStatus)
	mux := http.NewServeMux()
	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("POST "+account+"/Messages.json", s.create)
	mux.HandleFunc("GET "+account+"/Messages.json", s.list)
	mux.HandleFunc("GET "+account+"/Messages/{file}", s.show)
	mux.HandleFunc("GET /2010-04-01/Accounts/{file}", s.account)
	mux.HandleFunc("/", s.unknown)
	s.handler = s.control.Wrap(s.authenticated(mux), answerStatus)
	return s
}

// ServeHTTP answers as Twilio does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// SetInbound sets the hub's address for incoming SMS, when it is known late.
func (s *Sim) SetInbound(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbound = url
}

// Close ends the callbacks that still wait.
func (s *Sim) Close() {
	s.control.Close()
	s.client.CloseIdleConnections()
}

// Outcome says how the next message to a number ends: a final status
// ("delivered", "undelivered", "failed") and, for the bad ones, an error code.
// An empty number means any.
func (s *Sim) Outcome(to, status string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, outcome{To: to, Status: status, ErrorCode: code})
}

func (s *Sim) authenticated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != s.opts.AccountSID || password != s.opts.AuthToken {
			refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// mine tells whether the path is about this account; else it answers.
func (s *Sim) mine(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("account") == s.opts.AccountSID {
		return true
	}
	s.unknown(w, r)
	return false
}

func (s *Sim) unknown(w http.ResponseWriter, r *http.Request) {
	if s.opts.Test {
		refuse(w, http.StatusForbidden, 20008, "Resource not accessible with Test Account Credentials")
		return
	}
	refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}
