package docusealsim

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/hook"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/paging"
)

// How often DocuSeal tries, all in all.
const (
	triesOfCompletion = 14
	triesOfOthers     = 12
)

// hookEvent is one event that DocuSeal has to report. Its time is the same in
// all tries; the body is written anew for each.
type hookEvent struct {
	id       int
	kind     string
	of       *submission
	signer   *submitter // nil for submission events
	at       time.Time
	state    string // silent (nobody subscribes), pending, success, error
	attempts []hook.Attempt
}

// Signature gives the X-Docuseal-Signature of a body that is sent at t.
func Signature(secret string, t time.Time, body []byte) string {
	return hook.Signature(secret, t, body)
}

func (s *Sim) newEvent(kind string, of *submission, signer *submitter) *hookEvent {
	e := &hookEvent{id: len(s.events) + 1, kind: kind, of: of, signer: signer, at: s.now(), state: "silent"}
	if strings.HasSuffix(kind, ".completed") { // it comes into being once the files are made: never at the time of the signature
		e.at = e.at.Add(137 * time.Millisecond)
	}
	s.events = append(s.events, e)
	return e
}

// send starts the delivery of events, each by itself: nothing is in order.
// The caller holds the lock.
func (s *Sim) send(events []*hookEvent) {
	for _, e := range events {
		if s.hook.Wants(e.kind) {
			e.state = "pending"
			s.control.Go(func(ctx context.Context) { s.deliver(ctx, e, 0) })
		}
	}
}

// deliver tries an event from the given try on, until it is taken or given up.
func (s *Sim) deliver(ctx context.Context, e *hookEvent, try int) {
	most := triesOfOthers
	if e.kind == "form.completed" {
		most = triesOfCompletion
	}
	for ; try < most; try++ {
		if try > 0 && !hook.Wait(ctx, s.opts.RetryUnit<<(try-1)) {
			return
		}
		s.mu.Lock()
		taken := e.state == "success"
		p := s.parcelOf(e, parcelOptions{})
		s.mu.Unlock()
		if taken || s.post(ctx, e, p).OK() {
			return
		}
	}
	s.mu.Lock()
	e.state = "error"
	s.mu.Unlock()
}

type parcelOptions struct {
	Unsigned bool          // as the test button of the settings page sends it
	Skew     time.Duration // moves the time that is signed
}

// parcelOf writes the body and the proofs of one try. The caller holds the lock.
func (s *Sim) parcelOf(e *hookEvent, opts parcelOptions) hook.Parcel {
	at := stamp(e.at)
	if opts.Unsigned {
		at = s.now().Format("2006-01-02T15:04:05Z")
	}
	body, _ := json.Marshal(paging.Event{EventType: e.kind, Timestamp: at, Data: s.eventData(e)}) // plain data, cannot fail
	p := hook.Parcel{Event: e.kind, URL: s.hook.URL, Body: string(body), Headers: map[string]string{
		"Content-Type": "application/json", "User-Agent": "DocuSeal.com Webhook",
	}}
	proofs := s.hook
	if opts.Unsigned || !hook.Signs(s.opts.Version) {
		proofs.Secret = ""
	}
	proofs.Prove(p.Headers, s.now().Add(opts.Skew), body)
	return p
}

func (s *Sim) eventData(e *hookEvent) any {
	switch {
	case e.signer != nil:
		return s.formView(e.signer)
	case e.kind == "submission.archived":
		return map[string]any{"id": e.of.id, "archived_at": stampOf(e.of.archivedAt)}
	}
	return s.submissionView(e.of)
}

// post makes one try.
func (s *Sim) post(ctx context.Context, e *hookEvent, p hook.Parcel) hook.Attempt {
	a := hook.Attempt{At: s.now()}
	if s.lost() {
		a.Status, a.Error = http.StatusFound, "lost on the way"
	} else if status, err := p.Post(ctx, s.client); err != nil {
		a.Error = "no answer" // the address may hold a password
	} else {
		a.Status = status
	}
	s.mu.Lock()
	e.attempts = append(e.attempts, a)
	if a.OK() {
		e.state = "success"
	} else if e.state == "silent" {
		e.state = "pending"
	}
	s.mu.Unlock()
	s.log.Info("webhook posted", "event", e.kind, "submission", e.of.id, "status", a.Status, "taken", a.OK())
	return a
}

// lost tells whether this delivery is one of those that never arrive although
// DocuSeal believes that they did: a sign-in page in front of the hub.
func (s *Sim) lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lose <= 0 {
		return false
	}
	s.lose--
	return true
}

func (e *hookEvent) view() any {
	out := struct {
		ID         int            `json:"id"`
		EventType  string         `json:"event_type"`
		Submission int64          `json:"submission"`
		Timestamp  string         `json:"timestamp"`
		State      string         `json:"state"`
		Attempts   []hook.Attempt `json:"attempts"`
	}{e.id, e.kind, e.of.id, stamp(e.at), e.state, append([]hook.Attempt{}, e.attempts...)}
	return out
}

// state is what GET /_sim/state shows; mails is empty as long as the hub asks
// for everything with send_email false.
func (s *Sim) state() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := struct {
		Submissions []any  `json:"submissions"`
		Mails       []Mail `json:"mails"`
		Webhooks    []any  `json:"webhooks"`
	}{Submissions: []any{}, Mails: append([]Mail{}, s.mails...), Webhooks: []any{}}
	for _, b := range s.submissions {
		view := s.submissionView(b)
		for i, p := range b.signers {
			view.Submitters[i].Slug = p.slug
		}
		out.Submissions = append(out.Submissions, view)
	}
	for _, e := range s.events {
		out.Webhooks = append(out.Webhooks, e.view())
	}
	return out
}

// Mails lists what DocuSeal sent by itself, oldest first.
func (s *Sim) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

type controlOrder struct {
	Submission reference `json:"submission"` // id, slug, or a signer's external id
	Role       string    `json:"role"`
	Reason     string    `json:"reason"`
	Deliver    bool      `json:"deliver"`
	Event      string    `json:"event"`
	Times      int       `json:"times"`
	Unsigned   bool      `json:"unsigned"`
	SkewS      int       `json:"skew_s"`
}

type outcome struct {
	Submission int64  `json:"submission"`
	Status     string `json:"status,omitempty"` // of the submission
	hook.Parcel
	Deliveries []hook.Parcel `json:"deliveries"`
}
