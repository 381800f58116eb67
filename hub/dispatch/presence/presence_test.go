package presence_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/presence"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// room is a presence with a clock that is set by hand.
type room struct {
	t     *testing.T
	store keep.Engine
	p     *presence.Presence
	door  http.Handler
	lock  sync.Mutex
	now   time.Time
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, store: hubtest.Store(t), now: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)}
	r.p = presence.New(r.store, hubtest.News{Ring: r.store}, func() time.Time {
		r.lock.Lock()
		defer r.lock.Unlock()
		return r.now
	}, slog.New(slog.DiscardHandler))
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	r.p.Mount(server.Router())
	r.door = server.Handler()
	return r
}

func (r *room) later(d time.Duration) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.now = r.now.Add(d)
}

func (r *room) say(who, job, doing string) presence.Here {
	r.t.Helper()
	here, err := r.p.Say(hub.WithActor(r.t.Context(), hub.Actor{Role: hub.RoleStaff, ID: who}), job, doing)
	if err != nil {
		r.t.Error(err)
	}
	return here
}

// heard lists the events, in few words.
func (r *room) heard() []string {
	r.t.Helper()
	events, _, err := r.store.Read(r.t.Context(), 0, 1000, hub.TopicJobs)
	if err != nil {
		r.t.Fatal(err)
	}
	out := []string{}
	for _, e := range events {
		var here presence.Here
		if err := json.Unmarshal(e.Data, &here); err != nil || e.Name != hub.JobPresence {
			r.t.Fatalf("%s %s: %v", e.Name, e.Data, err)
		}
		out = append(out, here.Actor+" "+here.Doing+" "+here.Job)
	}
	return out
}

// asked lists who is there, over HTTP.
func (r *room) asked() []string {
	r.t.Helper()
	answer := r.call(http.MethodGet, "", hub.RoleStaff)
	var list struct {
		Items []presence.Here `json:"items"`
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil {
		r.t.Fatal(err)
	}
	out := []string{}
	for _, h := range list.Items {
		out = append(out, h.Actor+" "+h.Job)
	}
	return out
}

func (r *room) call(method, body string, as hub.Role) string {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), method, "/dispatch/presence", strings.NewReader(body))
	req.Header.Set(hubtest.RoleHeader, string(as))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.door.ServeHTTP(w, req)
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if w.Code != http.StatusOK {
		return fmt.Sprint(w.Code)
	}
	return string(raw)
}

// TestPresence: others hear once that somebody is there, again before they would
// take him to be gone, and at once when he leaves.
func TestPresence(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	until := r.say("ann", "DJ-1", presence.Assigning).Until
	if want := r.now.Add(30 * time.Second); !until.Equal(want) {
		t.Errorf("until %v, not %v", until, want)
	}
	r.say("bob", "DJ-1", presence.Assigning)
	r.later(10 * time.Second)
	r.say("ann", "DJ-1", presence.Assigning) // too early to tell anybody
	if diff := cmp.Diff([]string{"ann DJ-1", "bob DJ-1"}, r.asked()); diff != "" {
		t.Error(diff)
	}
	r.later(10 * time.Second)
	r.say("ann", "DJ-1", presence.Assigning)
	r.later(15 * time.Second) // bob has said nothing for 35 seconds
	if diff := cmp.Diff([]string{"ann DJ-1"}, r.asked()); diff != "" {
		t.Error(diff)
	}
	r.say("ann", "DJ-1", presence.Gone)
	r.say("ann", "DJ-1", presence.Gone)
	r.say("eve", "DJ-1", presence.Gone) // never was there
	if diff := cmp.Diff([]string{}, r.asked()); diff != "" {
		t.Error(diff)
	}
	want := []string{"ann assigning DJ-1", "bob assigning DJ-1", "ann assigning DJ-1", "ann gone DJ-1"}
	if diff := cmp.Diff(want, r.heard()); diff != "" {
		t.Error(diff)
	}
}

// TestPresenceIsBounded: nobody fills the memory, and nobody pushes another out
// of it by himself.
func TestPresenceIsBounded(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.say("bob", "DJ-0", presence.Assigning)
	for i := range 30 {
		r.say("ann", fmt.Sprintf("DJ-%d", i), presence.Assigning)
	}
	got := r.asked()
	if len(got) != 21 || got[0] != "bob DJ-0" || got[20] != "ann DJ-29" {
		t.Errorf("%d there: %v", len(got), got)
	}
}

// TestPresenceAtOnce: many who come at the same moment are all seen.
func TestPresenceAtOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() { r.say(fmt.Sprintf("d%d", i), "DJ-1", presence.Assigning) })
	}
	all.Wait()
	if got := r.asked(); len(got) != 12 {
		t.Errorf("%d there: %v", len(got), got)
	}
}

// TestPresenceRefuses what means nothing, and who is not of the staff.
func TestPresenceRefuses(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for body, want := range map[string]string{
		`{"job":"","doing":"assigning"}`: "422", `{"job":"DJ-1","doing":"sleeping"}`: "422", `{"job":"DJ-1"}`: "422", `{}`: "422", `nonsense`: "400",
		`{"job":"` + strings.Repeat("x", 141) + `","doing":"gone"}`: "422",
	} {
		if got := r.call(http.MethodPost, body, hub.RoleStaff); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
	if got := r.call(http.MethodPost, `{"job":"DJ-1","doing":"assigning"}`, hub.RoleTechnician); got != "401" {
		t.Errorf("a technician: %s", got)
	}
	if len(r.heard()) > 0 || len(r.asked()) > 0 {
		t.Error("something was noted all the same")
	}
}
