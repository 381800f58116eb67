package consent_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/consent"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var founded = sync.OnceValues(func() (*erpnextsim.Image, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	return erpnextsim.Found(erpnextsim.Options{}, func(site *erpnextsim.Site) error {
		return errors.Join(site.Import(raw), site.AddUser("hub@example.com", "key0", "secret0", "System Manager"))
	})
})

// law is a register with everything that it needs. Its day is 23 November 2026.
type law struct {
	site     *erpnextsim.Site
	store    *sqlite.Engine
	register *consent.Register
	calls    atomic.Int32
	ahead    atomic.Int64
}

func (l *law) now() time.Time {
	return time.Date(2026, 11, 23, 12, 0, 0, 0, hub.Local()).Add(time.Duration(l.ahead.Load()))
}

func open(t *testing.T) *law {
	t.Helper()
	image, err := founded()
	if err != nil {
		t.Fatal(err)
	}
	l := &law{store: hubtest.Store(t)}
	if l.site, err = erpnextsim.New(erpnextsim.Options{Image: image}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.calls.Add(1)
		l.site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		if err := l.site.Close(); err != nil {
			t.Error(err)
		}
	})
	erp, err := erpnext.New(erpnext.Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{
		Transport: &http.Transport{DisableKeepAlives: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.register = consent.New(consent.Deps{ERPNext: erp, Store: l.store, Now: l.now, Log: slog.New(slog.DiscardHandler)})
	return l
}

func (l *law) put(t *testing.T, doctype string, doc map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, l.site, doctype, doc)
}

// work runs the register's jobs until the test ends.
func (l *law) work(t *testing.T) {
	t.Helper()
	hubtest.Work(t, l.store, keep.RunnerOptions{Poll: 10 * time.Millisecond}, l.register.Work()...)
}

// settled waits until all changes were worked off and gives their states, oldest
// first.
func (l *law) settled(t *testing.T, n int) []string {
	t.Helper()
	var states []string
	hubtest.Await(t, "all changes are written", func() bool {
		page, _, err := l.store.Jobs(t.Context(), keep.Filter{Kind: consent.KindWrite, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		states = nil
		for _, job := range page {
			if job.Status == keep.Done {
				states = append([]string{job.State}, states...)
			}
		}
		return len(states) == n
	})
	return states
}
