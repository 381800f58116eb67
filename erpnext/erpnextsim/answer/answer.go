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
	Expired bool // the caller's session is over
	Insider bool // a System User, who sees tracebacks on the newer release
}

// style is how text inside of text is written.
func (c Voice) style() wire.Style {
	return wire.Style{ASCII: c.Release == profile.V15, Spaces: c.Release == profile.V15}
}

// Failure is the body of a failed call.
func (c Voice) Failure(e *exception.Error, notes []exception.Message) wire.Object {
	if c.Version == 2 {
		return c.failure2(e, notes)
	}
	return c.failure1(e, notes)
}

// failure1 is the body of a failed call of the first version of the API.
func (c Voice) failure1(e *exception.Error, notes []exception.Message) wire.Object {
	body := wire.Object{}
	for k, v := range e.Response {
		body.Set(k, v)
	}
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
		style := c.style()
		body.Set("exc", string(wire.Encode([]string{traceback(e)}, style)))
	}
	c.Messages(&body, notes)
	if e.Reason != "" {
		body.Set("_error_message", e.Reason)
	}
	return body
}

// failure2 is the body of a failed call of the second version: the message that
// the exception was thrown with is folded into it.
func (c Voice) failure2(e *exception.Error, notes []exception.Message) wire.Object {
	entry := wire.Object{{Key: "type", Value: e.Class}}
	if c.traced(e) {
		entry.Set("exception", traceback(e))
	}
	var rest []exception.Message
	for _, n := range notes {
		if e.ID == "" || n.ID != e.ID {
			rest = append(rest, n)
			continue
		}
		for _, p := range n.Object() {
			if p.Key == "message" || p.Key == "title" || p.Key == "indicator" {
				entry.Set(p.Key, p.Value)
			}
		}
	}
	body := wire.Object{{Key: "errors", Value: []any{entry}}}
	c.Messages(&body, rest)
	return body
}

// Messages adds what is to be told to the user.
func (c Voice) Messages(body *wire.Object, notes []exception.Message) {
	if c.Expired {
		body.Set("session_expired", 1)
	}
	if len(notes) == 0 {
		return
	}
	if c.Version == 2 {
		list := make([]any, len(notes))
		for i, n := range notes {
			list[i] = n.Object()
		}
		body.Set("messages", list)
		return
	}
	style := c.style()
	list := make([]string, len(notes))
	for i, n := range notes {
		list[i] = string(wire.Encode(n.Object(), style))
	}
	body.Set("_server_messages", string(wire.Encode(list, style)))
}

func (c Voice) traced(e *exception.Error) bool {
	return e.Status != http.StatusNotFound && !e.NoTrace && (c.Release == profile.V15 || c.Insider)
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

// Page writes the small HTML page of the WSGI layer or of a proxy.
func Page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, text, _ = strings.Cut("\n"+text, ": ")
	fmt.Fprintf(w, "<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n<p>%s</p>\n", status, title, title, text)
}

// Deadlock is what two writers of one row get.
func Deadlock(db profile.Database) *exception.Error {
	if db == profile.Postgres {
		return exception.Raise("SerializationFailure", "could not serialize access due to concurrent update\n")
	}
	return exception.Raise("QueryDeadlockError", "(1213, 'Deadlock found when trying to get lock; try restarting transaction')")
}
