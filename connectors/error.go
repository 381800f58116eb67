package connectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/redact"
	"gigafibre.ca/targo-hub/hub"
)

// Outcome says what a failed call did on the other side.
type Outcome int

// The outcomes. A read never changes anything, so it is always NotApplied.
const (
	NotApplied Outcome = iota // the other side did nothing
	Applied                   // the other side acted
	Unknown                   // the reply was lost: the other side may have acted
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case NotApplied:
		return "not applied"
	case Applied:
		return "applied"
	default:
		return "unknown"
	}
}

// Error is a failed call, the same for every system. However it is printed, it
// shows system, operation, status, code and reason, never the body or a secret.
type Error struct {
	System     string
	Op         string
	Status     int    // HTTP status of the answer, 0 when there was none
	Code       string // the system's own code ("21211"), or ours ("breaker-open", "timeout", …)
	Reason     string // one line in plain words
	Temporary  bool   // trying again later may help
	Outcome    Outcome
	RetryAfter time.Duration // the system's advice, 0 for none
	Body       []byte        // of the answer, at most 64 KiB, for the connector to decode
	Err        error         // the cause, its text redacted
}

// Codes of failures that have no answer to take one from.
const (
	CodeTimeout     = "timeout"      // no answer in time
	CodeCancelled   = "cancelled"    // the caller gave up
	CodeNetwork     = "network"      // no connection, or it broke
	CodeBreakerOpen = "breaker-open" // not tried: the system failed too often just now
	CodeBusy        = "busy"         // not tried: too many calls at once
	CodeClosed      = "closed"       // not tried: this system must not be called, see Options.Closed
	CodeRefused     = "refused"      // not tried: the host stands for an address that Options.Permit refuses
	CodeUnreadable  = "unreadable"   // an answer that is not what was agreed
	CodeTooLarge    = "too-large"    // an answer longer than allowed
)

const bodyKept = 64 << 10

// AsError finds the *Error in a chain of errors.
func AsError(err error) (*Error, bool) { return errors.AsType[*Error](err) }

// Error gives one line: "twilio message.create: 400 21211: the number is not valid".
func (e *Error) Error() string {
	what := ""
	if e.Status != 0 {
		what = strconv.Itoa(e.Status)
	}
	if e.Code != "" {
		what = strings.TrimSpace(what + " " + e.Code)
	}
	if e.Reason != "" {
		what = strings.TrimPrefix(what+": "+e.Reason, ": ")
	}
	return e.System + " " + e.Op + ": " + what
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Format prints the same line for every verb, so that %#v shows no body.
func (e *Error) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, e.Error()) }

// LogValue logs the parts, without the body.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("system", e.System), slog.String("op", e.Op), slog.Int("status", e.Status),
		slog.String("code", e.Code), slog.String("reason", e.Reason), slog.String("outcome", e.Outcome.String()))
}

// MarshalJSON gives the same parts.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"system": e.System, "op": e.Op, "status": e.Status, "code": e.Code, "reason": e.Reason,
		"temporary": e.Temporary, "outcome": e.Outcome.String(),
	})
}

// AttemptInfo describes the call for the record of an attempt.
func (e *Error) AttemptInfo() (status int, code, detail string) { return e.Status, e.Code, e.Error() }

// Problem explains the failure to the edge: out of time is a Timeout, a system
// that is away (no connection, 429, 502, 503, 504, breaker open) or closed is Unavailable,
// anything else it answered is Upstream. The other system's words stay inside.
func (e *Error) Problem() *hub.Error {
	p := &hub.Error{Kind: hub.Upstream, Code: "upstream-failed", Detail: "Another system did not answer as expected.", Err: e}
	switch {
	case e.Code == CodeTimeout || e.Code == CodeCancelled:
		p.Kind, p.Code, p.Detail = hub.Timeout, "timeout", "Another system did not answer in time."
	case e.Code == CodeClosed:
		p.Kind, p.Code, p.Detail = hub.Unavailable, "part-off", "Calls to this system are switched off."
	case e.away():
		p.Kind, p.Code, p.Detail = hub.Unavailable, "upstream-unavailable", "Another system cannot be reached right now."
		p.RetryAfter = max(e.RetryAfter, time.Second)
	}
	return p
}

func (e *Error) away() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		return e.Temporary
	default:
		return e.Code == CodeNetwork // the connection broke inside the answer
	}
}

// Redact replaces the secrets in a text by "[secret]": the given ones, in every
// form in which they travel, and whatever looks like one.
func Redact(text string, secrets ...string) string { return redact.Text(text, secrets...) }

// redacted keeps a cause for errors.Is and errors.As while its text is safe.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string                  { return r.text }
func (r *redacted) Unwrap() error                  { return r.err }
func (r *redacted) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, r.text) }
func (r *redacted) MarshalJSON() ([]byte, error)   { return json.Marshal(r.text) }
func (r *redacted) LogValue() slog.Value           { return slog.StringValue(r.text) }
