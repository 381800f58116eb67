package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is a source whose secret is a word in a header, to try the door with.
func plain() inbox.Source {
	return inbox.Source{
		Name: "plain", Paths: []string{"/webhooks/plain"}, Keep: []string{"X-Kept"},
		Verify: func(c inbox.Call) (string, error) {
			if word := c.Header.Values("X-Word"); len(word) != 1 || word[0] != "sesame" {
				return "", errors.New("dial tcp 10.0.0.1: refused")
			}
			return "word", nil
		},
		Read: func(c inbox.Call) (inbox.Label, error) {
			body := string(c.Body)
			switch {
			case strings.HasPrefix(body, "panic"):
				panic("a strange body")
			case strings.HasPrefix(body, "odd"):
				return inbox.Label{}, errors.New("odd")
			case strings.HasPrefix(body, "idle"):
				return inbox.Label{Ignore: "It asks for nothing."}, nil
			}
			return inbox.Label{Type: c.Header.Get("X-Kept") + c.Header.Get("X-Lost"), Dedupe: body}, nil
		},
		Take: func(context.Context, keep.Job) (keep.Result, error) { return keep.Result{State: "seen"}, nil },
	}
}

func specimen(source inbox.Source) inboxtest.Specimen {
	return inboxtest.Specimen{
		Source: source, Good: []byte("good"), Undecodable: []byte("odd"), Unknown: []byte("idle"),
		Prove: func([]byte, time.Time) http.Header { return http.Header{"X-Word": {"sesame"}} },
		Proof: "X-Word", Unsigned: true,
	}
}

func TestPlainConforms(t *testing.T) {
	t.Parallel()
	for name, plainly := range map[string]bool{"lean": false, "net/http": true} {
		s := specimen(plain())
		s.Plain = plainly
		t.Run(name, func(t *testing.T) { t.Parallel(); inboxtest.Conforms(t, s) })
	}
}

func TestReplyConforms(t *testing.T) {
	t.Parallel()
	for _, reply := range []inbox.Reply{{Type: "text/xml", Body: "<Response/>"}, {Status: http.StatusNoContent}} {
		source := plain()
		source.Reply = reply
		t.Run(strconv.Itoa(reply.Status), func(t *testing.T) { t.Parallel(); inboxtest.Conforms(t, specimen(source)) })
	}
}

func TestDoorKeepsWhatItIsTold(t *testing.T) {
	t.Parallel()
	s := specimen(plain())
	h := inboxtest.New(t, s.Source)
	header := http.Header{"X-Word": {"sesame"}, "X-Kept": {"yes"}, "X-Lost": {"no"}, "Authorization": {"Basic c2VjcmV0"}}
	h.Work()
	first := h.Send(http.MethodPost, "/webhooks/plain", header, []byte("a\xff"))
	job := h.Becomes(first.ID, keep.Done)
	if job.Headers["x-kept"] != "yes" || job.Headers["x-hub-event"] != "yes" || job.State != "seen" {
		t.Errorf("filed as %+v", job)
	}
	for name := range job.Headers {
		if name == "x-lost" || name == "authorization" || name == "x-word" {
			t.Errorf("header %s was stored", name)
		}
	}
	var d inbox.Delivery
	if h.Ask("GET", "/inbox/"+first.ID, "", &d); d.Body != "" || d.BodyBase64 != "Yf8=" {
		t.Errorf("a body that is no text is shown as %+v", d)
	}
	odd := h.Send(http.MethodPost, "/webhooks/plain", header, []byte("panic"))
	h.Becomes(odd.ID, keep.Dead)
	h.Hears(hub.DeliveryDied, odd.ID)
}

