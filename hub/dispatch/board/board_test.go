package board_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/board"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// plant is a site with some work in it.
type plant struct {
	site   *erpnextsim.Site
	erp    *erpnext.Client
	board  *board.Board
	calls  atomic.Int32
	filled int // jobs
}

// boardDay is today on all boards of the tests.
var boardDay = time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local())

// founded is what the sites of all plants begin as, by release. It is never changed.
var founded = erpnexttest.Founded(func() time.Time { return boardDay }, func(*erpnexttest.Founding) {})

func newPlant(tb testing.TB, profile erpnextsim.Profile, delay time.Duration) *plant {
	tb.Helper()
	p := &plant{}
	p.site = erpnexttest.Site(tb, founded[profile], p.clock)
	p.erp = erpnexttest.Client(tb, erpnexttest.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-r.Context().Done():
			}
		}
		p.site.ServeHTTP(w, r)
	})), nil)
	p.board = board.New(p.erp, machine.Words{}, p.clock)
	return p
}

func (p *plant) clock() time.Time { return boardDay }

func (p *plant) put(tb testing.TB, doctype string, doc map[string]any) string {
	tb.Helper()
	return erpnexttest.Put(tb, p.site, doctype, doc)
}

// fill makes n jobs of the day, each for another customer at another place.
func (p *plant) fill(tb testing.TB, n int) {
	tb.Helper()
	p.filled += n
	if p.filled > n {
		p.jobs(tb, p.filled-n, p.filled)
		return
	}
	p.put(tb, "Dispatch Tag", map[string]any{"label": "Fusion", "color": "#2266aa", "category": "skill"})
	p.put(tb, "Dispatch Technician", map[string]any{"technician_id": "T1", "full_name": "Rémi Tremblay",
		"tags": []any{map[string]any{"tag": "Fusion", "level": 3}}})
	p.jobs(tb, 0, n)
}

func (p *plant) jobs(tb testing.TB, from, to int) {
	tb.Helper()
	for i := from; i < to; i++ {
		customer := p.put(tb, "Customer", map[string]any{"customer_name": fmt.Sprintf("Cliente %04d", i), "customer_type": "Individual"})
		place := p.put(tb, "Service Location", map[string]any{"customer": customer, "address_line": fmt.Sprintf("%d rue des Essais", i),
			"city": "Granby", "latitude": 45.4, "longitude": -72.7, "access_notes": "porte 1234"})
		p.put(tb, "Dispatch Job", map[string]any{"subject": fmt.Sprintf("Installation %04d", i), "customer": customer, "service_location": place,
			"scheduled_date": "2026-11-23", "start_time": "08:00:00", "route_order": i + 1, "assigned_group": "Installation",
			"tags": []any{map[string]any{"tag": "Fusion", "level": 2, "required": 1}}})
	}
}

func (p *plant) read(tb testing.TB, of board.Of) *board.Sheet {
	tb.Helper()
	sheet, err := p.board.Read(tb.Context(), of)
	if err != nil {
		tb.Fatal(err)
	}
	return sheet
}

// TestBoardCostsTheSameWhateverItsSize counts the calls to ERPNext.
func TestBoardCostsTheSameWhateverItsSize(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, profile, 0)
			p.read(t, board.Of{}) // an empty one
			for _, jobs := range []int{1, 199} {
				p.fill(t, jobs)
				p.calls.Store(0)
				p.read(t, board.Of{})
				if n := p.calls.Load(); n > 7 {
					t.Errorf("%d jobs more cost %d calls", jobs, n)
				}
			}
			sheet := p.read(t, board.Of{})
			if len(sheet.Jobs) != 200 || sheet.More || len(sheet.Technicians) != 1 {
				t.Errorf("%d jobs, more %v, %d technicians", len(sheet.Jobs), sheet.More, len(sheet.Technicians))
			}
		})
	}
}

