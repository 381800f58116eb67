package fault

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// Error is why ERPNext did not do what it was asked. ExcType is what to decide
// by: one status (417) stands for some thirty classes.
type Error struct {
	Status     int                // HTTP status; 0 when no answer came
	ExcType    string             // Frappe's class ("LinkValidationError"); "" when the answer was not Frappe's
	Text       string             // one line for people, without markup, host or traceback; may be ""
	Messages   []string           // everything ERPNext said, cleaned the same way
	Retryable  bool               // the same call may work a little later
	Outcome    connectors.Outcome // whether ERPNext may have done it nevertheless
	RetryAfter time.Duration      // ERPNext's advice; 0 for none
	Err        error              // the cause, for logs

	permanent bool // it will not work later either
}

// Error gives the text for logs. ERPNext's own words stay out of it: they name
// people. A job's record has them (see AttemptInfo), and so has the answer.
func (e *Error) Error() string {
	text := "erpnext"
	if e.Status != 0 {
		text += fmt.Sprintf(" answered %d", e.Status)
	}
	if e.ExcType != "" {
		text += " " + e.ExcType
	}
	if e.ExcType == "" && e.Err != nil {
		return text + ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Problem explains the failure to a caller of the hub. Frappe's reasons for a
// refusal are written for people and are shown; nothing else is.
func (e *Error) Problem() *hub.Error {
	p := &hub.Error{Kind: hub.Upstream, Code: "upstream-failed", Err: e}
	kit, noAnswer := connectors.AsError(e.Err)
	noAnswer = noAnswer && e.Status < 300
	own, refused := errors.AsType[*hub.Error](e.Err)
	switch {
	case refused && !noAnswer && e.Status == 0: // the hub itself did not let it out
		return own
	case noAnswer: // the kit tells a spent budget from an absent system
		q := *kit.Problem()
		p, p.Err = &q, e
	case e.is(http.StatusNotFound, notFound...):
		p.Kind, p.Code, p.Detail = hub.NotFound, "not-found", e.reason()
	case e.permanent:
		// It will not work later either: an operator has to look.
	case e.Retryable || e.Status >= http.StatusInternalServerError:
		p.Kind, p.Code = hub.Unavailable, "upstream-unavailable"
		p.RetryAfter = max(e.RetryAfter, time.Second)
	case e.auth() || e.permission() || e.ExcType == "":
		// Our own token or address is wrong; the caller cannot help that.
	default:
		p.Code, p.Detail = "erpnext-refused", e.reason()
	}
	return p
}

func (e *Error) reason() string {
	if e.Text == e.ExcType {
		return "ERPNext gave no reason (" + e.ExcType + ")."
	}
	return e.Text
}

// AttemptInfo tells what a job's record of this try should say.
func (e *Error) AttemptInfo() (status int, code, detail string) {
	code, detail = e.ExcType, e.Text
	if k, ok := connectors.AsError(e.Err); ok {
		code, detail = cmp.Or(code, k.Code), cmp.Or(detail, k.Reason)
	}
	return e.Status, code, detail
}

// notFound are the classes of what is not there.
var notFound = []string{"DoesNotExistError", "PageDoesNotExistError"}

// IsNotFound tells that the document (or doctype) is not there. A 404 that is
// not Frappe's own is a wrong address, not a missing document.
func IsNotFound(err error) bool {
	return is(err, http.StatusNotFound, notFound...)
}

// IsTimestampMismatch tells that somebody changed the document since it was
// read: the "modified" that was sent is not ERPNext's any more.
func IsTimestampMismatch(err error) bool { return is(err, 0, "TimestampMismatchError") }

// IsConflict tells that the document is not as the writer took it to be: it was
// changed since, or an action that runs in the background holds it.
func IsConflict(err error) bool {
	return is(err, 0, "TimestampMismatchError", "DocumentLockedError")
}

// IsDuplicate tells that the name or a unique value is taken.
func IsDuplicate(err error) bool {
	return is(err, 0, "DuplicateEntryError", "UniqueValidationError", "UniqueViolation")
}

// IsValidation tells that ERPNext read the document and refused it.
func IsValidation(err error) bool { return is(err, http.StatusExpectationFailed) }

// IsMandatory tells that a required value is missing.
func IsMandatory(err error) bool { return is(err, 0, "MandatoryError") }

// IsLink tells that a link points at nothing, at something cancelled, or that
// something still points here.
func IsLink(err error) bool {
	return is(err, 0, "LinkValidationError", "CancelledLinkError", "LinkExistsError")
}

// IsPermission tells that the hub's user may not do this.
func IsPermission(err error) bool {
	e := Find(err)
	return e != nil && e.permission()
}

func (e *Error) permission() bool {
	return e.Status == http.StatusForbidden || e.ExcType == "PermissionError"
}

// IsAuth tells that ERPNext does not know the hub's token.
func IsAuth(err error) bool {
	e := Find(err)
	return e != nil && e.auth()
}

func (e *Error) auth() bool {
	return e.Status == http.StatusUnauthorized || strings.HasPrefix(e.ExcType, "InvalidAuthorization") ||
		e.ExcType == "CSRFTokenError"
}

// IsRate tells that the hub asked too much; RetryAfter says how long to wait.
func IsRate(err error) bool { return is(err, http.StatusTooManyRequests) }

// Find is the *Error in a chain of errors; nil when there is none.
func Find(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// is compares status (0: any) and class (none: any).
func is(err error, status int, classes ...string) bool {
	e := Find(err)
	return e != nil && e.is(status, classes...)
}

func (e *Error) is(status int, classes ...string) bool {
	return (status == 0 || e.Status == status) && (len(classes) == 0 || slices.Contains(classes, e.ExcType))
}

// Lost tells that the reply is missing and the write may have been applied; not
// so of nil.
func (e *Error) Lost() bool { return e != nil && e.Outcome == connectors.Unknown }

// Decode reads the body of a refusal: Frappe's v1 or v2 JSON, or anything else
// (the HTML page of a proxy). host is taken out of the texts.
func Decode(status int, body []byte, host string) *Error {
	e := &Error{Status: status}
	e.ExcType, e.Text, e.Messages = Read(body, host)
	class := Refine(e.ExcType, e.Text)
	e.Retryable = Transient(status, class)
	e.Outcome = Outcome(status, class)
	e.permanent = Permanent(class)
	e.Text = worded(class, e.Text)
	return e
}
