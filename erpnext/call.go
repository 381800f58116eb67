package erpnext

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/check"
	"gigafibre.ca/targo-hub/erpnext/fault"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
)

// Error is why ERPNext did not do what it was asked. ExcType is what to decide
// by: one status (417) stands for some thirty classes.
type Error = fault.Error

// IsNotFound tells that the document (or doctype) is not there. A 404 that is
// not Frappe's own is a wrong address, not a missing document.
func IsNotFound(err error) bool { return fault.IsNotFound(err) }

// IsTimestampMismatch tells that somebody changed the document since it was
// read: the "modified" that was sent is not ERPNext's any more.
func IsTimestampMismatch(err error) bool { return fault.IsTimestampMismatch(err) }

// IsConflict tells that the document is not as the writer took it to be: it was
// changed since, or an action that runs in the background holds it.
func IsConflict(err error) bool { return fault.IsConflict(err) }

// IsDuplicate tells that the name or a unique value is taken.
func IsDuplicate(err error) bool { return fault.IsDuplicate(err) }

// IsValidation tells that ERPNext read the document and refused it.
func IsValidation(err error) bool { return fault.IsValidation(err) }

// IsMandatory tells that a required value is missing.
func IsMandatory(err error) bool { return fault.IsMandatory(err) }

// IsLink tells that a link points at nothing, at something cancelled, or that
// something still points here.
func IsLink(err error) bool { return fault.IsLink(err) }

// IsPermission tells that the hub's user may not do this.
func IsPermission(err error) bool { return fault.IsPermission(err) }

// IsAuth tells that ERPNext does not know the hub's token.
func IsAuth(err error) bool { return fault.IsAuth(err) }

// IsRate tells that the hub asked too much; RetryAfter says how long to wait.
func IsRate(err error) bool { return fault.IsRate(err) }

// perTry is long: submitting an invoice keeps ERPNext busy for seconds.
const perTry = 20 * time.Second

// call is one request: what is sent and which member of the answer is wanted.
type call struct {
	op, method, path string
	member           string // "data" or "message"; "" is the whole answer
	optional         bool   // the member may be missing: a method may return nothing
	body             any    // sent as JSON
	form             func(*resty.Request)
	tries            retry.Patience
	doctype, name    string // what is written; "" is told by the answer
}

// send makes the call until it works or may not be tried again, and decodes
// the answer. Its errors are always *Error, or those of encoding the body.
func (c *Client) send(ctx context.Context, k call, into any) error {
	var body []byte
	if k.body != nil {
		var err error
		if body, err = json.Marshal(k.body); err != nil {
			return err
		}
	}
	if k.tries != retry.Reading {
		if err := charge.Ask(ctx, c.guard, charge.Request{Method: k.method, Target: k.path, Type: "application/json", Body: body}); err != nil {
			return &Error{Err: err}
		}
	}
	var failure *Error
	lost := false
	c.pace.Do(ctx, k.tries, func(try int) *retry.Verdict {
		if failure != nil {
			c.log.DebugContext(ctx, "erpnext call is tried again",
				"op", k.op, "try", try-1, "status", failure.Status, "exc_type", failure.ExcType)
		}
		failure = c.try(ctx, k, failure, func() *Error { return c.once(ctx, k, body, into) })
		lost = lost || failure.Lost()
		return verdict(failure)
	})
	if (lost || failure == nil) && k.tries != retry.Reading && k.doctype != "" {
		if k.name == "" {
			k.name = nameOf(into)
		}
		c.wrote(k.doctype, k.name)
	}
	if failure == nil {
		return nil
	}
	if lost { // whatever the last try says, an earlier one may have been applied
		failure.Outcome = connectors.Unknown
	}
	return failure
}

