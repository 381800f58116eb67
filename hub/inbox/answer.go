package inbox

import (
	"cmp"
	"context"
	"errors"
	"net/http"
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

// words describes the answer.
func (r Reply) words() string {
	if r == (Reply{}) {
		return ": {status: stored|duplicate, id}"
	}
	return " in the form that this sender expects"
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
	switch {
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
	Status string `json:"status"` // stored, duplicate
	ID     string `json:"id"`
}
