package schedule_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/web"
)

// desk answers requests to a schedule without a network.
func desk(t *testing.T, s *schedule.Schedule) func(method, path, role string, into any) int {
	t.Helper()
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{Scopes: []string{"schedule"}}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount(edge.Router())
	return func(method, path, role string, into any) int {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Header.Set(hubtest.RoleHeader, role)
		w := httptest.NewRecorder()
		edge.Handler().ServeHTTP(w, r)
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s %s answered %s: %v", method, path, w.Body, err)
		}
		return w.Code
	}
}

type listed struct {
	Items []schedule.Entry `json:"items"`
	Next  *string          `json:"next"`
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{takes: time.Second}
		defer h.open()()
		s := h.plan(schedule.Config{Tasks: "idle=off; daily = 30 2 * * *"}, nil,
			schedule.Task{Name: "daily", Spec: "@weekly", Run: d.run},
			schedule.Task{Name: "idle", Spec: "@every 1m", Zone: "UTC", Catchup: schedule.CatchUpNone, Run: d.run})
		defer h.start(s)()
		ask := desk(t, s)

		var tasks listed
		if code := ask(http.MethodGet, "/schedule", "staff", &tasks); code != 200 {
			t.Fatalf("the list was answered %d", code)
		}
		next := time.Date(2027, 6, 2, 6, 30, 0, 0, time.UTC)
		want := []schedule.Entry{
			{
				Name: "daily", Spec: "30 2 * * *", Zone: "America/Toronto", Enabled: true, Catchup: "one", Next: &next,
				Words: schedule.Wording{French: "chaque jour à 2 h 30", English: "every day at 02:30"},
			},
			{
				Name: "idle", Spec: "@every 1m", Zone: "UTC", Catchup: "none",
				Words: schedule.Wording{French: "à chaque minute", English: "every minute"},
			},
		}
		if diff := cmp.Diff(want, tasks.Items); diff != "" || tasks.Next != nil {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		for _, c := range []struct {
			method, path, role string
			want               int
		}{
			{http.MethodGet, "/schedule", "", 401},
			{http.MethodPost, "/schedule/daily/run", "customer", 401},
			{http.MethodGet, "/schedule", "service", 200},
			{http.MethodPost, "/schedule/nothing/run", "staff", 404},
			{http.MethodGet, "/schedule/nothing/runs", "staff", 404},
			{http.MethodGet, "/schedule/daily/runs?limit=0", "staff", 422},
		} {
			var any map[string]any
			if code := ask(c.method, c.path, c.role, &any); code != c.want {
				t.Errorf("%s %s was answered %d", c.method, c.path, code)
			}
		}
	})
}

func TestRunNow(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{takes: time.Second, answer: func(n int) error {
			if n == 1 {
				return errAway
			}
			return nil
		}}
		defer h.open()()
		s := h.plan(schedule.Config{Tasks: "idle=off"}, nil,
			schedule.Task{Name: "idle", Spec: "@daily", Run: d.run, Backoff: []time.Duration{time.Hour}})
		defer h.start(s)()
		ask := desk(t, s)
		var first, second struct{ ID string }
		if code := ask(http.MethodPost, "/schedule/idle/run", "staff", &first); code != 202 || first.ID == "" {
			t.Fatalf("answered %d, %+v", code, first)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		type page struct {
			Items []schedule.Run
			Next  *string
		}
		var runs page
		ask(http.MethodGet, "/schedule/idle/runs", "staff", &runs)
		if r := runs.Items[0]; r.Status != "retrying" || r.Actor != "staff:ann" || r.Trigger != "manual" || r.Took != 1 || r.Error == "" || r.Tries != 1 {
			t.Errorf("after a failure: %+v", r)
		}
		ask(http.MethodPost, "/schedule/idle/run", "staff", &second)
		if second.ID != first.ID {
			t.Error("the run that waits was not hurried")
		}
		time.Sleep(2 * time.Second)
		ask(http.MethodPost, "/schedule/idle/run", "staff", &second)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		runs = page{}
		ask(http.MethodGet, "/schedule/idle/runs?limit=1", "staff", &runs)
		if r := runs.Items[0]; r.ID != second.ID || r.ID == first.ID || r.Status != "done" || r.Note != "written down" || runs.Next == nil {
			t.Errorf("the newest run is %+v, next %v", r, runs.Next)
		}
		var rest page
		ask(http.MethodGet, "/schedule/idle/runs?cursor="+*runs.Next, "staff", &rest)
		if len(rest.Items) != 1 || rest.Items[0].ID != first.ID || rest.Next != nil {
			t.Errorf("the second page is %+v", rest)
		}
		audits, _, err := h.engine.Audits(t.Context(), keep.AuditFilter{Action: "schedule.run", Name: "schedule:idle"})
		if err != nil || len(audits) != 3 || audits[0].Actor != "staff:ann" {
			t.Errorf("the audit has %+v, %v", audits, err)
		}
		var tasks listed
		ask(http.MethodGet, "/schedule", "staff", &tasks)
		if e := tasks.Items[0]; e.LastSuccess == nil || e.Failing || e.Last == nil || e.Last.ID != second.ID || e.Next != nil {
			t.Errorf("the task is %+v", e)
		}
	})
}

// TestSwitchedOffKeepsBack: a run that waits when its task is switched off does
// not begin, nor does it keep one back that somebody starts by hand.
func TestSwitchedOffKeepsBack(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{answer: func(n int) error {
			if n <= 2 {
				return errAway
			}
			return nil
		}}
		task := schedule.Task{Name: "risky", Spec: "* * * * *", Run: d.run, Backoff: []time.Duration{10 * time.Minute, 20 * time.Minute}}
		h.live(task, time.Minute)
		defer h.open()()
		s := h.plan(schedule.Config{Tasks: "risky=off"}, nil, task)
		stop := h.start(s)
		time.Sleep(15 * time.Minute)
		if diff := cmp.Diff([]string{"done: The task is switched off."}, h.runs("risky")); diff != "" {
			t.Error(diff)
		}
		stop()
		stop = h.start(h.plan(schedule.Config{}, nil, task))
		time.Sleep(time.Minute)
		stop()
		defer h.start(s)()
		if _, err := s.Start(t.Context(), "risky"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := []string{"done: The task is switched off.", "cancelled: started by hand", "done: written down"}
		if diff := cmp.Diff(want, h.runs("risky")); diff != "" {
			t.Error(diff)
		}
	})
}
