package authentik_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/connectors/authentik/authentiksim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/simkit"
)

// desk is a client, its Authentik, and the clock of both.
type desk struct {
	*clock
	sim    *authentiksim.Sim
	client *authentik.Client
}

func newDesk(t *testing.T, opts authentiksim.Options) desk {
	t.Helper()
	c := newClock()
	opts.Now = c.Now
	if opts.Alg == "" {
		opts.Alg = "ES256"
	}
	opts.Life = 100 * time.Hour
	sim := start(t, opts)
	return desk{c, sim, dial(t, authentik.Config{Server: settings(sim), Timeout: time.Second}, c)}
}

func (d desk) rotate(t *testing.T, alg string) {
	t.Helper()
	if err := d.sim.Rotate(alg); err != nil {
		t.Fatal(err)
	}
}

// counts tells whether the token is believed, and that the refusal is no fault of
// the server's.
func (d desk) counts(t *testing.T, token string, want bool) {
	t.Helper()
	_, err := d.client.Verify(t.Context(), token)
	if want != (err == nil) || err != nil && !hub.IsKind(err, hub.Unauthenticated) {
		t.Errorf("counts: %v, want %v", err, want)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	d := newDesk(t, authentiksim.Options{})
	old := sign(t, d.sim, ann)
	d.counts(t, old, true)
	d.rotate(t, "RS256")
	fresh := sign(t, d.sim, ann)
	d.counts(t, fresh, false) // the keys were read just now
	d.pass(time.Minute)
	d.counts(t, fresh, true) // a new name has them read anew
	d.counts(t, old, false)  // and what the old one signed is worth nothing
	if n := d.sim.Control().Calls(); n != 2 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestUnknownKeysAreAskedForOnceAMinute(t *testing.T) {
	t.Parallel()
	d := newDesk(t, authentiksim.Options{})
	d.counts(t, sign(t, d.sim, ann), true)
	strange := ann
	strange.Header = map[string]any{"kid": "../../etc/passwd' OR 1=1 --"}
	token := sign(t, d.sim, strange)
	d.pass(time.Minute)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { d.counts(t, token, false) })
	}
	all.Wait()
	if n := d.sim.Control().Calls(); n != 2 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestRemovedKeyIsForgottenWithoutANewOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t, authentiksim.Options{})
	old := sign(t, d.sim, ann)
	d.counts(t, old, true)
	d.rotate(t, "ES256")
	d.pass(11 * time.Minute)
	d.counts(t, old, true) // read anew behind his back
	hubtest.Await(t, "the keys were read anew", func() bool {
		_, err := d.client.Verify(t.Context(), old)
		return err != nil
	})
	d.rotate(t, "ES256")
	between := sign(t, d.sim, ann)
	d.rotate(t, "ES256")
	d.pass(time.Hour)
	d.counts(t, between, false) // nobody came for long: read before they are used
}

func TestAuthentikIsAway(t *testing.T) {
	t.Parallel()
	d := newDesk(t, authentiksim.Options{})
	token := sign(t, d.sim, ann)
	d.sim.Control().Fail(simkit.Fault{Status: 503, Next: 1})
	_, err := d.client.Verify(t.Context(), token)
	if e, ok := connectors.AsError(err); !ok || !hub.IsKind(err, hub.Unavailable) || e.Status != 503 {
		t.Fatalf("without any key: %v", err)
	}
	if _, again := d.client.Verify(t.Context(), token); !errors.Is(again, err) || d.sim.Control().Calls() != 1 {
		t.Errorf("asked again at once: %v, %d calls", again, d.sim.Control().Calls())
	}
	d.pass(5 * time.Second)
	d.counts(t, token, true)
	d.sim.Control().Fail(simkit.Fault{Status: 500, Next: 1000})
	for range 23 {
		d.pass(time.Hour)
		d.counts(t, token, true) // old keys outlive an absence
	}
	unheard := ann
	unheard.Header = map[string]any{"kid": "new"}
	d.pass(time.Minute)
	if _, err := d.client.Verify(t.Context(), sign(t, d.sim, unheard)); !hub.IsKind(err, hub.Upstream) && !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("a key that may be new: %v", err)
	}
	d.pass(2 * time.Hour)
	if _, err := d.client.Verify(t.Context(), token); err == nil || hub.IsKind(err, hub.Unauthenticated) {
		t.Errorf("keys of yesterday: %v", err)
	}
}

func TestAuthentikHangs(t *testing.T) {
	t.Parallel()
	d := newDesk(t, authentiksim.Options{})
	d.sim.Control().Fail(simkit.Fault{HangBody: 10})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := d.client.Verify(ctx, sign(t, d.sim, ann))
	if !hub.IsKind(err, hub.Timeout) || time.Since(began) > 800*time.Millisecond {
		t.Errorf("a caller in a hurry: %v after %v", err, time.Since(began))
	}
	if _, err = d.client.Verify(t.Context(), sign(t, d.sim, ann)); !hub.IsKind(err, hub.Timeout) {
		t.Errorf("a patient one: %v", err)
	}
	if err := d.client.Close(); err != nil {
		t.Error(err)
	}
	d.pass(time.Hour)
	if _, err := d.client.Verify(t.Context(), sign(t, d.sim, ann)); err == nil {
		t.Error("a closed client believes")
	}
}

func TestProviderWithoutASigningKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t, authentiksim.Options{Alg: "HS256"})
	if _, err := d.client.Probe(t.Context()); err == nil {
		t.Error("a provider that shows no key passed the probe")
	}
	d.counts(t, sign(t, d.sim, ann), false) // its tokens are signed with a secret
	d.rotate(t, "RS256")
	if found, err := d.client.Probe(t.Context()); err != nil || found[authentik.Staff] != 1 {
		t.Errorf("probe: %v %v", found, err)
	}
	d.rotate(t, "HS256")
	if _, err := d.client.Probe(t.Context()); err == nil {
		t.Error("a provider that lost its key passed the probe")
	}
}
