package agenda_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// emptyAnswer is one of an ERPNext that has nothing but technicians, and days on
// which they work.
func emptyAnswer(r *http.Request, technicians, days string) *http.Response {
	body := `{"data": [], "message": "America/Toronto"}`
	switch {
	case strings.HasSuffix(r.URL.Path, "/Dispatch Settings"):
		body = `{"data": {"name": "Dispatch Settings", "working_days": ` + strconv.Quote(days) + `}}`
	case strings.HasSuffix(r.URL.Path, "/Dispatch Technician"):
		body = `{"data": [` + technicians + `]}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}
}

// office is an agenda of T1, who works, T2, who is off, and T3, who left; nobody has a
// visit.
func office(t *testing.T, shift, days string) *agenda.Agenda {
	t.Helper()
	hours, err := agenda.ParseShift(shift)
	if err != nil {
		t.Fatal(err)
	}
	erp := erpnexttest.Client(t, "http://erpnext.test", roundTripper(func(r *http.Request) (*http.Response, error) {
		return emptyAnswer(r, `{"name": "T1", "status": "available", "active": 1}, {"name": "T2", "status": "off", "active": 1}, {"name": "T3", "active": 0}`, days), nil
	}))
	a := agenda.New(agenda.Deps{ERPNext: erp, Shift: hours, Now: clock})
	if err := a.Refresh(t.Context()); err != nil || len(a.Technicians()) != 3 {
		t.Fatalf("%v, %v", a.Technicians(), err)
	}
	return a
}

// hour is one of the day of the tests.
func hour(h int) time.Time { return now.Add(time.Duration(h-9) * time.Hour) }

// atWork is who is at work when, outside of the hours, with a visit.
type atWork struct {
	who    string
	job    map[string]any
	on, no []time.Time
}

func atWorkOrNot() map[string]atWork {
	return map[string]atWork{
		"nothing": {who: "T1", no: []time.Time{hour(9)}},
		"given":   {who: "T1", job: map[string]any{"status": "Assigned"}, no: []time.Time{hour(9)}},
		"set out": {
			who: "T1", job: map[string]any{"status": "En Route", "en_route_at": "2026-11-23 08:00:00"},
			on: []time.Time{hour(8), hour(22)}, no: []time.Time{hour(7), hour(24)}, // nobody works for a whole day
		},
		"at it": {
			who: "T1", job: map[string]any{"status": "In Progress", "actual_start": "2026-11-23 08:30:00"},
			on: []time.Time{hour(9)}, no: []time.Time{hour(8)},
		},
		"over": { // a fix that comes late was one of his work then
			who: "T1", job: map[string]any{"status": "Completed", "en_route_at": "2026-11-23 05:00:00", "actual_start": "2026-11-23 05:30:00", "actual_end": "2026-11-23 07:00:00"},
			on: []time.Time{hour(5), hour(6), hour(7)}, no: []time.Time{hour(4), hour(8)},
		},
		"over, told days later": { // nobody worked for two days
			who: "T1", job: map[string]any{"status": "Completed", "scheduled_date": "2026-11-23", "en_route_at": "2026-11-21 08:00:00", "actual_end": "2026-11-23 07:00:00"},
			no: []time.Time{hour(-6), hour(6)},
		},
		"paused": { // it was touched last at nine
			who: "T1", job: map[string]any{"status": "Paused", "en_route_at": "2026-11-23 08:00:00", "actual_start": "2026-11-23 08:30:00"},
			on: []time.Time{hour(8), hour(9)}, no: []time.Time{hour(7), hour(10)},
		},
		"forgotten, and touched by the office": {
			who: "T1", job: map[string]any{"status": "In Progress", "en_route_at": "2026-11-22 08:00:00", "actual_start": "2026-11-22 08:30:00"},
			no: []time.Time{hour(9), hour(12)},
		},
		"nobody said when": {who: "T1", job: map[string]any{"status": "In Progress"}, on: []time.Time{hour(9), hour(22)}, no: []time.Time{hour(24)}},
		"cancelled":        {who: "T1", job: map[string]any{"status": "Cancelled"}, no: []time.Time{hour(9)}},
		"off":              {who: "T2", job: map[string]any{"status": "En Route", "en_route_at": "2026-11-23 08:00:00"}, no: []time.Time{hour(9)}},
		"left":             {who: "T3", job: map[string]any{"status": "En Route", "en_route_at": "2026-11-23 08:00:00"}, no: []time.Time{hour(9)}},
		"not theirs":       {who: "T9", no: []time.Time{hour(9)}},
		"nobody":           {no: []time.Time{hour(9)}},
	}
}

// TestWhoIsAtWork outside of the hours: who has something under way, and only as
// long as that can be believed.
func TestWhoIsAtWork(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	for name, tc := range atWorkOrNot() {
		job := ""
		if tc.job != nil {
			tc.job["assigned_tech"] = tc.who
			job = p.job(t, name, tc.job)
		}
		p.refresh(t)
		for _, when := range tc.on {
			if !p.agenda.OnShift(tc.who, when) {
				t.Errorf("%s: not at work at %s", name, when)
			}
		}
		for _, when := range tc.no {
			if p.agenda.OnShift(tc.who, when) {
				t.Errorf("%s: at work at %s", name, when)
			}
		}
		if job == "" {
			continue
		}
		if err := p.erp.Delete(t.Context(), "Dispatch Job", job); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHoursDoNotCountForWhoIsOff, nor for who left, whatever their days are.
func TestHoursDoNotCountForWhoIsOff(t *testing.T) {
	t.Parallel()
	a := office(t, "Mon-Sun 00:00-24:00", "")
	for who, want := range map[string]bool{"T1": true, "T2": false, "T3": false, "T9": false, "": false} {
		if got := a.OnShift(who, now); got != want {
			t.Errorf("%s: %v", who, got)
		}
	}
}
