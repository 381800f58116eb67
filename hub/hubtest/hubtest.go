// Package hubtest is what the tests of features share: a store and whoever works
// it off, a door that believes everybody, news, requests, and patience. It exists
// for tests only, and remembers nothing.
package hubtest

import (
	"cmp"
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

// Store gives an empty store, and closes it when the test ends.
func Store(t testing.TB) *sqlite.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return engine
}

// News appends events to the ring, as the broker does.
type News struct{ keep.Ring }

// Publish appends the events.
func (n News) Publish(ctx context.Context, events ...hub.Event) error {
	_, err := n.Append(ctx, events...)
	return err
}

// RoleHeader names the role of a caller whom Door lets in, and who he is:
// "technician:T1"; nobody named is "ann".
const RoleHeader = "X-Test-Role"

// Door is a web.Verifier that lets in whom RoleHeader names, with its scopes.
type Door struct{ Scopes []string }

// Verify believes the header.
func (d Door) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	as, id, _ := strings.Cut(r.Header.Get(RoleHeader), ":")
	if hub.Role(as) != role {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Who are you?", nil)
	}
	return hub.Actor{Role: role, ID: cmp.Or(id, "ann"), Scopes: d.Scopes}, nil
}

// patience only ends a run in which the fact will never be: a machine under load
// may take its time.
const patience = 30 * time.Second

// Await waits for a fact that nobody signals.
func Await(t testing.TB, what string, fact func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(patience); !fact(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
