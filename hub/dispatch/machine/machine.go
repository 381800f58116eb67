// Package machine says which state of a work order may follow which, and how the
// site spells the states: ERPNext's select may have words of its own.
//
//	Open → Assigned → Scheduled → En Route → In Progress ⇄ Paused
//	  ↑                                        └→ Completed
//	On Hold (waits for its predecessors)       Cancelled, from every state that is not final
//
// Completed and Cancelled are final: only a person of the staff opens such a work
// order again, and says why; one that has something to wait for goes On Hold.
//
// Routes, events, systems called: none. Remembers: nothing.
package machine

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Statuses lists all states, in the order of a work order's life.
func Statuses() []string {
	return []string{
		erpnext.JobOpen, erpnext.JobAssigned, erpnext.JobScheduled, erpnext.JobEnRoute, erpnext.JobInProgress,
		erpnext.JobPaused, erpnext.JobOnHold, erpnext.JobCompleted, erpnext.JobCancelled,
	}
}

// Next lists the states that may follow without further ado, in the order of
// Statuses; empty for a final one. Work at a desk is begun without driving there.
func Next(from string) []string {
	switch from {
	case erpnext.JobOpen:
		return []string{erpnext.JobAssigned, erpnext.JobScheduled, erpnext.JobInProgress, erpnext.JobOnHold, erpnext.JobCancelled}
	case erpnext.JobAssigned:
		return []string{erpnext.JobOpen, erpnext.JobScheduled, erpnext.JobEnRoute, erpnext.JobInProgress, erpnext.JobOnHold, erpnext.JobCancelled}
	case erpnext.JobScheduled:
		return []string{erpnext.JobOpen, erpnext.JobAssigned, erpnext.JobEnRoute, erpnext.JobInProgress, erpnext.JobOnHold, erpnext.JobCancelled}
	case erpnext.JobEnRoute:
		return []string{erpnext.JobAssigned, erpnext.JobScheduled, erpnext.JobInProgress, erpnext.JobCancelled}
	case erpnext.JobInProgress:
		return []string{erpnext.JobPaused, erpnext.JobOnHold, erpnext.JobCompleted, erpnext.JobCancelled}
	case erpnext.JobPaused:
		return []string{erpnext.JobInProgress, erpnext.JobOnHold, erpnext.JobCancelled}
	case erpnext.JobOnHold:
		return []string{erpnext.JobCancelled}
	}
	return []string{}
}

// Ask is a change of state that somebody wants. Person is a member of the staff
// who says why in Reason: that opens what is final, and releases what is on hold.
type Ask struct {
	From, To string
	Person   bool
	Reason   string
}

// Explains tells that a reason is one: at least 3 letters.
func Explains(reason string) bool { return len([]rune(strings.TrimSpace(reason))) >= 3 }

// Check refuses a state that may not follow: 409 transition-illegal, with the
// states that may as the member allowed of its state.
func Check(a Ask) error {
	allowed := Next(a.From)
	if a.To == erpnext.JobOnHold && Final(a.From) { // opened again, with something to wait for
		a.To = erpnext.JobOpen
	}
	if a.Person {
		allowed = append(allowed, byPerson(a.From)...)
	}
	switch {
	case !slices.Contains(allowed, a.To):
		return hub.Fail(hub.Conflict, "transition-illegal", fmt.Sprintf("A work order that is %s cannot become %s.", a.From, a.To), nil,
			hub.WithState(map[string]any{"status": a.From, "allowed": allowed}))
	case slices.Contains(byPerson(a.From), a.To) && !Explains(a.Reason):
		return hub.Fail(hub.Invalid, "reason-missing", "Say why.", nil, hub.WithField("/reason", "at least 3 letters"))
	}
	return nil
}

// byPerson lists what only a person may do, with a reason: a work order on hold
// is released before its predecessors are done, a final one is opened again.
func byPerson(from string) []string {
	switch from {
	case erpnext.JobOnHold, erpnext.JobCompleted, erpnext.JobCancelled:
		return []string{erpnext.JobOpen}
	}
	return nil
}

// Reopens tells that a final work order comes back to life.
func (a Ask) Reopens() bool { return Final(a.From) && !Final(a.To) }

// UnderWay tells that somebody drives to the work order or works on it.
func UnderWay(status string) bool {
	return status == erpnext.JobEnRoute || status == erpnext.JobInProgress || status == erpnext.JobPaused
}

// Final tells that a state is the last one.
func Final(status string) bool { return erpnext.DispatchJob{Status: status}.Final() }