// try makes one try. After two writers stood in each other's way, as those who
// draw from one naming series do on PostgreSQL, the next tries of this process
// go one at a time for each doctype.
func (c *Client) try(ctx context.Context, k call, before *Error, once func() *Error) *Error {
	if before == nil || k.doctype == "" || !fault.Contention(before.ExcType) {
		return once()
	}
	failure := before // stays what is known when the turn does not come
	_ = c.Alone(ctx, "again/"+k.doctype, func(context.Context) error { failure = once(); return nil })
	return failure
}

func (c *Client) once(ctx context.Context, k call, body []byte, into any) *Error {
	answer, err := c.kit.Do(ctx, k.op, k.method, k.path, func(r *resty.Request) {
		c.identify(ctx, r, "application/json")
		if body != nil {
			r.SetHeader("Content-Type", "application/json")
			r.SetBody(body)
		}
		if k.form != nil {
			k.form(r)
		}
	})
	if err == nil {
		if into == nil { // a proxy's page with status 200 is no success either
			into = new(json.RawMessage)
		}
		if err = rest.Unfold(answer.Body(), k.member, k.optional, into); err == nil {
			return nil
		}
		err = c.kit.Unreadable(k.op, k.method, answer.StatusCode(), err)
	}
	failure := c.failure(err)
	if k.tries == retry.Reading { // a read by POST changes nothing either
		failure.Outcome = connectors.NotApplied
	}
	return failure
}

// identify says who asks, for which request and for what.
func (c *Client) identify(ctx context.Context, r *resty.Request, accept string) {
	r.SetHeader("Authorization", c.auth)
	r.SetHeader("Accept", accept)
	if id := hub.RequestID(ctx); id != "" {
		r.SetHeader("X-Frappe-Request-Id", id)
	}
}

// nameOf is the name of a document that was read.
func nameOf(into any) string {
	raw, err := json.Marshal(into)
	if err != nil {
		return ""
	}
	var doc struct{ Name any }
	if json.Unmarshal(raw, &doc) != nil {
		return ""
	}
	name, _ := doc.Name.(string)
	return name
}

// failure decodes what the kit reports.
func (c *Client) failure(err error) *Error {
	k, ok := connectors.AsError(err)
	if !ok {
		return &Error{Outcome: connectors.Unknown, Err: err}
	}
	e := &Error{Status: k.Status, Retryable: k.Temporary, Outcome: k.Outcome}
	if k.Status >= 300 {
		e = fault.Decode(k.Status, k.Body, c.site.Hostname())
	}
	e.RetryAfter, e.Err = k.RetryAfter, err
	return e
}

// verdict is what the next try depends on; nil for none. A call that the kit
// held back because the system is failing or crowded is not tried again: it
// would only be held back again.
func verdict(e *Error) *retry.Verdict {
	if e == nil {
		return nil
	}
	k, ok := connectors.AsError(e.Err)
	heldBack := ok && (k.Code == connectors.CodeBreakerOpen || k.Code == connectors.CodeBusy)
	return &retry.Verdict{Again: e.Retryable && !heldBack, Undone: e.Outcome == connectors.NotApplied, Advised: e.RetryAfter}
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

// cause says for an operator why a question was not answered.
func cause(err error) check.Cause {
	switch e := find(err); {
	case IsAuth(err):
		return check.Unknown
	case IsPermission(err):
		return check.Forbidden
	case IsNotFound(err) || (e != nil && e.ExcType == "ImportError"):
		return check.Missing
	case e != nil && e.Status == 0:
		return check.Away
	case e != nil && e.Retryable:
		return check.Passing
	default:
		return check.Strange
	}
}

// refuse is the failure of a call that the hub itself does not make.
func refuse(reason string) *Error { return &Error{Err: errors.New(reason)} }

// unreadable is the failure of a read whose answer is not what was agreed.
func unreadable(err error) *Error {
	return &Error{Status: http.StatusOK, Retryable: true, Err: err}
}

// absent is the answer to a name that no document can have.
func absent() *Error {
	return &Error{Status: http.StatusNotFound, ExcType: "DoesNotExistError", Text: "No document can have this name."}
}

func find(err error) *Error { return fault.Find(err) }
