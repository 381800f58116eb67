package twiliosim

import (
	"maps"
	"net/http"
	"slices"

	"gigafibre.ca/targo-hub/simkit"
)

// simOutcome arms how the next message ends: {to?, status, error_code?, next?,
// reversed?, times?}.
func (s *Sim) simOutcome(w http.ResponseWriter, r *http.Request) {
	in := struct {
		outcome
		Next int `json:"next"`
	}{Next: 1}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	for range max(in.Next, 1) {
		s.outcomes = append(s.outcomes, in.outcome)
	}
	s.mu.Unlock()
	simkit.WriteJSON(w, http.StatusOK, map[string]any{"armed": in.outcome})
}

// simStatus reports one status of a message by hand: {sid, status, error_code?,
// times?}. Each repetition is the same call, token and all.
func (s *Sim) simStatus(w http.ResponseWriter, r *http.Request) {
	var in struct {
		outcome
		SID string `json:"sid"`
	}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	m := s.bySID(in.SID)
	s.mu.Unlock()
	if m == nil {
		simkit.WriteJSON(w, http.StatusNotFound, map[string]string{"error": "no such message"})
		return
	}
	s.enter(m, in.outcome)
	simkit.WriteJSON(w, http.StatusOK, s.report(r.Context(), m, in.outcome))
}

// simSender lets a sender fail until it is told otherwise: {from, error_code}. A
// code below 30000 refuses the creation (20429 with a status of its own), a higher
// one is how the messages end; 0 heals.
func (s *Sim) simSender(w http.ResponseWriter, r *http.Request) {
	var in struct {
		From      string `json:"from"`
		ErrorCode int    `json:"error_code"`
	}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.Sender(in.From, in.ErrorCode)
	simkit.WriteJSON(w, http.StatusOK, in)
}

// Sender does what POST /_sim/sender does. from is a number or a service.
func (s *Sim) Sender(from string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.broken, from)
	if code != 0 {
		s.broken[from] = code
	}
}

// simAccount suspends the account, or wakes it: {status: "suspended"|"active"}.
func (s *Sim) simAccount(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Status string `json:"status"`
	}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	if in.Status != accountActive && in.Status != accountSuspended {
		simkit.WriteJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "status is active or suspended"})
		return
	}
	s.mu.Lock()
	s.standing = in.Status
	s.mu.Unlock()
	simkit.WriteJSON(w, http.StatusOK, in)
}

// The standings of an account.
const (
	accountActive    = "active"
	accountSuspended = "suspended"
)

func (s *Sim) state() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return struct {
		Account   string         `json:"account"`
		Messages  int            `json:"messages"`
		Stopped   []string       `json:"stopped"`
		Broken    map[string]int `json:"broken_senders"`
		Callbacks []callback     `json:"callbacks"`
	}{s.standing, len(s.messages), sortedKeys(s.stopped), maps.Clone(s.broken), append([]callback{}, s.callbacks...)}
}

func (s *Sim) sent() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []any
	for _, m := range s.messages {
		if m.direction != "inbound" {
			out = append(out, sentView{SID: m.sid, To: m.to, From: m.from, Body: m.body, Status: m.status, Direction: m.direction, Segments: m.segments(), At: m.created})
		}
	}
	return out
}

func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages, s.outcomes, s.callbacks, s.standing = nil, nil, nil, accountActive
	clear(s.stopped)
	clear(s.broken)
}

func sortedKeys(m map[string]bool) []string {
	out := []string{}
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
