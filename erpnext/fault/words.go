package fault

import (
	"slices"
	"strings"
)

// The numbers of MariaDB for two writers in each other's way: one gave up waiting
// for a lock, or was rolled back so that the other could go on.
var locked = []string{"1205", "1213"}

// worded puts what the database's driver said of a passing trouble into words:
// "(1213, 'Deadlock found …')" is nothing that a person can act on. The number
// stays, for who looks it up. Of a statement that the database does not understand
// the driver's own words are what an operator needs: they stay.
func worded(class, line string) string {
	n := numberOf(line)
	if !Contention(class) && !slices.Contains(severed, class) && !strings.HasPrefix(line, "(") {
		return line
	}
	switch {
	case slices.Contains(locked, n), n == "" && slices.Contains(postgres, class):
		return "Somebody else was writing to the same documents in ERPNext. The next try should work" + beside(n) + "."
	case n != "" && slices.Contains(connection, n):
		return "ERPNext had no connection to its database for a moment. The next try should work" + beside(n) + "."
	}
	return line
}

// postgres are the classes of contention that come with the words of that database.
var postgres = []string{"SerializationFailure", "DeadlockDetected", "LockNotAvailable"}

func numberOf(line string) string {
	if m := number.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

func beside(n string) string {
	if n == "" {
		return ""
	}
	return " (database error " + n + ")"
}
