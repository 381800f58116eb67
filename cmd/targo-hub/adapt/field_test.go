package adapt_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/field"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// midday is when these tests are.
var midday = time.Date(2026, 11, 23, 12, 0, 0, 0, hub.Local())

func clock() time.Time { return midday }

// ground is what the site of these tests begins as.
var ground = erpnexttest.Founded(clock, func(f *erpnexttest.Founding) {
	f.Put("Dispatch Technician", map[string]any{"technician_id": "T1", "full_name": "Rémi Tremblay"})
	f.Put("Checklist Template", map[string]any{"template_name": "Réparation", "job_type": "Repair", "items": []any{
		map[string]any{"label": "Puissance", "required": 1, "answer_type": "number"}, map[string]any{"label": "Photo", "answer_type": "check"},
	}})
})

// visit is a work order of T1 with the hub before it: moves by dispatch, told by a
// telephone.
type visit struct {
	erp  *erpnext.Client
	work *dispatch.Desk
	door http.Handler
	job  string
}

func visiting(t *testing.T) *visit {
	t.Helper()
	quiet, store := slog.New(slog.DiscardHandler), hubtest.Store(t)
	site := erpnexttest.Site(t, ground[erpnextsim.V16], clock)
	v := &visit{erp: erpnexttest.Client(t, erpnexttest.Serve(t, site), nil)}
	var err error
	v.work, err = dispatch.NewDesk(dispatch.Deps{ERPNext: v.erp, Store: store, News: hubtest.News{Ring: store}, Now: clock, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	phones := field.NewDesk(field.Deps{
		ERPNext: v.erp, Store: store, News: hubtest.News{Ring: store}, States: v.work.Words(), NeedsReason: v.work.NeedsReason, Kinds: adapt.Kinds(v.work, nil), Now: clock, Log: quiet,
	})
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := phones.Mount(server.Router()); err != nil {
		t.Fatal(err)
	}
	v.door = server.Handler()
	hubtest.Work(t, store, keep.RunnerOptions{Poll: 20 * time.Millisecond}, append(v.work.Work(), phones.Work()...)...)
	v.job = erpnexttest.Put(t, site, "Dispatch Job", map[string]any{
		"subject": "Réparer", "job_type": "Repair", "status": "Assigned", "assigned_tech": "T1", "scheduled_date": "2026-11-23", "published": 1,
	})
	return v
}

// told is what the telephone hears of a mutation.
type told struct {
	State    string
	Document *field.Job
	Error    *struct{ Code, Title string }
}

// tell sends what T1 did, kind and data of each, so many minutes before midday, and
// asks until nothing is to be sent again.
func (v *visit) tell(t *testing.T, all ...string) (out []told) {
	t.Helper()
	var wire []map[string]any
	for i, one := range all {
		at, rest, _ := strings.Cut(one, " ")
		kind, data, _ := strings.Cut(rest, " ")
		wire = append(wire, map[string]any{"id": "mutation-" + at[:2] + at[3:] + kind, "seq": i, "job": v.job, "kind": kind, "at": "2026-11-23T" + at + ":00-05:00", "data": json.RawMessage(data)})
	}
	raw, err := json.Marshal(map[string]any{"sent_at": midday.Format(time.RFC3339), "mutations": wire})
	if err != nil {
		t.Fatal(err)
	}
	hubtest.Await(t, "everything is finished", func() bool {
		r := httptest.NewRequest(http.MethodPost, "/field/mutations", bytes.NewReader(raw))
		r.Header.Set(hubtest.RoleHeader, "technician:T1")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		v.door.ServeHTTP(w, r)
		var answer struct{ Results []told }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Results) != len(all) {
			t.Fatalf("%d %s %v", w.Code, w.Body, err)
		}
		out = answer.Results
		return !strings.Contains(w.Body.String(), `"retry"`)
	})
	return out
}

func states(all []told) string {
	var out []string
	for _, one := range all {
		text := strings.Replace(one.State, "duplicate", "applied", 1)
		if one.Error != nil {
			text += ":" + one.Error.Code
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func (v *visit) now(t *testing.T) *erpnext.DispatchJob {
	t.Helper()
	return erpnexttest.Get[erpnext.DispatchJob](t, v.erp, "Dispatch Job", v.job)
}

// TestNoVisitEndsWithoutItsAnswers, not through the queue of a telephone either: what
// is missing is said, and the completion that comes with it goes through.
func TestNoVisitEndsWithoutItsAnswers(t *testing.T) {
	t.Parallel()
	v := visiting(t)
	first := v.tell(t, `09:00 status {"status":"En Route"}`, `09:30 status {"status":"In Progress"}`, `10:00 status {"status":"Completed"}`, `10:01 note {"text":"derrière"}`)
	if s := states(first); s != "applied applied rejected:checklist-open applied" || first[2].Error.Title == "" {
		t.Fatal(s)
	}
	if job := v.now(t); job.Status != erpnext.JobInProgress || len(job.Checklist) != 2 {
		t.Errorf("%s, %+v", job.Status, job.Checklist)
	}
	second := v.tell(t, `10:10 checklist {"label":"Puissance","value":"-19,5"}`, `10:11 status {"status":"Completed","note":"tout va"}`)
	if s := states(second); s != "applied applied" {
		t.Error(s)
	}
	if job := v.now(t); job.Status != erpnext.JobCompleted || job.Checklist[0].Value != "-19,5" || job.ActualEnd.Text != "2026-11-23 10:11:00" || !strings.Contains(job.CompletionNotes, "tout va") {
		t.Errorf("%+v", job)
	}
}

// TestTheOfficeTookTheStepBefore he could tell: he sees how it stands, his version is
// kept for the office, and his day goes on from there.
func TestTheOfficeTookTheStepBefore(t *testing.T) {
	t.Parallel()
	v := visiting(t)
	at := midday.Add(-175 * time.Minute) // 9:05
	office := hub.WithActor(t.Context(), hub.Actor{Role: hub.RoleStaff, ID: "ann"})
	if moved, err := v.work.Move(office, dispatch.MoveOrder{Job: v.job, Status: erpnext.JobInProgress, At: &at, Key: "office-1"}); err != nil || moved.Status != erpnext.JobInProgress {
		t.Fatal(moved, err)
	}
	late := v.tell(t, `09:00 status {"status":"En Route"}`, `09:20 status {"status":"In Progress"}`, `09:30 checklist {"label":"Puissance","value":"-20"}`, `09:40 status {"status":"Completed"}`)
	if s := states(late); s != "conflict:transition-illegal applied applied applied" || late[0].Document == nil {
		t.Fatalf("%s %+v", s, late[0])
	}
	job := v.now(t)
	said, err := v.erp.Comments(t.Context(), "Dispatch Job", v.job)
	if err != nil || job.Status != erpnext.JobCompleted || job.ActualStart.Text != "2026-11-23 09:05:00" || len(said) == 0 || !strings.Contains(said[0].Content, "En Route") {
		t.Errorf("%v %+v %+v", err, job, said)
	}
}
