package erpnext

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/fault"
	"gigafibre.ca/targo-hub/hub"
)

// classCase is a failure as ERPNext answers it.
type classCase struct {
	status    int
	class     string
	yes       string // the questions that it answers yes to
	retryable bool
	outcome   connectors.Outcome
	shown     string // to a caller of the hub
}

func classCases() []classCase {
	refused := "upstream 502 erpnext-refused Because."
	away := "upstream 503 upstream-unavailable "
	failed := "upstream 502 upstream-failed "
	return append(serverCases(away, failed), []classCase{
		{404, "DoesNotExistError", "notfound", false, 0, "upstream 404 not-found Because."},
		{404, "", "", false, 0, failed},
		{405, "", "", false, 0, failed},
		{409, "NameError", "", false, 0, refused},
		{409, "DuplicateEntryError", "duplicate", false, 0, refused},
		{417, "UniqueValidationError", "duplicate validation", false, 0, refused},
		{417, "TimestampMismatchError", "conflict stale validation", false, 0, refused},
		{417, "DocumentLockedError", "conflict validation", true, 0, away},
		{417, "ValidationError", "validation", false, 0, refused},
		{417, "MandatoryError", "mandatory validation", false, 0, refused},
		{417, "LinkValidationError", "link validation", false, 0, refused},
		{417, "LinkExistsError", "link validation", false, 0, refused},
		{417, "CancelledLinkError", "link validation", false, 0, refused},
		{417, "DocstatusTransitionError", "validation", false, 0, refused},
		{417, "CannotChangeConstantError", "validation", false, 0, refused},
		{417, "CharacterLengthExceededError", "validation", false, 0, refused},
		{417, "DataError", "validation", false, 0, refused},
		{417, "FrappeTypeError", "validation", false, 0, refused},
		{410, "LinkExpired", "", false, 0, refused},
		{415, "UnsupportedMediaType", "", false, 0, refused},
		{413, "", "", false, 0, failed},
		{400, "CSRFTokenError", "auth", false, 0, failed},
		{401, "SessionExpired", "auth", false, 0, failed},
		{417, "UpdateAfterSubmitError", "validation", false, 0, refused},
		{401, "AuthenticationError", "auth", false, 0, failed},
		{400, "InvalidAuthorizationToken", "auth", false, 0, failed},
		{403, "PermissionError", "permission", false, 0, failed},
		{429, "TooManyRequestsError", "rate", true, 0, away},
	}...)
}

// serverCases are those in which ERPNext or its database failed.
func serverCases(away, failed string) []classCase {
	return []classCase{
		{500, "SerializationFailure", "", true, 0, away},
		{500, "QueryDeadlockError", "", true, 0, away},
		{500, "QueryTimeoutError", "", true, 0, away},
		{500, "DeadlockDetected", "", true, 0, away},
		{500, "LockNotAvailable", "", true, 0, away},
		{500, "OperationalError", "", true, connectors.Unknown, away},
		{508, "", "", true, 0, away},
		{508, "QueryDeadlockError", "", true, 0, away},
		{500, "InterfaceError", "", true, connectors.Unknown, away},
		{500, "ConnectionError", "", true, 0, away},
		{500, "InFailedSqlTransaction", "", false, 0, away},
		{500, "SecurityException", "", false, 0, away},
		{500, "SessionBootFailed", "", false, 0, away},
		{501, "OutgoingEmailError", "", false, 0, away},
		{500, "ProgrammingError", "", false, 0, failed},
		{500, "UniqueViolation", "duplicate", false, 0, away},
		{500, "UndefinedFunction", "", false, 0, failed},
		{500, "GroupingError", "", false, 0, failed},
		{500, "SyntaxError", "", false, 0, failed},
		{500, "DatatypeMismatch", "", false, 0, failed},
		{500, "ImportError", "", false, 0, failed},
		{500, "TypeError", "", false, 0, away},
		{500, "", "", false, connectors.Unknown, away},
		{502, "", "", true, connectors.Unknown, away},
		{503, "SessionStopped", "", true, 0, away},
		{503, "InReadOnlyMode", "", true, 0, away},
		{503, "QueueOverloaded", "", true, 0, away},
		{503, "ServiceUnavailableError", "", true, 0, away},
		{503, "", "", true, connectors.Unknown, away},
		{504, "", "", true, connectors.Unknown, away},
	}
}

