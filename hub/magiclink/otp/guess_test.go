package otp_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/magiclink/otp"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// spy watches what a door does with its store before it answers.
type spy struct {
	otp.Store
	mu   sync.Mutex
	did  []string
	held map[string]string
}

func (s *spy) on(d *otp.Deps) { s.Store, s.held, d.Store = d.Store, map[string]string{}, s }

func (s *spy) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, what)
}

// took returns what was done since it was asked last.
func (s *spy) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	did := s.did
	s.did = nil
	return did
}

func (s *spy) written() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.held)
}

func (s *spy) Put(ctx context.Context, job keep.Job) (keep.Job, bool, error) {
	s.note(fmt.Sprintf("put %s %d", job.Kind, len(job.Lane)))
	return s.Store.Put(ctx, job)
}

func (s *spy) Value(ctx context.Context, key string) ([]byte, int64, error) {
	s.note(fmt.Sprintf("value %d", len(key)))
	return s.Store.Value(ctx, key)
}

func (s *spy) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	s.note(fmt.Sprintf("swap %d", len(key)))
	s.mu.Lock()
	s.held[key] = string(value)
	s.mu.Unlock()
	return s.Store.Swap(ctx, key, version, value, ttl)
}

func (s *spy) Allow(ctx context.Context, key string, burst int, period time.Duration) (bool, time.Duration, error) {
	s.note("allow " + key)
	return s.Store.Allow(ctx, key, burst, period)
}

// TestSameAnswerSameWork: known or unknown, gone, without a telephone or tired of
// asking, everybody gets byte for byte the same answer after the same steps, none of
// which asks ERPNext; and so does whoever guesses.
func TestSameAnswerSameWork(t *testing.T) {
	t.Parallel()
	s := &spy{}
	d := newDoor(t, s.on, func(deps *otp.Deps) { deps.Spread = 0 })
	var first reply
	var steps []string
	people := []string{"514 555-0101", "514 555-0199", "514 555-0109", "514 555-0105", "514 555-0107", "514 555-0101", "remi.t@example.com", "nobody@example.com", "T3"}
	for i, identifier := range people {
		d.idle()
		s.took()
		got := d.send("tech", identifier)
		did := slices.DeleteFunc(s.took(), func(step string) bool { return strings.HasPrefix(step, "value") || strings.HasPrefix(step, "swap") }) // of what comes after
		got.head.Del("Date")
		got.head.Del("X-Request-Id")
		if i == 0 {
			first, steps = got, did
		}
		if diff := cmp.Diff(first.body, got.body) + cmp.Diff(first.head, got.head) + cmp.Diff(steps, did); diff != "" || got.status != http.StatusOK {
			t.Errorf("%s: %d %s", identifier, got.status, diff)
		}
	}
	d.idle()
	asked := d.asked.Load()
	for i, identifier := range append(people, "who never asked") {
		s.took()
		got := d.verify("tech", identifier, "12345")
		did := s.took()
		if i == 0 {
			steps = did
		}
		if diff := cmp.Diff(steps, did); diff != "" || !got.wrong() {
			t.Errorf("guess at %s: %d %s", identifier, got.status, diff)
		}
	}
	if n := d.asked.Load() - asked; n > 0 {
		t.Errorf("ERPNext was asked %d times for guesses", n)
	}
	if len(steps) < 3 {
		t.Errorf("a guess does %v", steps)
	}
}

// TestFiveTries: the sixth guess is none, even when it is right; a new code has five
// again, and the old one is worth nothing beside it.
func TestFiveTries(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	first := d.code("tech", "5145550101")
	for range 5 {
		if got := d.verify("tech", "5145550101", otherCode(first)); !got.wrong() {
			t.Fatalf("%+v", got)
		}
	}
	if got := d.verify("tech", "5145550101", first); !got.wrong() {
		t.Errorf("right at the sixth try: %+v", got)
	}
	d.ahead.Store(int64(61 * time.Second))
	second := d.code("tech", "5145550101")
	if got := d.verify("tech", "5145550101", first); second != first && !got.wrong() {
		t.Errorf("of two codes that live, the older: %+v", got)
	}
	for range 3 {
		d.verify("tech", "5145550101", otherCode(second))
	}
	if got := d.verify("tech", "5145550101", second); got.status != http.StatusOK {
		t.Errorf("right at the fifth try: %+v", got)
	}
}

// TestCodeForAnotherPurpose: a code opens what it was sent for, to whom it was sent,
// and for ten minutes.
func TestCodeForAnotherPurpose(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	code := d.code("tech", "5145550101")
	for _, bad := range [][3]string{
		{"portal", "5145550101", code}, {"tech", "4505550101", code}, {"tech", "remi.t@example.com", code}, {"tech", "5145550101", ""}, {"tech", "5145550101", code + "1"},
		{"tech", "5145550101", "abcdef"}, {"tech", "5145550101", "-" + code[1:]},
	} {
		if bad[2] == "" {
			continue // not even a guess: TestSendRefused
		}
		if got := d.verify(bad[0], bad[1], bad[2]); !got.wrong() {
			t.Errorf("%v: %+v", bad, got)
		}
	}
	d.ahead.Store(int64(10 * time.Minute))
	if got := d.verify("tech", "5145550101", code); !got.wrong() {
		t.Errorf("after ten minutes: %+v", got)
	}
	d.ahead.Store(int64(9 * time.Minute))
	if got := d.verify("tech", "5145550101", code); got.status != http.StatusOK {
		t.Errorf("after nine: %+v", got)
	}
}