// TestBoardShowsWhatPeopleRead looks at one job with all that is around it.
func TestBoardShowsWhatPeopleRead(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, 0)
	p.fill(t, 1)
	first := p.read(t, board.Of{}).Jobs[0]
	second := p.put(t, "Dispatch Job", map[string]any{"subject": "Activation", "status": "On Hold", "scheduled_date": "2026-11-24", "start_time": "",
		"address": "9 rue Ailleurs", "depends_on": first.Name, "predecessors": []any{map[string]any{"job": first.Name}}})

	sheet := p.read(t, board.Of{})
	want := board.Sheet{From: "2026-11-23", To: "2026-11-29", Positions: []board.Position{},
		Unassigned: []board.Pool{{Date: "2026-11-23", Jobs: []string{first.Name}}, {Date: "2026-11-24", Jobs: []string{second}}},
		Tags:       []board.Tag{{Name: "Fusion", Color: "#2266aa", Category: "skill"}},
		Technicians: []board.Technician{{Name: "T1", FullName: "Rémi Tremblay", Status: "available", Active: true, ResourceType: "human", MaxDailyHours: 8,
			Tags: []board.RequiredTag{{Tag: "Fusion", Level: 3}}}},
		Jobs: []board.Card{{
			Name: first.Name, Subject: "Installation 0000", JobType: "Installation", Priority: "medium", Status: "Open", Customer: first.Customer, CustomerName: "Cliente 0000", CustomerLang: "en",
			ServiceLocation: first.ServiceLocation, Address: "0 rue des Essais, Granby", Latitude: 45.4, Longitude: -72.7, AssignedGroup: "Installation",
			ScheduledDate: "2026-11-23", StartTime: "08:00:00", RouteOrder: 1, WaitsFor: []string{}, BlockedBy: []string{}, Children: []string{}, Assistants: []board.Assistant{}, Modified: first.Modified,
			Tags: []board.RequiredTag{{Tag: "Fusion", Level: 2, Required: 1}},
		}, {
			Name: second, Subject: "Activation", JobType: "Installation", Priority: "medium", Status: "On Hold", Address: "9 rue Ailleurs", ScheduledDate: "2026-11-24",
			DependsOn: first.Name, WaitsFor: []string{first.Name}, Blocked: true, BlockedBy: []string{first.Name}, Children: []string{}, Assistants: []board.Assistant{}, Tags: []board.RequiredTag{}, Modified: sheet.Jobs[1].Modified,
		}},
	}
	if diff := cmp.Diff(&want, sheet); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if sheet.Jobs[1].Modified == "" {
		t.Error("a job without modified")
	}
}

// TestBoardDays: what is unfinished stays on the board, what is done leaves with
// its day, and one group sees its own.
func TestBoardDays(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, 0)
	for _, job := range []map[string]any{
		{"subject": "late", "scheduled_date": "2026-11-20"},
		{"subject": "done before", "scheduled_date": "2026-11-20", "status": "Completed"},
		{"subject": "done today", "scheduled_date": "2026-11-23", "status": "Completed"},
		{"subject": "today, fibre", "scheduled_date": "2026-11-23", "assigned_group": "Fibre", "route_order": 1},
		{"subject": "next month", "scheduled_date": "2026-12-23"},
	} {
		p.put(t, "Dispatch Job", job)
	}
	for name, tc := range map[string]struct {
		of   board.Of
		want []string
	}{
		"today":      {board.Of{To: "2026-11-23"}, []string{"late!", "done today", "today, fibre"}},
		"group":      {board.Of{Group: "Fibre"}, []string{"today, fibre"}},
		"next month": {board.Of{From: "2026-12-01", To: "2026-12-31"}, []string{"late!", "today, fibre!", "next month"}},
	} {
		var got []string
		for _, job := range p.read(t, tc.of).Jobs {
			if job.Late {
				job.Subject += "!"
			}
			got = append(got, job.Subject)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestBoardKeepsWhoLeft as long as he has a job on it: it is nobody's else, and
// not unassigned.
func TestBoardKeepsWhoLeft(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, 0)
	for _, who := range []string{"T1", "T8", "T9"} {
		p.put(t, "Dispatch Technician", map[string]any{"technician_id": who, "full_name": who, "active": who == "T1"})
	}
	p.put(t, "Dispatch Job", map[string]any{"subject": "left behind", "scheduled_date": "2026-11-23", "assigned_tech": "T9", "status": "Assigned"})
	sheet := p.read(t, board.Of{})
	var got []string
	for _, technician := range sheet.Technicians {
		got = append(got, fmt.Sprintf("%s %v", technician.Name, technician.Active))
	}
	if diff := cmp.Diff([]string{"T1 true", "T9 false"}, got); diff != "" || len(sheet.Unassigned) > 0 {
		t.Errorf("%s, unassigned %v", diff, sheet.Unassigned)
	}
}

// TestBoardRefusesDays that nobody can mean.
func TestBoardRefusesDays(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, 0)
	for _, of := range []board.Of{
		{From: "tomorrow"}, {To: "2026-13-01"}, {From: "2026-11-23", To: "2026-11-22"}, {From: "2026-01-01", To: "2026-12-31"},
	} {
		p.calls.Store(0)
		_, err := p.board.Read(t.Context(), of)
		if !hub.IsKind(err, hub.Invalid) || len(hub.ProblemOf(err).Fields) != 1 || p.calls.Load() != 0 {
			t.Errorf("%+v: %v after %d calls", of, err, p.calls.Load())
		}
	}
	if _, err := board.New(nil, machine.Words{}, time.Now).Read(t.Context(), board.Of{}); !hub.HasCode(err, "part-off") {
		t.Errorf("without ERPNext: %v", err)
	}
}