// TestLongNamesAreHashed files what a sender has given a name without end, or
// one with control characters in it.
func TestLongNamesAreHashed(t *testing.T) {
	t.Parallel()
	s := specimen(plain())
	h := inboxtest.New(t, s.Source)
	for body, event := range map[string]string{strings.Repeat("x", 4000): "", "a\x00b": "sha256:", "\x1b[31m": "sha256:"} {
		job, _, err := h.Door.File(t.Context(), "plain", []byte(body), http.Header{"X-Kept": {body}}, "fetched")
		if err != nil || !strings.HasPrefix(job.Dedupe, "sha256:") || !strings.HasPrefix(job.Headers["x-hub-event"], event) {
			t.Errorf("%.9q was filed as %q (%q), %v", body, job.Dedupe, job.Headers["x-hub-event"], err)
		}
		if len(body) > 300 && job.Headers["x-kept"] != "" {
			t.Error("a header without end was stored")
		}
		if again := s.Post(h, []byte(body)); again.Status != "duplicate" {
			t.Errorf("%.9q came again: %+v", body, again)
		}
	}
}

func TestWildSenderIsBounded(t *testing.T) {
	t.Parallel()
	source := plain()
	source.Burst, source.Period = 3, time.Hour
	s := specimen(source)
	h := inboxtest.New(t, source)
	for i := range 3 {
		if got := s.Post(h, []byte{'a' + byte(i)}); got.Code != 200 {
			t.Fatalf("delivery %d was answered %+v", i, got)
		}
		for range 5 {
			if i < 2 && s.Post(h, []byte{'a' + byte(i)}).Code != 200 { // a repetition takes no room
				t.Fatalf("a repetition of %d was refused", i)
			}
		}
	}
	got := s.Post(h, []byte("d"))
	if got.Code != 429 || got.Header.Get("Retry-After") == "" || got.Problem != "too-many-requests" {
		t.Errorf("answered %+v", got)
	}
	if _, _, err := h.Door.File(t.Context(), "plain", []byte("e"), nil, "fetched"); !hub.IsKind(err, hub.TooMany) {
		t.Errorf("filing one more: %v", err)
	}
	source.Burst = -1
	free := inboxtest.New(t, source)
	for i := range 10 {
		if got := s.Post(free, []byte{'a' + byte(i)}); got.Code != 200 {
			t.Fatalf("without a bound delivery %d was answered %+v", i, got)
		}
	}
}

func TestProofThatBreaksIsARefusal(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, plain())
	got := h.Send(http.MethodPost, "/webhooks/plain", http.Header{}, []byte("a"))
	if got.Code != 401 || got.Problem != "signature-invalid" || strings.Contains(got.Raw, "dial") {
		t.Errorf("answered %+v", got)
	}
}

func TestFilingForNobodyFails(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, plain())
	if _, _, err := h.Door.File(t.Context(), "nobody", []byte("a"), nil, "fetched"); err == nil {
		t.Error("a delivery of no source was filed")
	}
	h.Trouble(keep.ErrClosed)
	if _, _, err := h.Door.File(t.Context(), "plain", []byte("a"), nil, "fetched"); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("with the store away: %v", err)
	}
}

// TestManyIdenticalDeliveriesAreOne sends one delivery two hundred times at once.
func TestManyIdenticalDeliveriesAreOne(t *testing.T) {
	t.Parallel()
	var taken, stored atomic.Int32
	source := plain()
	source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		taken.Add(1)
		return keep.Result{State: "seen"}, nil
	}
	s := specimen(source)
	h := inboxtest.New(t, source)
	h.Work()
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			got := s.Post(h, s.Good)
			if got.Code != 200 {
				t.Errorf("answered %+v", got)
			}
			if got.Status == "stored" {
				stored.Add(1)
			}
		})
	}
	all.Wait()
	jobs := h.Jobs("plain")
	if len(jobs) != 1 || jobs[0].Seen != 200 || stored.Load() != 1 {
		t.Fatalf("%d jobs, %d stored: %+v", len(jobs), stored.Load(), jobs)
	}
	if job := h.Becomes(jobs[0].ID, keep.Done); job.State != "seen" || taken.Load() != 1 {
		t.Errorf("taken %d times, ended as %q", taken.Load(), job.State)
	}
	h.Hears(hub.DeliveryTaken, fmt.Sprintf("%q", jobs[0].ID))
}
