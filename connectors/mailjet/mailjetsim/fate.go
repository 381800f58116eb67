package mailjetsim

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/simkit"
)

// simFate says what becomes of every mail to an address from now on: {to, event,
// hard_bounce?, error?, error_related_to?, url?}. A mail that is blocked or
// bounces is never reported as sent. Without an event the address is healed.
func (s *Sim) simFate(w http.ResponseWriter, r *http.Request) {
	var in eventOrder
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	if in.To == "" || in.Event != "" && !slices.Contains(eventTypes, in.Event) {
		simkit.WriteJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "to and a known event are needed"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fates, strings.ToLower(in.To))
	if in.Event != "" {
		s.fates[strings.ToLower(in.To)] = in
	}
	simkit.WriteJSON(w, http.StatusOK, in)
}

// fateOf finds what becomes of a mail. The caller holds the lock.
func (s *Sim) fateOf(m *message) (fate eventOrder, ok bool) {
	fate, ok = s.fates[strings.ToLower(m.to)]
	return fate, ok
}

// arrives tells that a mail reaches its reader. The caller holds the lock.
func (s *Sim) arrives(m *message) bool {
	fate, ok := s.fateOf(m)
	return !ok || fate.Event != "blocked" && fate.Event != "bounce"
}

// reportFates reports what the fates wanted of these mails, whatever their kinds,
// in one call to each address. The caller holds the lock.
func (s *Sim) reportFates(made []*message) {
	groups := map[string][]map[string]any{}
	hooks := map[string]*hook{}
	for _, m := range made {
		fate, ok := s.fateOf(m)
		if !ok {
			continue
		}
		e := s.event(m, fate)
		if h := s.hookFor(fate.Event); h != nil {
			groups[h.URL] = append(groups[h.URL], e)
			hooks[h.URL] = h
		}
	}
	for url, group := range groups {
		for _, body := range bodies(*hooks[url], group) {
			s.control.Go(func(ctx context.Context) { s.deliver(ctx, hooks[url], body) })
		}
	}
}
