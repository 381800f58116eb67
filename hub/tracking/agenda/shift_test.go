package agenda_test

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// at reads "Mon 06:00" as an instant of the week in which the tests live.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	clock, err := time.ParseInLocation("Mon 15:04", text, hub.Local())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		day := time.Date(2026, 11, 23+i, clock.Hour(), clock.Minute(), 0, 0, hub.Local())
		if day.Format("Mon 15:04") == text {
			return day.UTC()
		}
	}
	t.Fatalf("no %s in the week", text)
	return time.Time{}
}

func TestShifts(t *testing.T) {
	t.Parallel()
	for shift, tc := range map[string]struct{ on, off []string }{
		"Mon-Sat 06:00-20:00": {
			on:  []string{"Mon 06:00", "Wed 12:00", "Sat 19:59"},
			off: []string{"Mon 05:59", "Sat 20:00", "Sun 12:00"},
		},
		"Mon-Fri 06:00-20:00; Sat,Sun 08:00-12:00": {
			on:  []string{"Fri 19:00", "Sun 08:00"},
			off: []string{"Sat 12:00", "Sun 07:59"},
		},
		"Fri 22:00-06:00": { // belongs to the Friday
			on:  []string{"Fri 22:00", "Fri 23:59", "Sat 00:00", "Sat 05:59"},
			off: []string{"Fri 05:00", "Sat 06:00", "Sat 22:30"},
		},
		"sam-lun 00:00-24:00": { // around the end of the week, in French
			on:  []string{"Sat 00:00", "Sun 23:59", "Mon 12:00"},
			off: []string{"Tue 00:00", "Fri 23:59"},
		},
		"Mon-Sun 00:00-24:00": {on: []string{"Mon 00:00", "Sun 23:59", "Thu 03:00"}},
		"always":              {on: []string{"Mon 00:00", "Sun 23:59", "Thu 03:00"}},
		"":                    {off: []string{"Mon 12:00"}},
	} {
		a := office(t, shift, "")
		for _, when := range tc.on {
			if !a.OnShift("T1", at(t, when)) {
				t.Errorf("%s: nobody works on %s", shift, when)
			}
		}
		for _, when := range tc.off {
			if a.OnShift("T1", at(t, when)) {
				t.Errorf("%s: somebody works on %s", shift, when)
			}
		}
	}
}

// TestShiftsThatCannotBe are refused where settings are read.
func TestShiftsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"06:00-20:00", "Mon-Sat", "Mon-Sat 06:00", "Mon-Sat 6-20", "Mon-Sat 06:00-25:00", "Mon-Sat 24:00-06:00",
		"Xyz 06:00-20:00", "Mon-Xyz 06:00-20:00", "Mo 06:00-20:00", "Mon-Sat 06:60-20:00", "Mon-Sat -1:00-20:00", "8 06:00-20:00",
	} {
		if _, err := agenda.ParseShift(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestWorkingDaysOfERPNext replace those of the shift, in whatever form people
// wrote them.
func TestWorkingDaysOfERPNext(t *testing.T) {
	t.Parallel()
	for days, tuesday := range map[string]bool{
		"Mon,Tue,Wed": true, "lundi-mercredi": true, "1-5": true, `["Monday", "Tuesday"]`: true,
		"Wed-Fri": false, "0,6": false,
		"": true, "whenever": true, // as if it said nothing
	} {
		a := office(t, "Mon-Sat 06:00-20:00", days)
		if got := a.OnShift("T1", at(t, "Tue 12:00")); got != tuesday {
			t.Errorf("%q: work on Tuesday: %v", days, got)
		}
		if a.OnShift("T1", at(t, "Tue 21:00")) {
			t.Errorf("%q: the hours do not count any more", days)
		}
	}
}

// TestWorkingDaysOfAnUnevenShift leave days out, and give none the hours of another.
func TestWorkingDaysOfAnUnevenShift(t *testing.T) {
	t.Parallel()
	a := office(t, "Mon-Fri 06:00-20:00; Sat,Sun 08:00-12:00", "Mon-Sat")
	for when, want := range map[string]bool{"Fri 19:00": true, "Sat 11:00": true, "Sat 13:00": false, "Sun 11:00": false} {
		if got := a.OnShift("T1", at(t, when)); got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
}

// TestWorkingDaysAreReadFromERPNext as it keeps them.
func TestWorkingDaysAreReadFromERPNext(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	p.put(t, "Dispatch Settings", map[string]any{"working_days": "Wed-Fri"})
	p.works(t, "Mon-Sat 06:00-20:00")
	for when, want := range map[string]bool{"Tue 12:00": false, "Wed 12:00": true} {
		if got := p.agenda.OnShift("T1", at(t, when)); got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
}

// TestShiftsAcrossClockChanges: the clock on the wall counts, on the days on which
// it is changed too.
func TestShiftsAcrossClockChanges(t *testing.T) {
	t.Parallel()
	a := office(t, "Mon-Sun 06:00-20:00", "")
	for _, day := range []time.Time{
		time.Date(2026, 3, 8, 0, 0, 0, 0, hub.Local()), time.Date(2026, 11, 1, 0, 0, 0, 0, hub.Local()),
	} {
		for clock, want := range map[string]bool{"05:59": false, "06:00": true, "19:59": true, "20:00": false} {
			when, err := time.ParseInLocation("2006-01-02 15:04", day.Format("2006-01-02 ")+clock, hub.Local())
			if err != nil {
				t.Fatal(err)
			}
			if got := a.OnShift("T1", when.UTC()); got != want {
				t.Errorf("%s: %v", when, got)
			}
		}
	}
}
