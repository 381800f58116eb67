package inboxtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Specimen is what a source is tried with.
type Specimen struct {
	Source      inbox.Source
	Good        []byte // a delivery that asks for work
	Undecodable []byte // readable to nobody
	Unknown     []byte // of a type that asks for nothing; nil when there is none

	// Prove makes the headers that a sender sends, the proof among them.
	Prove func(body []byte, at time.Time) http.Header
	// Proof names the header that holds the proof.
	Proof string
	// Spoil are ways to make a proof wrong, beside those that Conforms knows
	// itself: no proof, an empty one, half of one, one with something before or
	// behind it, two of them.
	Spoil map[string]func(body []byte, header http.Header)
	// Window is how old, or how new, a proof may be; 0 when its age does not matter.
	Window time.Duration
	// Unsigned says that the proof is a secret, which says nothing of the body.
	Unsigned bool
	// Alike tells whether two bodies, or two proofs, say the same in other letters,
	// so that a proof of one is one of the other; nil when that cannot be.
	Alike func(a, b string) bool
	// Final is where a good delivery ends; done when empty.
	Final keep.Status
	// Plain serves through net/http's own server, which is one of the settings.
	Plain bool
}

// house builds one for the specimen.
func (s Specimen) house(t *testing.T) *House {
	t.Helper()
	return build(t, !s.Plain, s.Source)
}

// Conforms tries everything that the door promises, for one source.
func Conforms(t *testing.T, s Specimen) {
	t.Helper()
	for name, try := range map[string]func(*testing.T){
		"good": s.tryGood, "unproven": s.tryUnproven, "every bit": s.tryEveryBit, "age": s.tryAge, "size": s.trySize,
		"truncated": s.tryTruncated, "undecodable": s.tryUndecodable, "unknown": s.tryUnknown, "store away": s.tryStoreAway,
		"methods": s.tryMethods, "fetched": s.tryFetched, "forgotten": s.tryForgotten,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); try(t) })
	}
}

// Post delivers a body with a good proof, by the first path.
func (s Specimen) Post(h *House, body []byte) Answer {
	h.t.Helper()
	return h.Send(http.MethodPost, s.Source.Paths[0], s.Prove(body, time.Now()), body)
}

// good tells whether an answer is what this sender takes for a yes.
func (s Specimen) good(got Answer, status string) bool {
	if s.Source.Reply == (inbox.Reply{}) {
		return got.Code == http.StatusOK && got.Status == status && got.ID != ""
	}
	want := s.Source.Reply.Status
	if want == 0 {
		want = http.StatusOK
	}
	return got.Code == want && got.Raw == s.Source.Reply.Body &&
		(got.Raw == "" || strings.HasPrefix(got.Header.Get("Content-Type"), s.Source.Reply.Type))
}

// only returns the one delivery of the source that is stored.
func (s Specimen) only(h *House) keep.Job {
	h.t.Helper()
	jobs := h.Jobs(s.Source.Name)
	if len(jobs) != 1 {
		h.t.Fatalf("%d deliveries are stored, want 1", len(jobs))
	}
	job, err := h.Engine.Job(context.Background(), jobs[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return job
}

// nothing checks that nothing was stored.
func (s Specimen) nothing(h *House, what string) {
	h.t.Helper()
	if jobs := h.Jobs(s.Source.Name); len(jobs) > 0 {
		h.t.Errorf("%s: %d deliveries were stored", what, len(jobs))
	}
}

// verify asks the source itself, without a network between.
func (s Specimen) verify(header http.Header, body []byte) error {
	_, err := s.Source.Verify(inbox.Call{Header: header, Body: body, Path: s.Source.Paths[0], At: time.Now()})
	return err
}

func (s Specimen) alike(a, b string) bool { return s.Alike != nil && s.Alike(a, b) }

// wrongs are the ways to make a proof wrong.
func (s Specimen) wrongs() map[string]func([]byte, http.Header) {
	set := func(change func(string) []string) func([]byte, http.Header) {
		return func(_ []byte, h http.Header) { h[s.Proof] = change(h.Get(s.Proof)) }
	}
	wrongs := map[string]func([]byte, http.Header){
		"none":     func(_ []byte, h http.Header) { h.Del(s.Proof) },
		"empty":    set(func(string) []string { return []string{""} }),
		"half":     set(func(p string) []string { return []string{p[:len(p)/2]} }),
		"one less": set(func(p string) []string { return []string{p[:len(p)-1]} }),
		"no start": set(func(p string) []string { return []string{p[1:]} }),
		"more":     set(func(p string) []string { return []string{p + "0"} }),
		"before":   set(func(p string) []string { return []string{"0" + p} }),
		"repeated": set(func(p string) []string { return []string{p, p} }),
		"second":   set(func(p string) []string { return []string{"0", p} }),
	}
	for name, spoil := range s.Spoil {
		wrongs[name] = spoil
	}
	return wrongs
}

func unauthenticated(err error) bool { return err != nil && !hub.IsKind(err, hub.Unavailable) }
