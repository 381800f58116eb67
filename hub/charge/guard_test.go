package charge_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
)

const key = config.Secret("0123456789abcdefghijklmnopqrstuvwxyz")

func staff(name string) context.Context {
	return hub.WithRequestID(hub.WithActor(context.Background(), hub.Actor{Role: hub.RoleStaff, ID: name}), "req-1")
}

func made(t *testing.T, cfg charge.Config, deps charge.Deps) *charge.Guard {
	t.Helper()
	g, err := charge.NewGuard(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := charge.NewGuard(charge.Config{CutoverToken: key[:31]}, charge.Deps{}); err == nil || strings.Contains(err.Error(), string(key[:31])) {
		t.Errorf("a short key: %v", err)
	}
	if err := (charge.Config{CutoverToken: key[:32]}).Validate(); err != nil {
		t.Error(err)
	}
}

// TestWhoPauses: the setting, the site, and doubt.
func TestWhoPauses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  charge.Config
		site func(context.Context) (bool, error)
		why  string
	}{
		"the setting":   {charge.Config{Paused: true}, func(context.Context) (bool, error) { return false, nil }, charge.BySetting},
		"the site":      {charge.Config{}, func(context.Context) (bool, error) { return true, nil }, charge.BySite},
		"an error":      {charge.Config{}, func(context.Context) (bool, error) { return false, errors.New("away") }, charge.ByDoubt},
		"nobody to ask": {charge.Config{}, nil, charge.ByDoubt},
		"nobody":        {charge.Config{}, func(context.Context) (bool, error) { return false, nil }, ""},
	} {
		g := made(t, test.cfg, charge.Deps{Site: test.site})
		state := g.State(t.Context())
		if state.Why != test.why || state.Paused != (test.why != "") || state.Key || (state.Paused && state.Since.IsZero()) {
			t.Errorf("%s: %+v", name, state)
		}
		err := g.Allow(staff("ann"), charge.Change{Verb: charge.Submit, Doctype: "Sales Invoice"})
		if hub.HasCode(err, "billing-paused") != (test.why != "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if (charge.Open{}).Allow(t.Context(), charge.Change{}) != nil || !hub.HasCode(charge.Closed{}.Allow(t.Context(), charge.Change{}), "billing-paused") {
		t.Error("open and closed are mixed up")
	}
}

// TestTheSiteIsAskedSeldom: once for many at the same time, then not for some
// seconds, sooner again after no answer.
func TestTheSiteIsAskedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var broken, paused atomic.Bool
		g := made(t, charge.Config{}, charge.Deps{Site: func(ctx context.Context) (bool, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			if broken.Load() {
				<-ctx.Done()
				return false, ctx.Err()
			}
			return paused.Load(), nil
		}})
		why := func(want string) {
			t.Helper()
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if s := g.State(t.Context()); s.Why != want {
						t.Errorf("%+v, want %q", s, want)
					}
				})
			}
			all.Wait()
		}
		why("")
		paused.Store(true)
		why("") // not asked again yet
		time.Sleep(15 * time.Second)
		why(charge.BySite)
		since := g.State(t.Context()).Since
		time.Sleep(15 * time.Second)
		why(charge.BySite)
		if now := g.State(t.Context()).Since; !now.Equal(since) || asked.Load() != 3 {
			t.Errorf("asked %d times, since %v then %v", asked.Load(), since, now)
		}
		broken.Store(true)
		time.Sleep(15 * time.Second)
		why(charge.ByDoubt)
		broken.Store(false)
		paused.Store(false)
		time.Sleep(3 * time.Second)
		why("")
		gone, leave := context.WithCancel(t.Context())
		leave()
		time.Sleep(15 * time.Second)
		if s := g.State(gone); s.Why != charge.ByDoubt {
			t.Errorf("who left is told %+v", s)
		}
		synctest.Wait()
		time.Sleep(time.Second)
	})
}

