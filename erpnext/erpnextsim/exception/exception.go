// Package exception is Frappe's family of exceptions: which class maps to which
// HTTP status, and the messages that travel with one. The ERPNext simulator
// raises these where the real server would; it calls nothing and remembers
// nothing.
package exception

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Error is a raised exception.
type Error struct {
	Class    string      // bare class name: "LinkValidationError"
	Module   string      // dotted module of the class: "frappe.exceptions"
	Status   int         // HTTP status of a JSON answer
	Text     string      // str(exception)
	ID       string      // ties the exception to the message that it was thrown with
	Notes    []Message   // messages shown before it, in order; the last one may be its own
	Reason   string      // _error_message: what a permission check explains
	NoTrace  bool        // the code asked for no traceback
	HTML     bool        // answered by the WSGI layer as a small HTML page
	App      string      // app that raised it, when not frappe itself: "erpnext"
	Response wire.Object // members that were set before it was raised
	Header   map[string]string
}

// Error is the class and the text, as in the last line of a traceback.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Dotted()
	}
	return e.Dotted() + ": " + e.Text
}

// Dotted is the class with its module; Python's own classes have none.
func (e *Error) Dotted() string {
	if e.Module == "" {
		return e.Class
	}
	return e.Module + "." + e.Class
}

// Message is one entry of _server_messages.
type Message struct {
	Text      string
	Title     string // default "Message"
	Indicator string
	Raise     bool
	ID        string
	Alert     bool
	Action    wire.Object // the button beside the text, nil when there is none
}

// Object is the message with its keys in Frappe's order. The newer release says of
// each text that it is no table.
func (m Message) Object(release profile.Profile) wire.Object {
	title := m.Title
	if title == "" {
		title = "Message"
	}
	o := wire.Object{{Key: "message", Value: m.Text}}
	if release == profile.V16 {
		o = append(o, wire.Pair{Key: "as_table", Value: false})
	}
	o = append(o, wire.Pair{Key: "title", Value: title})
	if m.Indicator != "" {
		o = append(o, wire.Pair{Key: "indicator", Value: m.Indicator})
	}
	if m.Alert {
		o = append(o, wire.Pair{Key: "alert", Value: 1})
	}
	if m.Action != nil {
		o = append(o, wire.Pair{Key: "primary_action", Value: m.Action})
	}
	if m.Raise {
		o = append(o, wire.Pair{Key: "raise_exception", Value: 1}, wire.Pair{Key: "__frappe_exc_id", Value: m.ID})
	}
	return o
}

// Raise makes an exception without a message for the user. Python and database
// driver classes are known by name; unknown ones belong to ERPNext.
func Raise(class, format string, args ...any) *Error {
	e := &Error{Class: class, Module: "frappe.exceptions", Status: StatusOf(class), Text: text(format, args)}
	if module, ok := foreign[class]; ok {
		e.Module = module
	}
	return e
}

// Throw makes an exception whose text is also shown to the user.
func Throw(class, format string, args ...any) *Error {
	return Titled(class, "", format, args...)
}

// Titled is Throw with a title for the dialog.
func Titled(class, title, format string, args ...any) *Error {
	e := Raise(class, format, args...)
	e.ID = newID()
	e.Notes = []Message{{Text: e.Text, Title: title, Indicator: "red", Raise: true, ID: e.ID}}
	return e
}

// Invalid is Throw of a plain ValidationError.
func Invalid(format string, args ...any) *Error { return Throw("ValidationError", format, args...) }

// Denied is a PermissionError; reason may be "".
func Denied(reason string) *Error {
	e := Raise("PermissionError", "")
	e.Reason = reason
	return e
}

// NotWhitelisted is the refusal of a function that this caller may not run.
func NotWhitelisted(release profile.Profile, function string) *Error {
	login := ""
	if release == profile.V16 {
		login = " Login to access"
	}
	return Titled("PermissionError", "Method Not Allowed",
		"<details><summary>You are not permitted to access this resource.%s</summary>Function <strong>%s</strong> is not whitelisted.</details>", login, function)
}

// Missing is a DoesNotExistError with the usual words.
func Missing(doctype, name string) *Error {
	return Throw("DoesNotExistError", "%s %s not found", doctype, name)
}

// Fault is err, or nil when it is an exception: who takes a missing document for an
// answer must not take a broken database for one.
func Fault(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return nil
	}
	return err
}

// From marks the exception as raised by an app other than frappe.
func (e *Error) From(app string) *Error {
	e.App = app
	return e
}

// NotFoundText is what the WSGI layer says of a page that is not there.
const NotFoundText = "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."

// Page makes an exception that the WSGI layer answers as a small HTML page: class
// is its name there ("NotFound"), description the sentence on the page.
func Page(class, description string) *Error {
	e := Raise(class, "")
	e.Text, e.HTML = description, true
	return e
}

func text(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

func newID() string {
	b := make([]byte, 28)
	_, _ = rand.Read(b) // never fails, by the package's contract
	return hex.EncodeToString(b)
}
