package fault

import (
	"net/http"
	"regexp"
	"slices"

	"gigafibre.ca/targo-hub/connectors"
)

// Classes of the databases and of Frappe itself. Contention was rolled back and
// works when it is done again; a severed one lost its database, perhaps after
// the commit; what is passing is over in a while; a permanent one is a query or
// a program that this site cannot run.
var (
	contention = []string{"SerializationFailure", "QueryDeadlockError", "QueryTimeoutError", "DeadlockDetected", "LockNotAvailable"}
	severed    = []string{"OperationalError", "InterfaceError"}
	passing    = []string{"DocumentLockedError", "ConnectionError", "TimeoutError", "BusyLoadingError"}
	permanent  = []string{
		"UndefinedFunction", "GroupingError", "SyntaxError", "DatatypeMismatch", "ImportError",
		"ModuleNotFoundError", "ProgrammingError", "UndefinedColumn", "UndefinedTable",
	}
	// programs is how Python and Frappe say that a call made no sense to them.
	programs = []string{
		"TypeError", "KeyError", "AttributeError", "ValueError", "IndexError", "NameError", "UnboundLocalError", "AssertionError",
		"JSONDecodeError", "UnicodeDecodeError", "ZeroDivisionError", "RecursionError", "NotImplementedError", "InvalidOperation",
		"SecurityException", "FileAlreadyAttachedException", "UnknownDomainError", "TooManyWritesError",
		"IntegrityError", "DataError", "NotNullViolation", "UniqueViolation", "InvalidTextRepresentation",
	}
)

var retryStatus = []int{http.StatusTooManyRequests, http.StatusBadGateway,
	http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusLoopDetected}

// number is how a class of the database's driver tells what happened.
var number = regexp.MustCompile(`\((\d{4}), ?["']`)

// connection lists the numbers of MariaDB that stand for a lost, refused or locked connection or
// table. All others that come as OperationalError are statements that make no
// sense to it (an unknown column).
var connection = []string{
	"1040", "1043", "1053", "1129", "1130", "1158", "1159", "1160", "1161", "1184", "1203", "1205", "1213", "1226", "1290",
	"2002", "2003", "2006", "2013", "2014", "2055", "3024", "4031",
}

// Refine tells two things apart that come under one class, by what was said
// about it: an OperationalError over a statement is a ProgrammingError.
func Refine(class, line string) string {
	if n := numberOf(line); class == "OperationalError" && n != "" && !slices.Contains(connection, n) {
		return "ProgrammingError"
	}
	return class
}

// Transient tells that the same call may work a little later.
func Transient(status int, class string) bool {
	return Contention(class) || slices.Contains(severed, class) || slices.Contains(passing, class) ||
		slices.Contains(retryStatus, status)
}

// Contention tells that two writers stood in each other's way.
func Contention(class string) bool { return slices.Contains(contention, class) }

// Permanent tells that the call will not work on this site at any time.
func Permanent(class string) bool { return slices.Contains(permanent, class) }

// Mistake tells that a 500 is about the one call and says nothing about the
// site: it is up, and other calls work. So is one of two writers that lost.
func Mistake(class string) bool {
	return Permanent(class) || Contention(class) || slices.Contains(programs, class)
}

// Outcome judges whether a write may have been applied. Frappe rolls back
// before it answers a class of its own or 508 (a deadlock, as a page); a
// proxy's page says nothing, and a lost database connection may have been lost
// after the commit.
func Outcome(status int, class string) connectors.Outcome {
	switch {
	case status < 500 || status == http.StatusLoopDetected:
		return connectors.NotApplied
	case class != "" && !slices.Contains(severed, class):
		return connectors.NotApplied
	default:
		return connectors.Unknown
	}
}
