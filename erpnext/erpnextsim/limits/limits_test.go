package limits_test

import (
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/limits"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/settings"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	budget := &settings.RateLimit{Limit: 10, Window: 60}
	now := time.Unix(6000+15, 0)
	m := limits.New()
	m.Spend(*budget, now, 7600*time.Millisecond)
	for release, want := range map[profile.Profile]string{profile.V15: "2400000", profile.V16: "2000000"} {
		turn, err := m.Begin(budget, now, release)
		h := http.Header{}
		turn.Tell(h)
		if err != nil || h.Get("X-RateLimit-Remaining") != want || h.Get("X-RateLimit-Reset") != "45" || h.Get("X-RateLimit-Limit") != "10000000" {
			t.Errorf("%s: %v %v, want %s left", release, h, err, want)
		}
	}
	m.Spend(*budget, now, 3*time.Second)
	turn, err := m.Begin(budget, now, profile.V16)
	h := http.Header{}
	turn.Tell(h)
	if err == nil || h.Get("Retry-After") != "45" {
		t.Errorf("overdrawn: %v %v", err, h)
	}
	if _, err := m.Begin(budget, now.Add(45*time.Second), profile.V16); err != nil {
		t.Errorf("the next window: %v", err)
	}
	none, err := m.Begin(nil, now, profile.V16)
	if none != nil || err != nil {
		t.Errorf("without a budget: %v %v", none, err)
	}
	none.Tell(h)
	none.End()
}

func TestCalls(t *testing.T) {
	t.Parallel()
	m, now := limits.New(), time.Unix(0, 0)
	for i, want := range []bool{true, true, false} {
		if err := m.Call("reset:a", 2, time.Hour, now); (err == nil) != want {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	if err := m.Call("reset:b", 2, time.Hour, now); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if err := m.Call("reset:a", 2, time.Hour, now.Add(time.Hour)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}
