package fault

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors"
)

// TestDriversWords: what passes is said in words, in whatever version and of
// whatever database; what does not is left as it was, and nothing else changes.
func TestDriversWords(t *testing.T) {
	t.Parallel()
	const wait, gone = "Somebody else was writing", "ERPNext had no connection to its database"
	for name, c := range map[string]struct {
		status      int
		body, begin string
		retry       bool
		outcome     connectors.Outcome
	}{
		"a deadlock": {500, `{"exc_type":"QueryDeadlockError","exception":"frappe.exceptions.QueryDeadlockError: (1213, 'Deadlock found when trying to get lock; try restarting transaction')"}`,
			wait, true, connectors.NotApplied},
		"a deadlock as a page": {508, `{"exc_type":"QueryDeadlockError","_server_messages":"[\"{\\\"message\\\":\\\"(1213, 'Deadlock found')\\\"}\"]"}`, wait, true, connectors.NotApplied},
		"a lock that was not given": {500, `{"exc_type":"QueryTimeoutError","exception":"frappe.exceptions.QueryTimeoutError: (1205, 'Lock wait timeout exceeded')"}`,
			wait, true, connectors.NotApplied},
		"the same, of the driver": {500, `{"exc_type":"OperationalError","exception":"pymysql.err.OperationalError: (1205, \"Lock wait\")"}`, wait, true, connectors.Unknown},
		"of the second version":   {500, `{"errors":[{"type":"QueryDeadlockError","message":"(1213, 'Deadlock found')"}]}`, wait, true, connectors.NotApplied},
		"of the other database": {500, `{"exc_type":"SerializationFailure","exception":"psycopg2.errors.SerializationFailure: could not serialize access due to concurrent update"}`,
			wait, true, connectors.NotApplied},
		"a lost database": {500, `{"exc_type":"OperationalError","exception":"pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query')"}`,
			gone, true, connectors.Unknown},
		"a statement": {500, `{"exc_type":"OperationalError","exception":"pymysql.err.OperationalError: (1054, \"Unknown column 'x' in 'field list'\")"}`,
			"(1054, \"Unknown column", false, connectors.NotApplied},
		"Frappe's own words": {500, `{"exc_type":"QueryDeadlockError","_error_message":"Deadlock found."}`, "Deadlock found.", true, connectors.NotApplied},
		"a refusal":          {417, `{"exc_type":"ValidationError","_error_message":"Row (1213, 'x') is wrong"}`, "Row (1213, 'x') is wrong", false, connectors.NotApplied},
	} {
		e := Decode(c.status, []byte(c.body), "")
		_, code, detail := e.AttemptInfo()
		if !strings.HasPrefix(e.Text, c.begin) || detail != e.Text || code != e.ExcType || e.Retryable != c.retry || e.Outcome != c.outcome {
			t.Errorf("%s: %q (%s, retryable %v, %v)", name, detail, code, e.Retryable, e.Outcome)
		}
		if c.begin == wait && strings.ContainsAny(e.Text, "'\"") {
			t.Errorf("%s: the driver's words stand in %q", name, e.Text)
		}
	}
}
