// Package body takes in request bodies: no bigger than a limit, no slower than a
// time, and readable twice, because a proof or an idempotency key must be looked
// at before the handler reads. It has no routes, calls nothing and remembers
// nothing.
package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What can be wrong with a body.
var (
	ErrTooLarge  = errors.New("body is larger than the limit")
	ErrTruncated = errors.New("body ended early")
)

// Bounds limit a body.
type Bounds struct {
	Size    int64                 // bytes
	Time    time.Duration         // for all of it to arrive: a trickle would hold the handler
	Explain func(err error) error // what a reader gets to see of ErrTooLarge and ErrTruncated
}

// Apply refuses a body that says it is too large before any of it is read, and
// makes one that turns out to be fail while it is read.
func (b Bounds) Apply(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > b.Size {
		w.Header().Set("Connection", "close")
		return b.Explain(ErrTooLarge)
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &bounded{
			ReadCloser: http.MaxBytesReader(w, r.Body, b.Size), bounds: b, clock: http.NewResponseController(w),
		}
	}
	return nil
}

type bounded struct {
	io.ReadCloser
	bounds  Bounds
	clock   *http.ResponseController
	started bool
}

// Read reads on, or says why not in the words of Explain.
func (b *bounded) Read(p []byte) (int, error) {
	if !b.started {
		b.started = true
		_ = b.clock.SetReadDeadline(time.Now().Add(b.bounds.Time)) // a writer without deadlines (in tests) has no trickle
	}
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	var big *http.MaxBytesError
	switch {
	case errors.Is(err, io.EOF):
		_ = b.clock.SetReadDeadline(time.Time{})
		return n, io.EOF
	// Else the limit stays: the server reads on before it sends an answer, and
	// would wait for the rest for ever.
	case errors.As(err, &big):
		return n, b.bounds.Explain(ErrTooLarge)
	}
	return n, b.bounds.Explain(errors.Join(ErrTruncated, err))
}

// held is a body that was read and can be read again.
type held struct {
	*bytes.Reader
	whole []byte
}

// Close does nothing: the bytes stay.
func (held) Close() error { return nil }

// Read returns the whole body and leaves it to be read again.
func Read(r *http.Request) ([]byte, error) {
	before, again := r.Body.(held)
	whole := before.whole
	if !again {
		var err error
		if whole, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	r.Body = held{bytes.NewReader(whole), whole}
	return whole, nil
}

// Essence is what two sendings of the same content have in common: all of the
// body, but of a form without the boundary, which is drawn anew for each sending.
func Essence(r *http.Request, whole []byte) []byte {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return whole
	}
	return bytes.ReplaceAll(whole, []byte("--"+params["boundary"]), []byte("--"))
}

// Token returns the member "token" of a JSON object or a form, "" when there is
// none. What else is wrong with the body is not its business.
func Token(r *http.Request) (string, error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	isForm := kind == "application/x-www-form-urlencoded"
	if !isForm && kind != "application/json" && kind != "" {
		return "", nil
	}
	whole, err := Read(r)
	if err != nil {
		return "", err
	}
	if isForm {
		form, _ := url.ParseQuery(string(whole)) // what could be read of it counts
		return form.Get("token"), nil
	}
	var object struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(whole, &object) != nil {
		return "", nil
	}
	return object.Token, nil
}
