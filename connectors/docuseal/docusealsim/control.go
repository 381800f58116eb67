package docusealsim

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/hook"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/order"
	"gigafibre.ca/targo-hub/simkit"
)

// simComplete marks a submission signed: {submission, role?, deliver?}. Without
// role everybody signs who has not. With deliver the webhooks are posted, and
// tried again later when the hub does not take them; without, they count as
// lost. The answer holds what was, or would have been, posted; with ?raw it is
// the body alone, byte for byte.
func (s *Sim) simComplete(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(b *submission, in controlOrder) []*hookEvent {
		var events []*hookEvent
		for _, p := range b.signers {
			if p.completedAt == nil && (in.Role == "" || in.Role == p.role) {
				p.ua, p.ip = "Mozilla/5.0 (simulated)", "198.51.100.7"
				events = append(events, s.sign(p, nil, "complete_form")...)
			}
		}
		return events
	})
}

// simDecline lets the first signer who has not signed say no: {submission,
// reason?, deliver?}.
func (s *Sim) simDecline(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(b *submission, in controlOrder) []*hookEvent {
		i := slices.IndexFunc(b.signers, func(p *submitter) bool { return p.completedAt == nil })
		if i < 0 {
			return nil
		}
		return s.decline(b.signers[i], in.Reason)
	})
}

// simExpire lets the time of a submission run out: {submission, deliver?}.
func (s *Sim) simExpire(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(b *submission, _ controlOrder) []*hookEvent {
		at := s.now()
		b.expireAt = &at
		return []*hookEvent{s.newEvent("submission.expired", b, nil)}
	})
}

func (s *Sim) change(w http.ResponseWriter, r *http.Request, do func(*submission, controlOrder) []*hookEvent) {
	var in controlOrder
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	b := s.find(string(in.Submission))
	if b == nil || b.status(s.now()) != "pending" {
		s.mu.Unlock()
		refuseControl(w, b)
		return
	}
	events := slices.DeleteFunc(do(b, in), func(e *hookEvent) bool { return !s.hook.Shows(e.kind) })
	s.mu.Unlock()
	deliveries := []hook.Parcel{}
	for _, e := range events {
		deliveries = append(deliveries, s.hand(r.Context(), e, in.Deliver))
	}
	s.mu.Lock()
	out := outcome{Submission: b.id, Status: b.status(s.now()), Deliveries: deliveries}
	s.mu.Unlock()
	if i := slices.IndexFunc(deliveries, func(p hook.Parcel) bool { return p.Event != "form.started" }); i >= 0 {
		out.Parcel = deliveries[i]
	}
	if r.URL.Query().Has("raw") { // only the body, byte for byte: for a shell that signs it itself
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, out.Body)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

// hand writes one event, and posts it when asked to; what fails is tried again
// in the background, as DocuSeal does.
func (s *Sim) hand(ctx context.Context, e *hookEvent, deliver bool) hook.Parcel {
	s.mu.Lock()
	p := s.parcelOf(e, parcelOptions{})
	deliver = deliver && s.hook.Wants(e.kind)
	s.mu.Unlock()
	if !deliver {
		return p
	}
	a := s.post(ctx, e, p)
	taken := a.OK()
	p.Status, p.Taken = a.Status, &taken
	if !taken {
		s.control.Go(func(ctx context.Context) { s.deliver(ctx, e, 1) })
	}
	return p
}

// simDeliver posts an event of a submission again, as the resend button does:
// {submission, event, times?, unsigned?, skew_s?}. The same event keeps its
// timestamp; one that never was is made now.
func (s *Sim) simDeliver(w http.ResponseWriter, r *http.Request) {
	var in controlOrder
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	if in.Event == "" {
		in.Event = "form.completed"
	}
	s.mu.Lock()
	b := s.find(string(in.Submission))
	if b == nil || s.hook.URL == "" {
		registered := s.hook.URL != ""
		s.mu.Unlock()
		if registered {
			refuseControl(w, nil)
			return
		}
		order.Refuse(w, http.StatusConflict, "no webhook is registered")
		return
	}
	e := s.eventOf(b, in)
	s.mu.Unlock()
	deliveries := []hook.Parcel{}
	for range max(in.Times, 1) {
		s.mu.Lock()
		p := s.parcelOf(e, parcelOptions{Unsigned: in.Unsigned, Skew: time.Duration(in.SkewS) * time.Second})
		s.mu.Unlock()
		a := s.post(r.Context(), e, p)
		taken := a.OK()
		p.Status, p.Taken = a.Status, &taken
		deliveries = append(deliveries, p)
	}
	simkit.WriteJSON(w, http.StatusOK, outcome{Submission: b.id, Deliveries: deliveries, Parcel: deliveries[0]})
}

// eventOf finds the newest event of a kind, for a role when one is named.
func (s *Sim) eventOf(b *submission, in controlOrder) *hookEvent {
	for _, e := range slices.Backward(s.events) {
		if e.of == b && e.kind == in.Event && (in.Role == "" || e.signer != nil && e.signer.role == in.Role) {
			return e
		}
	}
	signer := b.signers[0]
	if i := slices.IndexFunc(b.signers, func(p *submitter) bool { return p.role == in.Role }); i >= 0 {
		signer = b.signers[i]
	}
	if !strings.HasPrefix(in.Event, "form.") {
		signer = nil
	}
	return s.newEvent(in.Event, b, signer)
}

// simLose has the next deliveries vanish, delivered as far as DocuSeal can see:
// {next}.
func (s *Sim) simLose(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Next int `json:"next"`
	}
	if simkit.ReadJSON(w, r, &in) {
		s.mu.Lock()
		s.lose = in.Next
		s.mu.Unlock()
		simkit.WriteJSON(w, http.StatusOK, in)
	}
}

// simHook registers the webhook anew, as in the settings page: {url, secret,
// header_name, header_value, events}. What is left out is empty there.
func (s *Sim) simHook(w http.ResponseWriter, r *http.Request) {
	var in Hook
	if simkit.ReadJSON(w, r, &in) {
		s.SetHook(in)
		simkit.WriteJSON(w, http.StatusOK, map[string]string{"url": in.URL})
	}
}

func refuseControl(w http.ResponseWriter, b *submission) {
	if b == nil {
		order.Refuse(w, http.StatusNotFound, "no such submission")
		return
	}
	order.Refuse(w, http.StatusConflict, "the submission is no longer pending")
}