// TestGuessedAtOnce: of many who bring the right code at the same moment one comes in;
// many wrong guesses at the same moment are not one try.
func TestGuessedAtOnce(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	const many = 16
	together := func(guess string) (right int64) {
		var in atomic.Int64
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				got := d.post("/otp/verify", fmt.Sprintf("203.0.113.%d", i), map[string]any{"identifier": "5145550101", "purpose": "tech", "code": guess})
				switch {
				case got.status == http.StatusOK:
					in.Add(1)
				case !got.wrong() && got.status != http.StatusServiceUnavailable:
					t.Errorf("%+v", got)
				}
			})
		}
		all.Wait()
		return in.Load()
	}
	if in := together(d.code("tech", "5145550101")); in != 1 {
		t.Errorf("%d came in with one code", in)
	}
	d.ahead.Store(int64(61 * time.Second))
	code := d.code("tech", "5145550101")
	together(otherCode(code))
	if got := d.verify("tech", "5145550101", code); !got.wrong() {
		t.Errorf("after %d guesses: %+v", many, got)
	}
}

// TestAllowances: an address asks twenty times and guesses sixty times in an hour,
// over all identifiers; a network of one household is one address. An identifier gets
// one code in a minute and three in a quarter of an hour, and nobody hears of it.
func TestAllowances(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	tally := map[int]int{}
	for i := range 22 {
		from := fmt.Sprintf("2001:db8:7:7::%x", i+1)
		got := d.post("/otp/send", from, map[string]any{"identifier": fmt.Sprintf("514555%04d", 2000+i), "purpose": "tech"})
		tally[got.status]++
	}
	for i := range 62 {
		got := d.post("/otp/verify", "198.51.100.4", map[string]any{"identifier": fmt.Sprintf("514555%04d", i), "purpose": "tech", "code": "123456"})
		tally[1000+got.status]++
		if got.status == http.StatusTooManyRequests && got.head.Get("Retry-After") == "" {
			t.Error("without Retry-After")
		}
	}
	if diff := cmp.Diff(map[int]int{200: 20, 429: 2, 1401: 60, 1429: 2}, tally); diff != "" {
		t.Error(diff)
	}
}

// TestCodesForOneIdentifier: one in a minute and three in 15 minutes; the answer does
// not tell.
func TestCodesForOneIdentifier(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, at := range []time.Duration{0, 59 * time.Second, 61 * time.Second, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 15*time.Minute + time.Second} {
		d.ahead.Store(int64(at))
		if got := d.send("tech", "5145550101"); got.status != http.StatusOK {
			t.Errorf("after %v: %d", at, got.status)
		}
		d.idle()
	}
	if states := d.idle(); !slices.Equal(states, []string{"sent", "too-soon", "sent", "too-soon", "sent", "too-many", "sent"}) {
		t.Errorf("%v", states)
	}
}

// TestGuessedForDays: who takes his time, and has many addresses, has twenty guesses a
// day at somebody's codes; then there are no more. Nobody hears of it. A right code in
// between begins the count anew.
func TestGuessedForDays(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	guess := func(n int) (code string) {
		d.ahead.Add(int64(16 * time.Minute))
		code = d.code("tech", "5145550101")
		for range n {
			if got := d.verify("tech", "5145550101", otherCode(code)); !got.wrong() {
				t.Fatalf("%+v", got)
			}
		}
		return code
	}
	guess(5)
	if got := d.verify("tech", "5145550101", guess(4)); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	for range 4 {
		guess(7) // the sixth and seventh are none
	}
	d.ahead.Add(int64(16 * time.Minute))
	if got := d.send("tech", "5145550101"); got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
	before := d.idle()
	if last := before[len(before)-1]; last != "guessed" {
		t.Errorf("after twenty guesses: %s", last)
	}
	d.ahead.Add(int64(24 * time.Hour))
	d.send("tech", "5145550101")
	if after := d.idle(); after[len(after)-1] != "sent" {
		t.Errorf("on the next day: %v", after)
	}
}

// TestNobodyReadsTheCode: behind an open gate the code reaches its owner, and stands
// nowhere else: not in the list of messages, nor in what is stored; and one that was
// used is not sent again.
func TestNobodyReadsTheCode(t *testing.T) {
	t.Parallel()
	d := newDoorBehind(t, outbox.Config{Mode: outbox.Live, LiveAck: "hub.example.com"})
	d.send("tech", "5145550101")
	d.idle()
	code := anyCode.FindString(d.mail.last())
	jobs, _, err := d.store.Jobs(t.Context(), keep.Filter{Limit: 200})
	if err != nil || code == "" {
		t.Fatalf("code %q, %v", code, err)
	}
	for _, listed := range jobs {
		job, err := d.store.Job(t.Context(), listed.ID)
		if err != nil || strings.Contains(string(job.Payload)+string(job.Result)+job.Note, code) {
			t.Errorf("%s holds the code: %s %v", job.Kind, job.Payload, err)
		}
	}
	for _, m := range d.messages() {
		if strings.Contains(fmt.Sprint(m), code) {
			t.Errorf("the list has it: %+v", m)
		}
	}
	if got := d.verify("tech", "5145550101", code); got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
	name := d.messages()[0].ID
	if _, err := d.box.Resend(t.Context(), name, "once more"); err != nil {
		t.Fatal(err)
	}
	d.idle()
	if sent := d.mail.count(); sent != 1 || d.messages()[0].Status != outbox.StatusFailed {
		t.Errorf("a used code left %d times: %+v", sent, d.messages())
	}
}

// postman is a provider of SMS.
type postman struct {
	mu     sync.Mutex
	bodies []string
}

func (p *postman) Send(_ context.Context, letter outbox.Letter) (outbox.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies = append(p.bodies, letter.Body)
	return outbox.Receipt{ProviderID: fmt.Sprint("SM", len(p.bodies))}, nil
}

func (p *postman) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bodies[len(p.bodies)-1]
}

func (p *postman) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.bodies)
}