// TestTheKey: who may show it, what is written down, what is refused.
func TestTheKey(t *testing.T) {
	t.Parallel()
	var uses []charge.Use
	var trail error
	var log bytes.Buffer
	reg := prometheus.NewRegistry()
	g := made(t, charge.Config{Paused: true, CutoverToken: key}, charge.Deps{
		Trail:   func(_ context.Context, use charge.Use) error { uses = append(uses, use); return trail },
		Log:     slog.New(slog.NewTextHandler(&log, nil)),
		Metrics: reg,
	})
	invoice := charge.Change{Verb: charge.Submit, Doctype: "Sales Invoice", Name: "S-1"}
	ctx, err := g.Admit(staff("ann"), string(key))
	if err != nil || g.Allow(ctx, invoice) != nil {
		t.Fatalf("the key does not open: %v, %v", err, g.Allow(ctx, invoice))
	}
	if len(uses) != 1 || uses[0].Actor.ID != "ann" || uses[0].Request != "req-1" || uses[0].Change != invoice || !g.State(ctx).Key {
		t.Errorf("written down: %+v", uses)
	}
	if err := g.Allow(ctx, charge.Change{Verb: charge.Send, Name: strings.Repeat("é", 5000), Method: strings.Repeat("x", 5000)}); err != nil ||
		len([]rune(uses[1].Name)) != 140 || len(uses[1].Method) > 142 || strings.Contains(log.String(), strings.Repeat("x", 300)) {
		t.Errorf("a long name is kept as it is: %v", err)
	}
	trail = errors.New("full")
	if err := g.Allow(ctx, invoice); !hub.HasCode(err, "store-unavailable") {
		t.Errorf("an unwritten use: %v", err)
	}
	other := made(t, charge.Config{Paused: true, CutoverToken: key}, charge.Deps{})
	if err := other.Allow(ctx, invoice); !hub.HasCode(err, "billing-paused") {
		t.Errorf("another guard: %v", err)
	}
	for _, actor := range []hub.Actor{{Role: hub.RolePublic}, {Role: hub.RoleCustomer, ID: "C"}, {Role: hub.RoleTechnician, ID: "T"}, {Role: hub.RoleSigned}} {
		for _, token := range []string{string(key), "guess"} {
			ctx, err := g.Admit(hub.WithActor(t.Context(), actor), token)
			if err != nil || !hub.HasCode(g.Allow(ctx, invoice), "billing-paused") {
				t.Errorf("%s is let through, or told: %v", actor, err)
			}
		}
	}
	if ctx, err := g.Admit(staff("bob"), ""); err != nil || !hub.HasCode(g.Allow(ctx, invoice), "billing-paused") {
		t.Errorf("no key: %v", err)
	}
	if _, err := g.Admit(staff("bob"), string(key)+"x"); !hub.HasCode(err, "cutover-token-wrong") || hub.ProblemOf(err).Kind != hub.Forbidden {
		t.Errorf("a wrong key: %v", err)
	}
	if strings.Contains(log.String(), string(key)) || strings.Contains(log.String(), "guess") || strings.Contains(log.String(), "bob") || !strings.Contains(log.String(), "req-1") {
		t.Errorf("a key, or somebody, is in the log, or no request: %s", log.String())
	}
	if counted, err := reg.Gather(); err != nil || len(counted) != 1 || len(counted[0].Metric) != 2 { // used, wrong
		t.Errorf("counted: %v, %v", counted, err)
	}
}

// TestWrongKeys: without a key none fits, and who guesses is not heard for a while.
func TestWrongKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 24, 12, 0, 0, 0, time.UTC)
	none := made(t, charge.Config{Paused: true}, charge.Deps{})
	for _, token := range []string{"x", string(key), " "} {
		if _, err := none.Admit(staff("ann"), token); !hub.HasCode(err, "cutover-token-wrong") {
			t.Errorf("%q without a key: %v", token, err)
		}
	}
	g := made(t, charge.Config{Paused: true, CutoverToken: key}, charge.Deps{Now: func() time.Time { return now }})
	for range 5 {
		if _, err := g.Admit(staff("eve"), "guess"); !hub.HasCode(err, "cutover-token-wrong") {
			t.Fatal(err)
		}
	}
	_, err := g.Admit(staff("eve"), string(key))
	if !hub.HasCode(err, "too-many-requests") || hub.ProblemOf(err).RetryAfter != 15*time.Minute {
		t.Errorf("after five: %v", err)
	}
	if _, err := g.Admit(staff("ann"), string(key)); err != nil {
		t.Errorf("somebody else waits too: %v", err)
	}
	now = now.Add(15 * time.Minute)
	if _, err := g.Admit(staff("eve"), string(key)); err != nil {
		t.Errorf("after a quarter of an hour: %v", err)
	}
}
