package erpnext

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/fault"
	"gigafibre.ca/targo-hub/erpnext/retry"
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
	switch {
	case noAnswer: // the kit tells a spent budget from an absent system
		q := *kit.Problem()
		p, p.Err = &q, e
	case IsNotFound(e):
		p.Kind, p.Code, p.Detail = hub.NotFound, "not-found", e.reason()
	case fault.Permanent(e.ExcType):
		// It will not work later either: an operator has to look.
	case e.Retryable || e.Status >= http.StatusInternalServerError:
		p.Kind, p.Code = hub.Unavailable, "upstream-unavailable"
		p.RetryAfter = max(e.RetryAfter, time.Second)
	case IsAuth(e) || IsPermission(e) || e.ExcType == "":
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

// IsNotFound tells that the document (or doctype) is not there. A 404 that is
// not Frappe's own is a wrong address, not a missing document.
func IsNotFound(err error) bool {
	return is(err, http.StatusNotFound, "DoesNotExistError", "PageDoesNotExistError")
}

// IsConflict tells that somebody changed the document since it was read.
func IsConflict(err error) bool { return is(err, 0, "TimestampMismatchError") }

// IsDuplicate tells that the name or a unique value is taken.
func IsDuplicate(err error) bool {
	e := find(err)
	return e != nil && (e.Status == http.StatusConflict ||
		e.ExcType == "UniqueValidationError" || e.ExcType == "UniqueViolation")
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
	e := find(err)
	return e != nil && (e.Status == http.StatusForbidden || e.ExcType == "PermissionError")
}

// IsAuth tells that ERPNext does not know the hub's token.
func IsAuth(err error) bool {
	e := find(err)
	return e != nil && (e.Status == http.StatusUnauthorized || strings.HasPrefix(e.ExcType, "InvalidAuthorization"))
}

// IsRate tells that the hub asked too much; RetryAfter says how long to wait.
func IsRate(err error) bool { return is(err, http.StatusTooManyRequests) }

func find(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// is compares status (0: any) and class (none: any).
func is(err error, status int, classes ...string) bool {
	e := find(err)
	return e != nil && (status == 0 || e.Status == status) && (len(classes) == 0 || slices.Contains(classes, e.ExcType))
}

// failure decodes what the kit reports.
func (c *Client) failure(err error) *Error {
	k, ok := connectors.AsError(err)
	if !ok {
		return &Error{Outcome: connectors.Unknown, Err: err}
	}
	e := &Error{Status: k.Status, Retryable: k.Temporary, Outcome: k.Outcome}
	if k.Status >= 300 {
		e = decode(k.Status, k.Body, c.host)
	}
	e.RetryAfter, e.Err = k.RetryAfter, err
	return e
}

// lost tells that the reply is missing and the write may have been applied.
func (e *Error) lost() bool { return e != nil && e.Outcome == connectors.Unknown }

// verdict is what the next try depends on; nil for none. A call that the kit
// held back because the system is failing or crowded is not tried again: it
// would only be held back again.
func (e *Error) verdict() *retry.Verdict {
	if e == nil {
		return nil
	}
	k, ok := connectors.AsError(e.Err)
	heldBack := ok && (k.Code == connectors.CodeBreakerOpen || k.Code == connectors.CodeBusy)
	return &retry.Verdict{Again: e.Retryable && !heldBack, Undone: e.Outcome == connectors.NotApplied, Advised: e.RetryAfter}
}

// decode reads the body of a refusal: Frappe's v1 or v2 JSON, or anything else
// (the HTML page of a proxy). host is taken out of the texts.
func decode(status int, body []byte, host string) *Error {
	e := &Error{Status: status}
	e.ExcType, e.Text, e.Messages = fault.Read(body, host)
	e.Retryable = fault.Transient(status, e.ExcType)
	e.Outcome = fault.Outcome(status, e.ExcType)
	return e
}

// wrap says what was being done: "reading Quotation QTN-1".
func wrap(err error, doing, what string) error {
	if err == nil {
		return nil
	}
	if what == "" {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s %s: %w", doing, what, err)
}

// absent is the answer to a name that no document can have.
func absent() *Error {
	return &Error{Status: http.StatusNotFound, ExcType: "DoesNotExistError", Text: "No document can have this name."}
}
