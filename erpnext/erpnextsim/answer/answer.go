// Package answer words what the ERPNext simulator answers beside results: messages
// for the user, exceptions in the shape of either version of the API, HTML pages.
package answer

import (
	"fmt"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Voice is how a site speaks to one caller.
type Voice struct {
	Release profile.Profile
	Version int  // of the API: 1 or 2
	Traces  bool // the site shows this caller tracebacks
	Logging bool // on 404 as well
}

// style is how text inside of text is written.
func (c Voice) style() wire.Style {
	return wire.Style{ASCII: c.Release == profile.V15, Spaces: c.Release == profile.V15}
}

// Encode writes a body.
func (c Voice) Encode(body wire.Object) []byte {
	return wire.Encode(body, wire.Style{ASCII: c.Release == profile.V15})
}

// Failure adds a failed call to what the answer holds by then.
func (c Voice) Failure(body *wire.Object, e *exception.Error, notes []exception.Message) {
	for _, p := range e.Response {
		body.Set(p.Key, p.Value)
	}
	if c.Version == 2 {
		c.failure2(body, e, notes)
		return
	}
	c.failure1(body, e, notes)
}

// failure1 is a failed call of the first version of the API.
func (c Voice) failure1(body *wire.Object, e *exception.Error, notes []exception.Message) {
	traced := c.traced(e)
	if traced {
		lines := strings.Split(strings.TrimRight(e.Error(), "\n"), "\n")
		body.Set("exception", lines[len(lines)-1])
	}
	body.Set("exc_type", e.Class)
	if traced {
		if e.App != "" {
			body.Set("_exc_source", e.App+" (app)")
		}
		body.Set("exc", string(wire.Encode([]string{traceback(e)}, c.style())))
	}
	c.Messages(body, notes)
	if e.Reason != "" {
		body.Set("_error_message", e.Reason)
	}
}

// failure2 is a failed call of the second version: the first message of the same id
// as the exception is folded into it.
func (c Voice) failure2(body *wire.Object, e *exception.Error, notes []exception.Message) {
	entry := wire.Object{{Key: "type", Value: e.Class}}
	if c.traced(e) {
		entry.Set("exception", traceback(e))
	}
	var rest []exception.Message
	folded := false
	for _, n := range notes {
		if folded || n.ID != e.ID { // one without an id belongs to an exception without one
			rest = append(rest, n)
			continue
		}
		folded = true
		for _, p := range n.Object(c.Release) {
			if p.Key != "raise_exception" && p.Key != "__frappe_exc_id" {
				entry.Set(p.Key, p.Value)
			}
		}
	}
	body.Set("errors", []any{entry})
	c.Messages(body, rest)
}

// Messages adds what is to be told to the user.
func (c Voice) Messages(body *wire.Object, notes []exception.Message) {
	if len(notes) == 0 {
		return
	}
	if c.Version == 2 {
		list := make([]any, len(notes))
		for i, n := range notes {
			list[i] = n.Object(c.Release)
		}
		body.Set("messages", list)
		return
	}
	style := c.style()
	list := make([]string, len(notes))
	for i, n := range notes {
		list[i] = string(wire.Encode(n.Object(c.Release), style))
	}
	body.Set("_server_messages", string(wire.Encode(list, style)))
}

func (c Voice) traced(e *exception.Error) bool {
	return c.Traces && !e.NoTrace && (e.Status != http.StatusNotFound || c.Logging)
}

func traceback(e *exception.Error) string {
	app := e.App
	if app == "" {
		app = "frappe"
	}
	return "Traceback (most recent call last):\n" +
		"  File \"apps/frappe/frappe/app.py\", line 114, in application\n    response = frappe.api.handle(request)\n" +
		"  File \"apps/frappe/frappe/api/__init__.py\", line 49, in handle\n    data = endpoint(**arguments)\n" +
		fmt.Sprintf("  File \"apps/%s/%s/__init__.py\", line 609, in throw\n    msgprint(\n", app, app) +
		e.Error() + "\n"
}

// Deadlock is what two writers of one row get.
func Deadlock(db profile.Database) *exception.Error {
	if db == profile.Postgres {
		return exception.Raise("SerializationFailure", "could not serialize access due to concurrent update\n")
	}
	return exception.Raise("QueryDeadlockError", "(1213, 'Deadlock found when trying to get lock; try restarting transaction')")
}

// Locked is what a writer gets who does not wait for a row.
func Locked(db profile.Database) *exception.Error {
	if db == profile.Postgres {
		return exception.Raise("LockNotAvailable", "could not obtain lock on row in relation\n")
	}
	return exception.Raise("QueryTimeoutError", "(1205, 'Lock wait timeout exceeded; try restarting transaction')")
}

// ReadOnly is what a change gets while the site may only be read.
func ReadOnly() *exception.Error {
	return exception.Titled("InReadOnlyMode", "In Read Only Mode",
		"Site is running in read only mode for maintenance or site update, this action can not be performed right now. Please try again later.")
}

// Stopped is what every request gets during maintenance.
func Stopped() *exception.Error { return exception.Raise("SessionStopped", "Session Stopped") }
