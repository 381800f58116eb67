package mailjetsim

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"gigafibre.ca/targo-hub/simkit"
)

// simEvent reports what became of a mail: {event, message_id|custom_id|to,
// hard_bounce?, error?, error_related_to?, url?, times?, deliver?}; without a
// name the newest mail is meant. The answer holds what was posted.
func (s *Sim) simEvent(w http.ResponseWriter, r *http.Request) {
	in := eventOrder{Event: "sent", Times: 1}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	m := s.meant(in)
	known := slices.Contains(eventTypes, in.Event)
	if m == nil || !known {
		s.mu.Unlock()
		simkit.WriteJSON(w, http.StatusNotFound, map[string]string{"error": "no such message or event"})
		return
	}
	group := []map[string]any{s.event(m, in)}
	h := s.hookFor(in.Event)
	s.mu.Unlock()
	if h == nil {
		h = &hook{Version: 2}
	}
	body := bodies(*h, group)[0]
	out := delivery{At: s.now(), URL: withoutUser(h.URL), Body: string(body)}
	if h.URL != "" && (in.Deliver == nil || *in.Deliver) {
		for range max(in.Times, 1) {
			out = s.post(r.Context(), h.URL, body)
		}
		if out.Status != http.StatusOK {
			s.control.Go(func(ctx context.Context) {
				if wait(ctx, s.opts.RetryUnit) {
					s.deliver(ctx, h, body)
				}
			})
		}
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

func (s *Sim) meant(in eventOrder) *message {
	for _, m := range slices.Backward(s.messages) {
		byID := in.MessageID == "" || in.MessageID == strconv.FormatInt(m.id, 10) || in.MessageID == m.uuid
		if byID && (in.CustomID == "" || in.CustomID == m.order.CustomID) && (in.To == "" || in.To == m.to) {
			return m
		}
	}
	return nil
}

type eventOrder struct {
	Event          string `json:"event"`
	MessageID      string `json:"message_id"`
	CustomID       string `json:"custom_id"`
	To             string `json:"to"`
	HardBounce     bool   `json:"hard_bounce"`
	Error          string `json:"error"`
	ErrorRelatedTo string `json:"error_related_to"`
	URL            string `json:"url"`
	Times          int    `json:"times"`
	Deliver        *bool  `json:"deliver"`
}
