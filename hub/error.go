package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a failure. The edge turns it into an HTTP status.
type Kind int

// The kinds, with the status that the edge answers.
const (
	Internal        Kind = iota // 500: our mistake; the cause goes to the log only
	Malformed                   // 400: the request cannot be read
	Unauthenticated             // 401: no proof, or a wrong one
	Forbidden                   // 403: known, but not allowed
	NotFound                    // 404
	NotAllowed                  // 405: wrong method
	Conflict                    // 409: the state of the thing forbids it
	Gone                        // 410: an expired link
	TooLarge                    // 413
	Unsupported                 // 415: wrong media type
	Invalid                     // 422: readable, but wrong
	OtherProtocol               // 426: a WebSocket begins there, say; with the header Upgrade
	TooMany                     // 429
	Upstream                    // 502: another system answered badly
	Unavailable                 // 503: the store or another system is away
	Timeout                     // 504: a time budget is spent
)

var kindStatus = [...]int{500, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 426, 429, 502, 503, 504}

// Status returns the HTTP status of the kind.
func (k Kind) Status() int {
	if k < 0 || int(k) >= len(kindStatus) {
		return 500
	}
	return kindStatus[k]
}

// KindOfStatus returns the kind that answers with an HTTP status: the exact one
// where it exists, else Malformed for 4xx and Internal for the rest.
func KindOfStatus(status int) Kind {
	for k, s := range kindStatus {
		if s == status {
			return Kind(k)
		}
	}
	if status >= 400 && status < 500 {
		return Malformed
	}
	return Internal
}

// Field names one wrong value of a request by its JSON pointer ("/quotation").
// It never repeats the value.
type Field struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Error is a failure that can be shown to the caller. Code is stable and listed
// in the catalogue (see Problems); Detail is one safe sentence; Err is the cause,
// for the log only.
type Error struct {
	Kind       Kind
	Code       string
	Detail     string
	Fields     []Field
	RetryAfter time.Duration   // advice to the caller; zero for none
	Retryable  bool            // nothing was done, and the same request may be sent again
	State      map[string]any  // the current state of the thing, on a Conflict
	ExcType    string          // ERPNext's class of the refusal ("LinkValidationError"), where it was one
	Current    json.RawMessage // the document as it stands now, on a Conflict over a document
	Err        error
}

// Error gives the text for logs: code, detail and cause.
func (e *Error) Error() string {
	text := e.Code
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Problem lets an Error explain itself to the edge. Errors of other packages
// that have such a method are explained the same way.
func (e *Error) Problem() *Error { return e }

// Option adds a detail to a failure made by Fail.
type Option func(*Error)

// Fail makes a failure. code must stand in the catalogue; detail must be safe
// for the caller to read; cause may be nil.
func Fail(kind Kind, code, detail string, cause error, options ...Option) error {
	e := &Error{Kind: kind, Code: code, Detail: detail, Err: cause}
	for _, set := range options {
		set(e)
	}
	return e
}

// PartOff is the failure of a part whose system, "ERPNext" say, is not configured.
func PartOff(system string) error {
	return Fail(Unavailable, "part-off", "This needs "+system+", which is not configured.", nil)
}

// WithField says which value of the request is wrong.
func WithField(pointer, detail string) Option {
	return func(e *Error) { e.Fields = append(e.Fields, Field{pointer, detail}) }
}

// WithRetryAfter advises the caller when to try again.
func WithRetryAfter(d time.Duration) Option {
	return func(e *Error) { e.RetryAfter = d }
}

// AsRetryable says that nothing was done, and that the same request may be sent again.
func AsRetryable() Option { return func(e *Error) { e.Retryable = true } }

// WithState shows the current state of the thing that is in the way.
func WithState(state map[string]any) Option {
	return func(e *Error) { e.State = state }
}

// WithExcType says which class ERPNext gave its refusal.
func WithExcType(class string) Option {
	return func(e *Error) { e.ExcType = class }
}

// WithCurrent shows the document that is in the way as it stands now: a JSON
// object without secrets.
func WithCurrent(document json.RawMessage) Option {
	return func(e *Error) { e.Current = document }
}

// ProblemOf finds the failure in a chain of errors that can explain itself. An
// error that cannot becomes an Internal one that shows nothing.
func ProblemOf(err error) *Error {
	var p interface{ Problem() *Error }
	if errors.As(err, &p) {
		if e := p.Problem(); e != nil {
			return e
		}
	}
	return &Error{Kind: Internal, Code: "internal", Err: err}
}

// IsKind tells whether an error explains itself as the kind.
func IsKind(err error, kind Kind) bool {
	return err != nil && ProblemOf(err).Kind == kind
}

// HasCode tells whether an error explains itself with the code.
func HasCode(err error, code string) bool {
	return err != nil && ProblemOf(err).Code == code
}

// Recovered turns the value of a recovered panic into an error for the log.
func Recovered(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", v)
}
