package keep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

func TestNextRetryFollowsTheBackoff(t *testing.T) {
	t.Parallel()
	backoff := []time.Duration{10 * time.Second, time.Minute}
	for tries, entry := range map[int]int{0: 0, 1: 0, 2: 1, 3: 1, 99: 1} {
		if got := NextRetry(backoff, tries, 0.5); got != backoff[entry] {
			t.Errorf("after %d tries: %v, want %v", tries, got, backoff[entry])
		}
	}
	if got := NextRetry(nil, 3, 0.5); got != 0 {
		t.Errorf("without a backoff: %v", got)
	}
}

func TestNextRetryStaysWithinAFifth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64Range(1, int64(100*time.Hour)).Draw(t, "base"))
		tries, random := rapid.IntRange(1, 50).Draw(t, "tries"), rapid.Float64Range(0, 0.999999).Draw(t, "random")
		got := NextRetry([]time.Duration{base}, tries, random)
		if got < base*8/10-1 || got > base*12/10+1 {
			t.Fatalf("%v is too far from %v", got, base)
		}
	})
}

func TestErrorsOfTheWorkKeepTheirCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, err := range []error{Reject(cause), Later(time.Minute, cause), fmt.Errorf("sending: %w", Reject(cause))} {
		if !errors.Is(err, cause) || !strings.HasSuffix(err.Error(), "cause") {
			t.Errorf("%v lost its cause", err)
		}
	}
	if Reject(nil) != nil || Later(time.Minute, nil) != nil {
		t.Error("no error became one")
	}
	if !isRejected(fmt.Errorf("sending: %w", Reject(cause))) || isRejected(cause) {
		t.Error("a rejection is not recognised")
	}
	if notBefore(fmt.Errorf("sending: %w", Later(time.Minute, cause))) != time.Minute || notBefore(cause) != 0 {
		t.Error("a wait is not recognised")
	}
}

// told is an error of a connector.
type told struct{}

func (told) Error() string { return "raw answer of +1 514 555 0100" }

func (told) AttemptInfo() (status int, code, detail string) {
	return 422, "E21", "x" + strings.Repeat("é", 4000)
}

func TestAnAttemptShowsOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	a := describe(fmt.Errorf("sending: %w", told{}))
	if a.Status != 422 || a.Code != "E21" || len(a.Detail) > detailMax || !strings.HasPrefix(a.Detail, "xé") {
		t.Errorf("status %d, code %q, %d bytes of detail", a.Status, a.Code, len(a.Detail))
	}
	if !utf8.ValidString(a.Detail) {
		t.Error("a letter was cut in two")
	}
	for text, want := range map[string]string{
		`Get "https://ann:pw@erp.example.com/api/x?token=abc": refused`: `Get "https://erp.example.com/…": refused`,
		"mail to ann.b+c@example.com bounced":                           "mail to [mail] bounced",
		"calling +1 (514) 555-0100 gave busy":                           "calling [number] gave busy",
		"Authorization: Bearer abc.def-ghi":                             "Authorization: [secret]",
		"link eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl is bad": "link [secret] is bad",
		"due 2026-11-22, ORD-2026-00001-0000000001":                     "due 2026-11-22, ORD-2026-00001-0000000001",
		"reading quotation SAL-QTN-2026-00001: no such field":           "reading quotation SAL-QTN-2026-00001: no such field",
	} {
		if got := scrub(text); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
}

// idle is an engine without jobs.
type idle struct{ counts []Count }

func (idle) Claim(context.Context, []string, int, time.Duration) ([]Job, error) { return nil, nil }
func (idle) Extend(context.Context, string, int64, time.Duration) error         { return nil }
func (idle) Finish(context.Context, string, int64, Outcome) error               { return nil }
func (idle) Publish(context.Context, string, []byte) error                      { return nil }
func (idle) Subscribe(context.Context, string) (<-chan []byte, error)           { return nil, nil }
func (i idle) Counts(context.Context) ([]Count, error)                          { return i.counts, nil }

func TestMetricsHaveClosedLabels(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	r := NewRunner(idle{[]Count{
		{Kind: "a", Status: Pending, N: 3, Oldest: 90 * time.Second},
		{Kind: "old.1", Status: Dead, N: 1},
		{Kind: "old.2", Status: Dead, N: 2},
	}}, slog.New(slog.DiscardHandler), RunnerOptions{Metrics: reg})
	r.Register(Work{Kind: "a", Do: func(context.Context, Job) (Result, error) { return Result{}, nil }})
	r.meter.tried(r.label("a"), Attempt{Class: OK})
	r.meter.tried(r.label("odd"), Attempt{Class: Lost})
	want := map[string]float64{
		"targo_job_oldest_due_seconds a":     90,
		"targo_job_oldest_due_seconds other": 0,
		"targo_job_tries_total lost other":   1,
		"targo_job_tries_total ok a":         1,
		"targo_jobs a pending":               3,
		"targo_jobs other dead":              3,
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			if m.GetHistogram() == nil {
				got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestRegisteringTwiceIsAMistake(t *testing.T) {
	t.Parallel()
	do := func(context.Context, Job) (Result, error) { return Result{}, nil }
	for name, w := range map[string]Work{
		"twice": {Kind: "a", Do: do}, "without kind": {Do: do}, "without Do": {Kind: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRunner(idle{}, slog.New(slog.DiscardHandler), RunnerOptions{})
			r.Register(Work{Kind: "a", Do: do})
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			r.Register(w)
		})
	}
}

func TestWorkHasDefaults(t *testing.T) {
	t.Parallel()
	type sizes struct {
		Concurrency, MaxTries int
		Budget                time.Duration
	}
	for name, c := range map[string]struct {
		w    Work
		want sizes
	}{
		"none":  {Work{}, sizes{4, 6, time.Minute}},
		"some":  {Work{Backoff: []time.Duration{1, 2}, Concurrency: 9}, sizes{9, 3, time.Minute}},
		"once":  {Work{Backoff: []time.Duration{}}, sizes{4, 1, time.Minute}},
		"tries": {Work{MaxTries: 2, Budget: 5}, sizes{4, 2, 5}},
	} {
		w := c.w.withDefaults()
		if diff := cmp.Diff(c.want, sizes{w.Concurrency, w.MaxTries, w.Budget}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
