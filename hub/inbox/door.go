// Package inbox is the door for what other systems tell us, and the memory of
// it. A delivery is limited, verified, stored with its raw bytes, and only then
// answered with 200; the work happens afterwards, again and again until it is
// done or given up. What each sender is like stands in package webhooks.
//
// Routes: POST of every path of every Source, and for the staff GET /inbox,
// GET /inbox/{id} and POST /inbox/{id}/retry. Events: delivery.taken,
// delivery.died. Systems called: none by itself; a Source's Take calls what it
// was given. It remembers every delivery as a job of kind inbox.<source>.
package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Store is what the door needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Rates
}

// Publisher tells the news.
type Publisher interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the door works with.
type Deps struct {
	Store   Store
	Events  Publisher
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Now     func() time.Time // time.Now when nil
}

// Door takes deliveries in.
type Door struct {
	deps    Deps
	sources []Source
	came    *prometheus.CounterVec
}

// NewDoor makes a door with its sources.
func NewDoor(deps Deps, sources ...Source) *Door {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	d := &Door{deps: deps, came: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_inbox_deliveries_total", Help: "Deliveries of webhooks by what the door answered.",
	}, []string{"source", "outcome"})}
	if deps.Metrics != nil {
		deps.Metrics.MustRegister(d.came)
	}
	for _, s := range sources {
		d.sources = append(d.sources, s.withDefaults())
	}
	return d
}

// Mount adds the routes of every source.
func (d *Door) Mount(r *web.Router) {
	for _, s := range d.sources {
		for i, path := range s.Paths {
			id := "receive-" + s.Name
			if i > 0 {
				id = fmt.Sprintf("%s-%d", id, i+1)
			}
			r.Handle(http.MethodPost, path, web.Signed, d.receive(s), web.Doc{
				ID: id, Tag: "webhooks", Summary: "Deliveries of " + s.Name, MaxBody: s.MaxBody,
				Description: "Verified, stored, then answered: {status: stored|duplicate, id}. A duplicate of one that was " +
					"given up, or that waits for its next try, has it tried at once.",
				Body: "application/json",
			})
		}
	}
}

func (d *Door) receive(s Source) echo.HandlerFunc {
	return func(c echo.Context) error {
		job, fresh, err := d.take(c, s)
		d.came.WithLabelValues(s.Name, outcomeOf(fresh, err)).Inc()
		if err != nil {
			return err
		}
		status := "duplicate"
		if fresh {
			status = "stored"
		}
		return c.JSON(http.StatusOK, receipt{status, job.ID})
	}
}

// take leads a delivery through the door: limit, proof, allowance, store.
func (d *Door) take(c echo.Context, s Source) (keep.Job, bool, error) {
	r := c.Request()
	body, err := readAll(r)
	if err != nil {
		return keep.Job{}, false, err
	}
	call := Call{Header: r.Header, Body: body, Path: r.URL.Path, Query: r.URL.RawQuery, At: d.deps.Now().UTC()}
	proof, err := s.Verify(call)
	if err != nil {
		return keep.Job{}, false, refusal(err)
	}
	// Once begun, storing is not undone by a sender that hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storePatience)
	defer cancel()
	if err := d.admit(ctx, s); err != nil {
		return keep.Job{}, false, err
	}
	job, fresh, err := d.deps.Store.Put(ctx, s.file(call, proof, hub.RequestID(ctx)))
	if err == nil && !fresh {
		err = d.again(ctx, job)
	}
	if err != nil {
		d.deps.Log.ErrorContext(ctx, "delivery not stored", "source", s.Name, "err", err)
		return keep.Job{}, false, unstored(err)
	}
	return job, fresh, nil
}

// readAll returns the body, which the edge bounds: 413, or 400 when it ends
// early. Room for it is made once, as far as what the sender says of its length
// may be believed before anything is proven.
func readAll(r *http.Request) ([]byte, error) {
	room := min(max(r.ContentLength, 0), 16<<10) + bytes.MinRead
	body := bytes.NewBuffer(make([]byte, 0, room))
	_, err := body.ReadFrom(r.Body)
	return body.Bytes(), err
}

const storePatience = 10 * time.Second

func unstored(cause error) error {
	return hub.Fail(hub.Unavailable, "store-unavailable", "Nothing was taken in: send it again.", cause,
		hub.WithRetryAfter(10*time.Second))
}

// admit meters proven deliveries, so that a sender gone wild cannot fill the store.
func (d *Door) admit(ctx context.Context, s Source) error {
	if s.Burst <= 0 {
		return nil
	}
	ok, wait, err := d.deps.Store.Allow(ctx, "webhook:"+s.Name, s.Burst, s.Period)
	if err != nil {
		return unstored(err)
	}
	if !ok {
		return hub.Fail(hub.TooMany, "too-many-requests", "Too many deliveries: send it again later.", nil,
			hub.WithRetryAfter(max(wait, time.Second)))
	}
	return nil
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
