package mailjetsim

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"gigafibre.ca/targo-hub/simkit"
)

// simEvent reports what became of a mail. Without a name the newest mail is
// meant; group holds more orders that come in the same call. The answer holds
// what was posted.
func (s *Sim) simEvent(w http.ResponseWriter, r *http.Request) {
	in := eventOrder{Event: "sent", Times: 1}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	var group []map[string]any
	for _, order := range append([]eventOrder{in}, in.Group...) {
		m := s.meant(order)
		if m == nil || !slices.Contains(eventTypes, order.Event) {
			s.mu.Unlock()
			simkit.WriteJSON(w, http.StatusNotFound, map[string]string{"error": "no such message or event"})
			return
		}
		group = append(group, s.event(m, order))
	}
	h := s.hookFor(in.Event)
	s.mu.Unlock()
	if h == nil {
		h = &hook{Version: 2}
	}
	var out delivery
	for _, body := range bodies(*h, group) {
		out = s.hand(r.Context(), h, body, in)
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

// hand posts one body as often as asked for, and goes on trying in the background
// when the hub does not take it.
func (s *Sim) hand(ctx context.Context, h *hook, body []byte, in eventOrder) delivery {
	out := delivery{At: s.now(), URL: withoutUser(h.URL), Body: string(body)}
	if h.URL == "" || in.Deliver != nil && !*in.Deliver {
		return out
	}
	for range max(in.Times, 1) {
		out = s.post(ctx, h.URL, body)
	}
	if out.Status != http.StatusOK {
		s.control.Go(func(ctx context.Context) {
			if wait(ctx, s.opts.RetryUnit) {
				s.deliver(ctx, h, body)
			}
		})
	}
	return out
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

// eventOrder says what became of which mail.
type eventOrder struct {
	Event          string       `json:"event"`
	MessageID      string       `json:"message_id,omitempty"`
	CustomID       string       `json:"custom_id,omitempty"`
	To             string       `json:"to,omitempty"`
	HardBounce     bool         `json:"hard_bounce,omitempty"`
	Error          string       `json:"error,omitempty"`
	ErrorRelatedTo string       `json:"error_related_to,omitempty"`
	Comment        string       `json:"comment,omitempty"`
	URL            string       `json:"url,omitempty"`
	Times          int          `json:"times,omitempty"`
	Deliver        *bool        `json:"deliver,omitempty"`
	Group          []eventOrder `json:"group,omitempty"`
}

// reason fills in why a mail did not arrive, where the order does not say.
func (o *eventOrder) reason() {
	if o.Error != "" || o.ErrorRelatedTo != "" {
		return
	}
	switch {
	case o.Event == "bounce" && o.HardBounce:
		o.ErrorRelatedTo, o.Error = "recipient", "user unknown"
	case o.Event == "bounce":
		o.ErrorRelatedTo, o.Error = "recipient", "quota exceeded"
	case o.Event == "blocked":
		o.ErrorRelatedTo, o.Error = "mailjet", "preblocked"
	}
}
