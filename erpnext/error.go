package erpnext

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

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
}

// Classes of the databases and of Frappe itself. A transient one was rolled
// back; a permanent one is a query that this database cannot run.
var (
	transient = []string{"SerializationFailure", "QueryDeadlockError", "QueryTimeoutError",
		"DeadlockDetected", "LockNotAvailable", "OperationalError"}
	permanent = []string{"UndefinedFunction", "GroupingError", "SyntaxError", "DatatypeMismatch", "ImportError"}
	missing   = []string{"DoesNotExistError", "PageDoesNotExistError"}
)

// Error gives the text for logs.
func (e *Error) Error() string {
	text := "erpnext"
	if e.Status != 0 {
		text += fmt.Sprintf(" answered %d", e.Status)
	}
	if e.ExcType != "" {
		text += " " + e.ExcType
	}
	if e.Text != "" && e.Text != e.ExcType {
		return text + ": " + e.Text
	}
	if e.Err != nil {
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
	case slices.Contains(permanent, e.ExcType):
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
func IsNotFound(err error) bool { return is(err, http.StatusNotFound, missing...) }

// IsConflict tells that somebody changed the document since it was read.
func IsConflict(err error) bool { return is(err, 0, "TimestampMismatchError") }

// IsDuplicate tells that the name or a unique value is taken.
func IsDuplicate(err error) bool {
	e := find(err)
	return e != nil && (e.Status == http.StatusConflict ||
		e.ExcType == "UniqueValidationError" || e.ExcType == "UniqueViolation")
}

// IsValidation tells that ERPNext read the document and refused it.
func IsValidation(err error) bool {
	e := find(err)
	return e != nil && e.Status == http.StatusExpectationFailed
}

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
func IsRate(err error) bool {
	e := find(err)
	return e != nil && e.Status == http.StatusTooManyRequests
}

func find(err error) *Error {
	var e *Error
	errors.As(err, &e)
	return e
}

// is compares status (0: any) and class.
func is(err error, status int, classes ...string) bool {
	e := find(err)
	return e != nil && (status == 0 || e.Status == status) && slices.Contains(classes, e.ExcType)
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

// unsent tells that the kit held the call back because the system is failing
// or crowded: asking again at once would only be held back again.
func (e *Error) unsent() bool {
	k, ok := connectors.AsError(e.Err)
	return ok && (k.Code == connectors.CodeBreakerOpen || k.Code == connectors.CodeBusy)
}

// decode reads the body of a refusal: Frappe's v1 or v2 JSON, or anything else
// (the HTML page of a proxy). host is taken out of the texts.
func decode(status int, body []byte, host string) *Error {
	e := &Error{Status: status}
	var w wireError
	if json.Unmarshal(body, &w) == nil {
		e.ExcType, e.Text, e.Messages = w.read(func(s string) string { return oneLine(s, host) })
	}
	e.Retryable = slices.Contains(transient, e.ExcType) || slices.Contains(retryStatus, status)
	e.Outcome = outcome(status, e.ExcType)
	return e
}

var retryStatus = []int{http.StatusTooManyRequests, http.StatusBadGateway,
	http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusLoopDetected}

// outcome judges whether a write may have been applied. Frappe rolls back
// before it answers a class of its own; a proxy's page says nothing, and a
// lost database connection may have been lost after the commit.
func outcome(status int, class string) connectors.Outcome {
	switch {
	case status < 500:
		return connectors.NotApplied
	case class != "" && class != "OperationalError":
		return connectors.NotApplied
	default:
		return connectors.Unknown
	}
}

// wireError is the union of both versions' bodies. Members of a wrong type
// must not hide the others, so all are read late.
type wireError struct {
	ExcType        json.RawMessage `json:"exc_type"`
	Exception      json.RawMessage `json:"exception"`
	ServerMessages json.RawMessage `json:"_server_messages"`
	ErrorMessage   json.RawMessage `json:"_error_message"`
	Message        json.RawMessage `json:"message"`
	Errors         json.RawMessage `json:"errors"`   // v2
	MessagesV2     json.RawMessage `json:"messages"` // v2
}

// read gives class, the line for people and all messages: the last message
// that was raised, else all of them, else what a permission check said, else
// the last line of the exception, else the class.
func (w wireError) read(clean func(string) string) (class, line string, all []string) {
	class = text(w.ExcType)
	messages := serverMessages(w.ServerMessages)
	for _, raw := range rawList(w.Errors) {
		m := readMessage(raw)
		m.Raised = true
		if class == "" {
			class = m.Type
		}
		messages = append(messages, m)
	}
	for _, raw := range rawList(w.MessagesV2) {
		messages = append(messages, readMessage(raw))
	}
	raised := ""
	for _, m := range messages {
		s := clean(m.Text)
		if s == "" {
			continue
		}
		all = append(all, s)
		if m.Raised {
			raised = s
		}
	}
	_, last, _ := strings.Cut(text(w.Exception), ": ")
	for _, s := range []string{raised, clean(strings.Join(all, " ")), clean(text(w.ErrorMessage)),
		clean(last), clean(text(w.Message)), class} {
		if s != "" {
			return class, s, all
		}
	}
	return class, "", all
}

// message is one thing that ERPNext said.
type message struct {
	Text, Type string
	Raised     bool
}

// serverMessages reads the doubly encoded list: a string that holds a list of
// strings, each of which holds an object.
func serverMessages(raw json.RawMessage) []message {
	var out []message
	for _, item := range rawList(json.RawMessage(text(raw))) {
		if s := text(item); json.Valid([]byte(s)) {
			item = json.RawMessage(s)
		}
		out = append(out, readMessage(item))
	}
	return out
}

func readMessage(raw json.RawMessage) message {
	var o struct {
		Message, Type  json.RawMessage
		RaiseException json.RawMessage `json:"raise_exception"`
	}
	if json.Unmarshal(raw, &o) != nil {
		return message{Text: text(raw)}
	}
	m := message{Text: text(o.Message), Type: text(o.Type)}
	if m.Text == "" { // a message may be a list of lines
		for _, line := range rawList(o.Message) {
			m.Text = strings.TrimSpace(m.Text + " " + text(line))
		}
	}
	m.Raised = string(o.RaiseException) == "1" || string(o.RaiseException) == "true"
	return m
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func rawList(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

var (
	breaks = regexp.MustCompile(`(?i)<\s*(br|/p|/li|/div|/tr)\b[^>]*>`)
	tags   = regexp.MustCompile(`<[A-Za-z/!][^>]*>`)
	traces = regexp.MustCompile(`Traceback \(most recent call last\)|File "[^"]*", line \d`)
	urls   = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>)]+`)
)

// maxText bounds what is shown of ERPNext's own words, in runes.
const maxText = 300

// oneLine makes a sentence for people out of what Frappe says: no markup, no
// address of a server, no traceback.
func oneLine(s, host string) string {
	s = html.UnescapeString(tags.ReplaceAllString(breaks.ReplaceAllString(s, " "), ""))
	for before := -1; before != len(s); { // what is taken out may join what is left to another
		before = len(s)
		s = tags.ReplaceAllString(s, "")
		if host != "" {
			s = strings.ReplaceAll(s, host, "")
		}
		s = urls.ReplaceAllString(s, "")
	}
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if traces.MatchString(s) {
		return ""
	}
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText-1]) + "…"
	}
	return s
}
