package agenda

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
)

// Visit is a work order as far as it matters to who follows it on a map.
type Visit struct {
	Job        string // name of the Dispatch Job
	Subject    string
	JobType    string
	Status     string // in the hub's words
	Technician string // name of the Dispatch Technician, "" for nobody
	Group      string // the queue that it belongs to

	Customer     string
	CustomerName string
	Language     string // the customer's, as ERPNext has it
	Location     string // Service Location
	Address      string
	Place        roads.Point
	Placed       bool // there is a Place

	Date       erpnext.Date
	From, To   time.Time // when the technician is expected; zero when nobody gave an hour
	RouteOrder int

	EnRouteAt time.Time // when the technician set out last; zero when he did not
	StartedAt time.Time
	EndedAt   time.Time
	EtaAt     time.Time // as the technician said
	Modified  time.Time
	Published bool
}

// Waiting tells that the visit has still to begin: nobody is on the way to it.
func (v *Visit) Waiting() bool { return !v.UnderWay() && !v.Final() }

// UnderWay tells that the technician is on his way to it, or works at it.
func (v *Visit) UnderWay() bool {
	return slices.Contains(underWay(), v.Status)
}

// Final tells that the visit is over, or will not be.
func (v *Visit) Final() bool {
	return v.Status == erpnext.JobCompleted || v.Status == erpnext.JobCancelled
}

func underWay() []string {
	return []string{erpnext.JobEnRoute, erpnext.JobInProgress, erpnext.JobPaused}
}

// Technician is somebody whom visits are given to.
type Technician struct {
	Name     string // of the Dispatch Technician
	FullName string
	Status   string // available, en route, busy, paused, off
	Group    string
	Device   string // of Traccar: its id, or its uniqueId
	Photo    string // file_url, "" for none
	Active   bool
	Home     *roads.Point // where he sets out in the morning; nil when nobody said
	End      *roads.Point // where his day ends
}

// FirstName is what customers call him.
func (t *Technician) FirstName() string {
	first, _, _ := strings.Cut(strings.TrimSpace(t.FullName), " ")
	return first
}

// sheet is what one reading gave. It is never changed.
type sheet struct {
	asOf         time.Time
	visits       []Visit
	byName       map[string]Visit
	byTechnician map[string][]Visit
	spells       map[string][]spell // of each technician: when he was, and is, at a visit
	technicians  []Technician
	people       map[string]Technician
}

func newSheet(asOf time.Time, visits []Visit, technicians []Technician) *sheet {
	s := &sheet{
		asOf: asOf, visits: visits, technicians: technicians, spells: map[string][]spell{}, people: make(map[string]Technician, len(technicians)),
		byName: make(map[string]Visit, len(visits)), byTechnician: map[string][]Visit{},
	}
	slices.SortFunc(s.visits, inTurn)
	for _, v := range s.visits {
		s.byName[v.Job] = v
		s.byTechnician[v.Technician] = append(s.byTechnician[v.Technician], v)
		if work, some := v.spell(); some {
			s.spells[v.Technician] = append(s.spells[v.Technician], work)
		}
	}
	for _, t := range technicians {
		s.people[t.Name] = t
	}
	return s
}

// spell is a time in which somebody worked, both ends included.
type spell struct{ from, to time.Time }

// longestVisit is how long a visit that nobody moves on counts as work: who forgot
// to close it yesterday is not followed home today.
const longestVisit = 14 * time.Hour

// spell is from when the technician set out until the visit was over, or is paused;
// as long as it is under way, for longestVisit after he set out or began. What the
// office writes into it meanwhile prolongs nothing, unless nobody knows when he did.
func (v *Visit) spell() (spell, bool) {
	if !v.UnderWay() && (!v.Final() || v.EndedAt.IsZero()) {
		return spell{}, false
	}
	began, moved := v.EnRouteAt, v.EnRouteAt
	if began.IsZero() || !v.StartedAt.IsZero() && v.StartedAt.Before(began) {
		began = v.StartedAt
	}
	if v.StartedAt.After(moved) {
		moved = v.StartedAt
	}
	if began.IsZero() {
		began, moved = v.Modified, v.Modified
	}
	until := moved.Add(longestVisit)
	switch {
	case v.Final() && v.EndedAt.Before(until):
		until = v.EndedAt
	case v.Status == erpnext.JobPaused && v.Modified.Before(until): // the pause is his own
		until = v.Modified
	}
	return spell{began, until}, true
}

func (s spell) covers(at time.Time) bool { return !at.Before(s.from) && !at.After(s.to) }

// inTurn orders by technician and turn; those without an hour come last.
func inTurn(a, b Visit) int {
	hourless := func(v Visit) int {
		if v.From.IsZero() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Technician, b.Technician), cmp.Compare(a.Date, b.Date), cmp.Compare(hourless(a), hourless(b)),
		a.From.Compare(b.From), cmp.Compare(a.RouteOrder, b.RouteOrder), cmp.Compare(a.Job, b.Job))
}

// same leaves words as they are.
type same struct{}

func (same) In(word string) string         { return word }
func (same) All(states ...string) []string { return states }

func chance() string { return rand.Text() }
