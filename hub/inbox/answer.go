package inbox

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
)

// Reply is a good answer that is always the same.
type Reply struct {
	Status int    // 200 when 0
	Type   string // media type
	Body   string
}

func (r Reply) write(c echo.Context) error {
	status := cmp.Or(r.Status, http.StatusOK)
	if r.Body == "" {
		return c.NoContent(status)
	}
	return c.Blob(status, r.Type, []byte(r.Body))
}

// shape is what the answer's JSON looks like, nil where it has none.
func (r Reply) shape() any {
	if r == (Reply{}) {
		return receipt{}
	}
	return nil
}

// words describes the door of a source.
func (s Source) words() string {
	answer := "the receipt"
	switch {
	case s.Reply.Body != "":
		answer = "`" + s.Reply.Body + "`"
	case s.Reply != (Reply{}):
		answer = "an empty body"
	}
	return strings.TrimSpace(s.About + "\n\nVerified, stored, and only then answered with " + answer + ". 401: the proof is missing or wrong. " +
		"503: nothing was taken in, send it again after Retry-After. A duplicate of one that was given up, or that waits for its " +
		"next try, has it tried at once.")
}

// failures are all that a door answers beside a good answer.
func failures() []int {
	return []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}
}

// Probe is the header that says that somebody only looks whether the door
// answers: its refusal is no sign of a wrong secret, and is not remembered.
const Probe = "X-Targo-Probe"

// Why a proof is refused, for Verify to put into the cause; any other is wrong.
var (
	ErrUnsigned = errors.New("the proof is missing")
	ErrTooOld   = errors.New("the proof is too old, or too new")
)

// probed is the refusal of a probe.
type probed struct{ error }

func (p probed) Unwrap() error { return p.error }

// refuse answers what is not proven, and counts it.
func (d *Door) refuse(c echo.Context, s Source, at time.Time, err error) error {
	err = refusal(err)
	r := c.Request()
	if r.Header.Get(Probe) != "" {
		return probed{err}
	}
	d.refused.Note(r.Context(), s.Name, reasonOf(err), at)
	return err
}

// reasonOf says why a delivery is refused, in words of ours.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, ErrNoSecret):
		return "no secret configured"
	case errors.Is(err, ErrUnsigned):
		return "signature missing"
	case errors.Is(err, ErrTooOld):
		return "signature too old"
	}
	return "signature wrong"
}

// unstored says that a delivery was not taken in, so that it is sent again. A
// store without room says so itself, and when to come back.
func (d *Door) unstored(ctx context.Context, s Source, cause error) error {
	if cause == nil {
		return nil
	}
	d.deps.Log.ErrorContext(ctx, "delivery not stored", "source", s.Name, "err", cause)
	if away, ok := errors.AsType[*hub.Error](cause); ok && away.Kind == hub.Unavailable && away.RetryAfter > 0 {
		return cause
	}
	return hub.Fail(hub.Unavailable, "store-unavailable", "Nothing was taken in: send it again.", cause,
		hub.WithRetryAfter(10*time.Second))
}

// refusal makes sure that an unproven delivery is answered as one: with the
// source's own words when it has some, else without any.
func refusal(err error) error {
	if hub.IsKind(err, hub.Unauthenticated) || errors.Is(err, ErrNoSecret) {
		return err
	}
	return hub.Fail(hub.Unauthenticated, "signature-invalid", "The proof of this delivery is not valid.", err)
}

func outcomeOf(fresh bool, err error) string {
	_, probe := errors.AsType[probed](err)
	switch {
	case probe:
		return "probe"
	case err == nil && fresh:
		return "stored"
	case err == nil:
		return "duplicate"
	case hub.IsKind(err, hub.Unauthenticated):
		return "unproven"
	case hub.IsKind(err, hub.Unavailable):
		return "away"
	default:
		return "refused"
	}
}

// receipt is what the sender is told.
type receipt struct {
	Status string `json:"status" enum:"stored,duplicate"`
	ID     string `json:"id" doc:"Of the delivery, see GET /inbox/{id}"`
}
