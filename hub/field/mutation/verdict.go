package mutation

import (
	"cmp"
	"errors"
	"net/http"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// enough is how often the same failure is met that is about this one mutation, and
// does not pass by itself: some seven minutes. The rest of the day stands behind it.
const enough = 8

// verdict is how a mutation ends that met the failure.
func verdict(err error, job keep.Job) string {
	if err == nil {
		return Applied
	}
	if erpnext.IsConflict(err) { // somebody else writes at the same moment
		return Retry
	}
	p := hub.ProblemOf(err)
	switch {
	case p.Code == "part-off", p.Code == "erpnext-refused":
		return Rejected
	case p.Kind == hub.Conflict, p.Kind == hub.Gone:
		return Conflict
	case stubborn(err) && met(err, job) >= enough:
		return Rejected
	}
	switch p.Kind {
	case hub.Malformed, hub.Invalid, hub.NotFound, hub.Forbidden, hub.TooLarge, hub.Unsupported:
		return Rejected
	}
	return Retry
}

// stubborn tells that a failure speaks of the one mutation: a mistake of the hub, a
// program of the site that breaks over it, a proxy that does not let it through.
// That nobody is there, or that nobody knows us, is about all of them and passes.
func stubborn(err error) bool {
	e, theirs := errors.AsType[*erpnext.Error](err)
	if !theirs {
		return hub.IsKind(err, hub.Internal)
	}
	switch {
	case e.Retryable, e.Status == http.StatusUnauthorized:
		return false
	case e.ExcType == "":
		return e.Status >= 400 && e.Status < 500
	}
	return e.Status == http.StatusInternalServerError
}

// met counts how often the failure was met, with this time. It is counted among the
// attempts: being asked for again begins the tries of a job anew.
func met(err error, job keep.Job) int {
	code, n := codeOf(err), 1
	for _, a := range job.Attempts {
		if a.Code == code {
			n++
		}
	}
	return n
}

// codeOf is what an attempt that ended so is recorded under.
func codeOf(err error) string {
	code := hub.ProblemOf(err).Code
	if e, theirs := errors.AsType[*erpnext.Error](err); theirs {
		_, own, _ := e.AttemptInfo()
		code = cmp.Or(own, code)
	}
	return code
}

// passes tells that a job waits for something that a little hurry may find well
// again: nobody answered the last time, or had time.
func passes(job keep.Job) bool {
	last := job.Attempts[max(0, len(job.Attempts)-1):]
	for _, a := range last {
		return a.Status == 0 && a.Code != "internal" || a.Status == http.StatusTooManyRequests || a.Status > http.StatusInternalServerError
	}
	return true
}
