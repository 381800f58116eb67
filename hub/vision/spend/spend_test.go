package spend_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/vision/spend"
)

// The day is that of people: it ends at their midnight, and so does the refusal.
func TestTake(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 23, 0, 0, 0, hub.Local())
	purse := spend.New(hubtest.Store(t), spend.Limits{Person: 2, Total: 3}, func() time.Time { return now })
	take := func(who string) (func(context.Context), error) { return purse.Take(t.Context(), who) }
	for range 2 {
		if _, err := take("technician:T1"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := take("technician:T1")
	if !hub.HasCode(err, "vision-limit") || hub.ProblemOf(err).RetryAfter != time.Hour {
		t.Errorf("%v, again in %s", err, hub.ProblemOf(err).RetryAfter)
	}
	back, err := take("technician:T2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := take("technician:T3"); !hub.HasCode(err, "vision-limit") {
		t.Errorf("all have spent more than they may: %v", err)
	}
	back(t.Context())
	if _, err := take("technician:T2"); err != nil {
		t.Errorf("what was given back is missing: %v", err)
	}
	now = now.Add(time.Hour)
	if _, err := take("technician:T1"); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

func TestNoneAndNoLimit(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	for _, test := range []struct {
		limits spend.Limits
		ok     bool
	}{{spend.Limits{Person: 0, Total: 9}, false}, {spend.Limits{Person: 9, Total: 0}, false}, {spend.Limits{Person: -1, Total: -1}, true}} {
		for range 3 {
			if _, err := spend.New(store, test.limits, nil).Take(t.Context(), "staff:ann"); (err == nil) != test.ok {
				t.Errorf("%+v: %v", test.limits, err)
			}
		}
	}
}

// Many at once never spend more than there is.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	purse := spend.New(hubtest.Store(t), spend.Limits{Person: -1, Total: 10}, nil)
	var taken atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := purse.Take(context.Background(), "staff:ann"); err == nil {
				taken.Add(1)
			} else if !hub.HasCode(err, "vision-limit") {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if taken.Load() != 10 {
		t.Errorf("%d were taken", taken.Load())
	}
}
