package docusealsim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
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
	attempts []attempt
}

type attempt struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"` // 0 when no answer came
	Error  string    `json:"error,omitempty"`
}

// Signature gives the X-Docuseal-Signature of a body that is sent at t: the
// time, a dot, and the HMAC over both with the whole secret text as the key.
func Signature(secret string, t time.Time, body []byte) string {
	at := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return at + "." + hex.EncodeToString(mac.Sum(nil))
}

func (s *Sim) newEvent(kind string, of *submission, signer *submitter) *hookEvent {
	e := &hookEvent{id: len(s.events) + 1, kind: kind, of: of, signer: signer, at: s.now(), state: "silent"}
	s.events = append(s.events, e)
	return e
}

func (h Hook) wants(kind string) bool {
	if h.URL == "" {
		return false
	}
	if h.Events == nil {
		return strings.HasPrefix(kind, "form.")
	}
	return slices.Contains(h.Events, kind)
}

// send starts the delivery of events, each by itself: nothing is in order.
// The caller holds the lock.
func (s *Sim) send(events []*hookEvent) {
	for _, e := range events {
		if s.hook.wants(e.kind) {
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
		if try > 0 && !wait(ctx, s.opts.RetryUnit<<(try-1)) {
			return
		}
		s.mu.Lock()
		taken := e.state == "success"
		p := s.parcelOf(e, parcelOptions{})
		s.mu.Unlock()
		if taken || s.post(ctx, e, p).ok() {
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
func (s *Sim) parcelOf(e *hookEvent, opts parcelOptions) parcel {
	at := stamp(e.at)
	if opts.Unsigned {
		at = s.now().Format("2006-01-02T15:04:05Z")
	}
	body, _ := json.Marshal(feedEntry{e.kind, at, s.eventData(e)}) // plain data, cannot fail
	p := parcel{Event: e.kind, URL: s.hook.URL, Body: string(body), Headers: map[string]string{
		"Content-Type": "application/json", "User-Agent": "DocuSeal.com Webhook",
	}}
	if s.hook.Secret != "" && !opts.Unsigned {
		p.Headers["X-Docuseal-Signature"] = Signature(s.hook.Secret, s.now().Add(opts.Skew), body)
	}
	if s.hook.HeaderName != "" {
		p.Headers[http.CanonicalHeaderKey(s.hook.HeaderName)] = s.hook.HeaderValue
	}
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

// post makes one try. Any answer below 400 counts as taken, redirects included:
// DocuSeal does not follow them and does not mind them.
func (s *Sim) post(ctx context.Context, e *hookEvent, p parcel) attempt {
	a := attempt{At: s.now()}
	status, err := s.call(ctx, p)
	a.Status = status
	if err != nil {
		a.Error = "no answer" // the address may hold a password
	}
	s.mu.Lock()
	e.attempts = append(e.attempts, a)
	if a.ok() {
		e.state = "success"
	} else if e.state == "silent" {
		e.state = "pending"
	}
	s.mu.Unlock()
	s.log.Info("webhook posted", "event", e.kind, "submission", e.of.id, "status", a.Status, "taken", a.ok())
	return a
}

func (s *Sim) call(ctx context.Context, p parcel) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader([]byte(p.Body)))
	if err != nil {
		return 0, fmt.Errorf("making the webhook call: %w", err)
	}
	for name, value := range p.Headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting the webhook: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, nil
}

func (a attempt) ok() bool { return a.Status >= 200 && a.Status < 400 }

func (e *hookEvent) view() any {
	out := struct {
		ID         int       `json:"id"`
		EventType  string    `json:"event_type"`
		Submission int64     `json:"submission"`
		Timestamp  string    `json:"timestamp"`
		State      string    `json:"state"`
		Attempts   []attempt `json:"attempts"`
	}{e.id, e.kind, e.of.id, stamp(e.at), e.state, append([]attempt{}, e.attempts...)}
	return out
}

// hookClient waits as long as DocuSeal does: 8 s for the connection, 15 s for
// the answer.
func hookClient() *http.Client {
	return &http.Client{
		Timeout:       23 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 8 * time.Second}).DialContext,
			ResponseHeaderTimeout: 15 * time.Second,
			IdleConnTimeout:       10 * time.Second,
		},
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// parcel is one webhook call, ready to be sent by anybody.
type parcel struct {
	Event   string            `json:"event_type"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Status  int               `json:"http_status,omitempty"` // the hub's answer, when it was delivered
	Taken   *bool             `json:"delivered,omitempty"`   // nil when it was not sent
}