// Each class of failure: which question it answers yes to, whether it may be
// tried again, whether it may have been applied, and what a caller is shown.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	is := map[string]func(error) bool{
		"notfound": IsNotFound, "conflict": IsConflict, "stale": IsTimestampMismatch, "duplicate": IsDuplicate, "validation": IsValidation, "mandatory": IsMandatory,
		"link": IsLink, "permission": IsPermission, "auth": IsAuth, "rate": IsRate,
	}
	for _, tc := range classCases() {
		t.Run(fmt.Sprint(tc.status, tc.class), func(t *testing.T) {
			t.Parallel()
			body := badGateway
			if tc.class != "" {
				body = refusal(tc.class, "Because.")
			}
			err := fmt.Errorf("doing: %w", fault.Decode(tc.status, []byte(body), ""))
			for name, ask := range is {
				if got, want := ask(err), strings.Contains(" "+tc.yes+" ", " "+name+" "); got != want {
					t.Errorf("%s = %v", name, got)
				}
			}
			e := find(err)
			if e.Retryable != tc.retryable || e.Outcome != tc.outcome {
				t.Errorf("retryable %v, outcome %v", e.Retryable, e.Outcome)
			}
			p := hub.ProblemOf(err)
			shown := fmt.Sprintf("upstream %d %s %s", p.Kind.Status(), p.Code, p.Detail)
			if shown != tc.shown {
				t.Errorf("shown %q, want %q", shown, tc.shown)
			}
			if _, ok := hub.Problem(p.Code); !ok {
				t.Errorf("code %s is not in the catalogue", p.Code)
			}
		})
	}
	for name, ask := range is {
		if ask(nil) || ask(errors.New("other")) {
			t.Errorf("%s holds for what is not ERPNext's", name)
		}
	}
}

// One class of MariaDB's driver stands for a lost connection and for a statement
// that makes no sense.
func TestOperationalErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`(2006, "Server has gone away")`: "true unknown upstream-unavailable",
		`(1205, 'Lock wait timeout')`:    "true unknown upstream-unavailable",
		"":                               "true unknown upstream-unavailable",
		`(1054, "Unknown column 'lft' in 'SELECT'")`:   "false not applied upstream-failed",
		`(1366, "Incorrect integer value for column")`: "false not applied upstream-failed",
	} {
		e := fault.Decode(500, []byte(refusal("OperationalError", text)), "")
		if got := fmt.Sprint(e.Retryable, " ", e.Outcome, " ", e.Problem().Code); got != want || e.ExcType != "OperationalError" {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestProblemWithoutReason(t *testing.T) {
	t.Parallel()
	p := hub.ProblemOf(fault.Decode(417, []byte(`{"exc_type":"MandatoryError"}`), ""))
	if p.Detail != "ERPNext gave no reason (MandatoryError)." {
		t.Errorf("detail = %q", p.Detail)
	}
}

// What a failed call tells over the wire: the record of the attempt, the log
// line, and neither secret nor host nor page.
func TestFailureOverTheWire(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, func(w http.ResponseWriter, r seen, _ int) {
		if strings.HasSuffix(r.Path, "ISS-2") {
			reply(w, 500, "<h1>secret0 at 127.0.0.1</h1>")
			return
		}
		reply(w, 417, refusal("ValidationError", "Ask 127.0.0.1 for <b>more</b>"))
	})
	type info struct {
		Status       int
		Code, Detail string
	}
	var got []info
	for _, name := range []string{"ISS-1", "ISS-2"} {
		err := c.Get(t.Context(), "Issue", name, &Issue{})
		var said interface{ AttemptInfo() (int, string, string) }
		if !errors.As(err, &said) {
			t.Fatalf("%v tells nothing about the attempt", err)
		}
		var i info
		i.Status, i.Code, i.Detail = said.AttemptInfo()
		got = append(got, i)
		line := err.Error()
		if !strings.HasPrefix(line, "reading Issue "+name+": ") || strings.Contains(line, "secret0") || strings.Contains(line, "127.0.0.1") {
			t.Errorf("log line: %s", line)
		}
	}
	want := []info{{417, "ValidationError", "Ask for more"}, {500, "", "it failed"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

// Who waits in vain for his turn after a deadlock still says what ERPNext said,
// and that it may work later.
func TestTurnThatDoesNotCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) {
			reply(w, 500, refusal("QueryDeadlockError", "Deadlock found."))
		})
		release := make(chan struct{})
		go func() {
			_ = c.Alone(t.Context(), "again/Issue", func(context.Context) error { <-release; return nil })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := c.Insert(ctx, "Issue", Values{"subject": "a"}, nil)
		e, _ := errors.AsType[*Error](err)
		if e == nil || !e.Retryable || e.ExcType != "QueryDeadlockError" || e.Text != "Deadlock found." || e.Outcome != connectors.NotApplied || len(s.asked()) != 1 {
			t.Errorf("%+v after %d calls", e, len(s.asked()))
		}
		close(release)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(417, `{"exc_type":"ValidationError","_server_messages":"[\"{\\\"message\\\": \\\"<b>x</b>\\\"}\"]"}`)
	f.Add(404, `{"errors":[{"type":"DoesNotExistError","message":"gone"}]}`)
	f.Add(502, badGateway)
	f.Fuzz(func(t *testing.T, status int, body string) {
		status = 300 + (status%300+300)%300
		p := fault.Decode(status, []byte(body), "erp.example.test").Problem()
		if _, ok := hub.Problem(p.Code); !ok || p.Kind == hub.Internal {
			t.Errorf("problem %q of kind %d", p.Code, p.Kind)
		}
	})
}
