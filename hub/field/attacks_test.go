package field_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/field"
)

// TestWhatBreaksEveryTime holds nothing up: what is behind it is done, however often
// the telephone asks, and the office hears of it.
func TestWhatBreaksEveryTime(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{wait: 300 * time.Millisecond})
	for name, answer := range map[string]http.HandlerFunc{
		"a script of the site": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"exc_type":"AttributeError","exception":"AttributeError: no such thing"}`))
		},
		"a proxy": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			_, _ = w.Write([]byte("<html>too large</html>"))
		},
	} {
		job, before := c.file(t, nil), c.conflicts(t)
		c.set(func() {
			c.breaks = func(r *http.Request) http.HandlerFunc {
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, job) {
					return answer
				}
				return nil
			}
		})
		all := []body{seq(1).wire(job+"-power", job, "checklist", body{"label": "Puissance", "value": "-19.5"}), seq(2).wire(job+"-note", job, "note", body{"text": "vu"})}
		got := c.insist(t, "T1", all...)
		if got[0].State != "rejected" || got[0].Error.Title == "" || got[1].Error != nil || c.conflicts(t) != before+1 {
			t.Errorf("%s: %s, %d told", name, states(got), c.conflicts(t)-before)
		}
		if said := c.said(t, job); !strings.Contains(said, "À reprendre") || !strings.Contains(said, "-19.5") {
			t.Errorf("%s: the office reads %q", name, said)
		}
		c.set(func() { c.breaks = nil })
	}
}

// TestTheOfficeCannotBeTold in ERPNext: the next one goes on all the same.
func TestTheOfficeCannotBeTold(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{wait: 300 * time.Millisecond})
	job := c.file(t, body{"status": "Cancelled"})
	c.set(func() {
		c.breaks = func(r *http.Request) http.HandlerFunc {
			if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "Comment") {
				return nil
			}
			return func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusExpectationFailed)
				_, _ = w.Write([]byte(`{"exc_type":"ValidationError","_server_messages":"[\"{\\\"message\\\":\\\"No.\\\"}\"]"}`))
			}
		}
	})
	got := c.insist(t, "T1", seq(1).wire("answer", job, "checklist", body{"label": "Puissance", "value": "-20"}),
		seq(2).wire("note", job, "note", body{"text": "refusée"}), seq(3).wire("answer-2", job, "checklist", body{"label": "Puissance", "value": "-20"}))
	if s := states(got); s != "conflict:state-conflict rejected:erpnext-refused conflict:state-conflict" || c.conflicts(t) != 3 {
		t.Errorf("%s, %d told", s, c.conflicts(t))
	}
}

// said is all that stands under a work order.
func (c *crew) said(t testing.TB, job string) string {
	t.Helper()
	all, err := c.erp.Comments(t.Context(), "Dispatch Job", job)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, one := range all {
		text.WriteString(one.Content + "\n")
	}
	return text.String()
}

// itWasHisWhenHeReadIt: his link ended when the office gave the work order away;
// what he did there comes with another link, and is kept for the office.
func itWasHisWhenHeReadIt(t *testing.T, c *crew) {
	given, own, never := c.file(t, nil), c.file(t, nil), c.file(t, body{"assigned_tech": "T2"})
	for range 2 {
		if w := c.ask(t, "T1@"+given, http.MethodGet+" "+"/field/jobs", nil); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
	}
	c.edit(t, given, erpnext.Values{"assigned_tech": "T2"})
	photo := c.bring(t, "T1@"+own, given, snapshot(t, 40))
	got := c.insist(t, "T1@"+own, seq(1).wire("note", given, "note", body{"text": "fait avant"}), seq(2).wire("photo", given, "photo", body{"upload": photo, "kind": "after"}),
		seq(1).wire("never", never, "note", body{"text": "vu"}))
	files, err := c.erp.Attachments(t.Context(), "Dispatch Job", given)
	if s := states(got); s != "conflict:job-taken conflict:job-taken rejected:job-forbidden" || err != nil || len(files) != 1 {
		t.Errorf("%s, %d files, %v", s, len(files), err)
	}
	if !strings.Contains(c.said(t, given), "fait avant") || got[0].Document == nil || got[0].Document.Place.AccessNotes != "" || got[0].Document.Status != "Scheduled" {
		t.Errorf("%+v", got[0].Document)
	}
	if s := states(c.insist(t, "T2", seq(1).wire("note", given, "note", body{"text": "à moi"}))); s != "applied" && s != "duplicate" {
		t.Errorf("who has it now: %s", s)
	}
}

// oddOnes are told from what can be done.
func oddOnes(t *testing.T, c *crew) {
	twice := body{"label": "Deux fois", "required": 1, "answer_type": "text"}
	job := c.file(t, body{"checklist": []any{twice, body{"label": "Autre"}, twice}})
	long := strings.Repeat("é", 2000)
	got := c.insist(t, "T1",
		seq(-3).wire("negative", job, "note", body{"text": "avant"}), seq(1).wire("nul", job, "note", body{"text": "a\x00b 🚐 <script>x</script>"}),
		seq(1).wire("equal", job, "note", body{"text": long}), seq(2).wire("long", job, "note", body{"text": long + "é"}),
		seq(90).wire(strings.Repeat("x", 200), job, "note", body{"text": "vu"}), seq(91).wire("case", strings.ToLower(job), "note", body{"text": "vu"}),
		seq(92).wire("control", job+"\x00", "note", body{"text": "vu"}, "id", "control-in-job"), seq(93).wire("offset", job, "note", body{"text": "loin"}, "at", "2026-11-23T08:00:00+24:00"),
		seq(94).wire("year", job, "note", body{"text": "vu"}, "at", "9999-12-31T23:59:59-24:00"), seq(95).wire("null", job, "note", nil),
		seq(96).wire("label", job, "checklist", body{"label": "Deux fois", "value": "oui"}), seq(97).wire("tiny", job, "material", body{"item": "CABLE", "qty": 0.25}),
		seq(98).wire("huge", job, "material", body{"item": "CABLE", "qty": 1e300}), seq(99).wire("gone", job, "material", body{"item": "PRISE", "qty": 0}),
		seq(100).wire("before", job, "note", body{"text": "vu"}, "base_modified", "2026-11-20 10:00:00.000000"))
	want := "applied applied applied rejected:invalid rejected:invalid rejected:job-not-found rejected:invalid applied rejected:invalid rejected:invalid " +
		"applied applied rejected:invalid applied rejected:job-not-found"
	if s := strings.ReplaceAll(states(got), "duplicate", "applied"); s != want {
		t.Errorf("\n%s, want\n%s", s, want)
	}
	done := c.job(t, job)
	if done.Checklist[0].Value != "oui" || done.Checklist[2].Value != "oui" || done.Checklist[1].Value != "" || len(done.Materials) != 1 || done.Materials[0].Qty != 0.25 {
		t.Errorf("%+v %+v", done.Checklist, done.Materials)
	}
	if said := c.said(t, job); !strings.Contains(said, "ab 🚐 &lt;script&gt;x&lt;/script&gt;") || strings.Contains(said, "\x00") {
		t.Errorf("%q", said[:min(len(said), 200)])
	}
	for what, may := range map[string]bool{"GET /field/jobs": false, "GET /field/jobs/" + job: false, "GET /field/context": true, "POST /field/uploads": false} {
		if w := c.ask(t, "T1", what, nil, scopesHeader, "job:status"); (w.Code == http.StatusForbidden) == may {
			t.Errorf("with job:status alone, %s: %d", what, w.Code)
		}
	}
	refused := decode[struct{ Results []result }](t, c.ask(t, "T1", "POST /field/mutations", body{"mutations": []body{
		seq(1).wire("a-photo", job, "photo", body{"upload": "x", "kind": "after"}), seq(2).wire("a-link", job, "equipment_link", body{}), seq(3).wire("a-note", job, "note", body{"text": "vu"}),
	}}, scopesHeader, "job:status")).Results
	if s := states(refused); s != "rejected:forbidden rejected:forbidden applied" {
		t.Error(s)
	}
}

// TestATechniciansDay in Toronto is not one in UTC, and no work is a day as well.
func TestATechniciansDay(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	for _, tc := range []struct{ now, today, to string }{
		{"2026-11-23T23:59:59-05:00", "2026-11-23", "2026-11-24"}, {"2026-11-24T00:00:00-05:00", "2026-11-24", "2026-11-25"},
		{"2026-03-07T23:30:00-05:00", "2026-03-07", "2026-03-08"}, {"2026-03-08T23:30:00-04:00", "2026-03-08", "2026-03-09"},
		{"2026-10-31T23:30:00-04:00", "2026-10-31", "2026-11-01"}, {"2026-11-01T23:30:00-05:00", "2026-11-01", "2026-11-02"}, {"2026-12-31T20:00:00-05:00", "2026-12-31", "2027-01-01"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		c.set(func() { c.now, c.calls = now, 0 })
		got := decode[sheet](t, c.ask(t, "T2", "GET /field/jobs", nil))
		if string(got.Today) != tc.today || string(got.To) != tc.to || got.Jobs == nil || len(got.Jobs) != 0 || c.calls > 2 {
			t.Errorf("%s: %s to %s, %d calls", tc.now, got.Today, got.To, c.calls)
		}
	}
}

// TestMoreThanAnybodyCanDo of days before hides nothing of today.
func TestMoreThanAnybodyCanDo(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	for range 110 {
		c.file(t, body{"scheduled_date": "2026-10-01", "service_location": nil, "customer": nil})
	}
	today := c.file(t, nil)
	got := decode[sheet](t, c.ask(t, "T1", "GET /field/jobs", nil))
	if !got.More || len(got.Jobs) != 100 || !slices.ContainsFunc(got.Jobs, func(j field.Job) bool { return j.Name == today }) {
		t.Errorf("%d work orders, more %v", len(got.Jobs), got.More)
	}
}
