package presence_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/presence"
)

// yard is a site that the room asks about jobs.
type yard struct {
	site  *erpnextsim.Site
	calls atomic.Int32
	away  atomic.Bool
}

func newYard(t *testing.T, r *room) *yard {
	t.Helper()
	raw, err := erpnext.Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{}
	if y.site, err = erpnextsim.New(erpnextsim.Options{Profile: erpnextsim.V16}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(y.site.Import(raw), y.site.AddUser("hub@example.test", "key0", "secret0", "System Manager")); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		y.calls.Add(1)
		if y.away.Load() {
			http.Error(w, `{"exc_type":"PermissionError"}`, http.StatusForbidden)
			return
		}
		y.site.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		server.Close()
		if err := y.site.Close(); err != nil {
			t.Error(err)
		}
	})
	erp, err := erpnext.New(erpnext.Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	r.p.Of(erp)
	return y
}

// TestPresenceOfNoJob: nobody hears of a job that does not exist, and ERPNext is
// asked about a job once in a while, not every time.
func TestPresenceOfNoJob(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	y := newYard(t, r)
	job, err := y.site.Put("Dispatch Job", map[string]any{"subject": "Visite", "scheduled_date": "2026-11-23", "start_time": ""})
	if err != nil {
		t.Fatal(err)
	}
	say := func(job, doing string) string {
		return r.call(http.MethodPost, `{"job":"`+job+`","doing":"`+doing+`"}`, hub.RoleStaff)
	}
	for range 3 {
		if got := say("DJ-99999", presence.Assigning); got != "404" {
			t.Errorf("an unknown job: %s", got)
		}
		if got := say(job, presence.Assigning); len(got) == len("404") {
			t.Errorf("a known one: %s", got)
		}
	}
	if got := say("DJ-99999", presence.Gone); len(got) == len("404") { // who leaves is never held up
		t.Errorf("leaving it: %s", got)
	}
	if n, heard := y.calls.Load(), r.heard(); n != 2 || len(heard) != 1 || heard[0] != "ann assigning "+job {
		t.Errorf("%d calls, heard %v", n, heard)
	}
	r.later(10 * time.Second) // it may have been filed meanwhile
	y.away.Store(true)
	if got := say("DJ-99999", presence.Assigning); len(got) == len("404") || y.calls.Load() != 3 {
		t.Errorf("while nobody can say: %s, %d calls", got, y.calls.Load())
	}
}
