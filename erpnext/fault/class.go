package fault

import (
	"net/http"
	"slices"

	"gigafibre.ca/targo-hub/connectors"
)

// Classes of the databases and of Frappe itself. A transient one was rolled
// back; a permanent one is a query that this database cannot run.
var (
	transient = []string{"SerializationFailure", "QueryDeadlockError", "QueryTimeoutError",
		"DeadlockDetected", "LockNotAvailable", "OperationalError"}
	permanent = []string{"UndefinedFunction", "GroupingError", "SyntaxError", "DatatypeMismatch", "ImportError"}
)

var retryStatus = []int{http.StatusTooManyRequests, http.StatusBadGateway,
	http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusLoopDetected}

// Transient tells that the same call may work a little later.
func Transient(status int, class string) bool {
	return slices.Contains(transient, class) || slices.Contains(retryStatus, status)
}

// Permanent tells that the call will not work on this site at any time.
func Permanent(class string) bool { return slices.Contains(permanent, class) }

// Outcome judges whether a write may have been applied. Frappe rolls back
// before it answers a class of its own; a proxy's page says nothing, and a
// lost database connection may have been lost after the commit.
func Outcome(status int, class string) connectors.Outcome {
	switch {
	case status < 500:
		return connectors.NotApplied
	case class != "" && class != "OperationalError":
		return connectors.NotApplied
	default:
		return connectors.Unknown
	}
}
