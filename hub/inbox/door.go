// Package inbox is the door for what other systems tell us, and the memory of
// it. A delivery is limited, verified, stored with its raw bytes, and only then
// answered with 200; the work happens afterwards, again and again until it is
// done or given up. What is not proven is refused and only counted. What each
// sender is like stands in package webhooks.
//
// Routes: POST of every path of every Source, and for the staff GET /inbox,
// GET /inbox/{id}, POST /inbox/{id}/retry and POST /inbox/replay. Events:
// delivery.taken, delivery.died. Systems called: none by itself; a Source's Take calls what it
// was given. It remembers every delivery as a job of kind inbox.<source>, and
// how many were refused (package refusals).
package inbox

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox/refusals"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Store is what the door needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Values
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
	refused *refusals.Book
	room    map[string]*rate.Limiter // by source, what may still come in; nil where nothing bounds it
}

// NewDoor makes a door with its sources.
func NewDoor(deps Deps, sources ...Source) *Door {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	d := &Door{deps: deps, room: map[string]*rate.Limiter{}, came: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_inbox_deliveries_total", Help: "Deliveries of webhooks by what the door answered.",
	}, []string{"source", "outcome"}), refused: refusals.NewBook(deps.Store, deps.Log)}
	if deps.Metrics != nil {
		deps.Metrics.MustRegister(d.came)
	}
	for _, s := range sources {
		s = s.withDefaults()
		d.sources = append(d.sources, s)
		d.room[s.Name] = s.allowance()
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
				Description: s.words(), Body: s.Media, Answer: s.Reply.Type, Status: s.Reply.Status, Shape: s.Reply.shape(),
				Failures: failures(), Lean: true,
			})
		}
	}
}

// File takes in a delivery that was fetched instead of received: what a sender
// told while nobody listened. It goes the way of every other one, without a
// signature; proof names how it is known ("reconciled"). One that was delivered
// already is returned with fresh = false and left as it is: only its sender, or
// a person, has it tried again.
func (d *Door) File(ctx context.Context, source string, body []byte, header http.Header, proof string) (job keep.Job, fresh bool, err error) {
	i := slices.IndexFunc(d.sources, func(s Source) bool { return s.Name == source })
	if i < 0 {
		return keep.Job{}, false, fmt.Errorf("filing a delivery: there is no source %q", source)
	}
	s := d.sources[i]
	call := Call{Header: header, Body: body, Path: s.Paths[0], At: d.deps.Now().UTC()}
	if err = d.admit(s, call.At); err == nil {
		job, fresh, err = d.put(ctx, s, call, proof)
	}
	d.came.WithLabelValues(s.Name, outcomeOf(fresh, err)).Inc()
	return job, fresh, err
}

func (d *Door) receive(s Source) echo.HandlerFunc {
	return func(c echo.Context) error {
		job, fresh, err := d.take(c, s)
		d.came.WithLabelValues(s.Name, outcomeOf(fresh, err)).Inc()
		if err != nil {
			return err
		}
		if s.Reply != (Reply{}) {
			return s.Reply.write(c)
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
		return keep.Job{}, false, d.refuse(c, s, call.At, err)
	}
	if err := d.admit(s, call.At); err != nil {
		return keep.Job{}, false, err
	}
	// Once begun, storing is not undone by a sender that hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storePatience)
	defer cancel()
	job, fresh, err := d.put(ctx, s, call, proof)
	if err == nil && !fresh {
		err = d.unstored(ctx, s, d.again(ctx, job))
	}
	return job, fresh, err
}

// put stores a proven delivery.
func (d *Door) put(ctx context.Context, s Source, call Call, proof string) (keep.Job, bool, error) {
	job, fresh, err := d.deps.Store.Put(ctx, s.file(call, proof, hub.RequestID(ctx)))
	if err != nil {
		return keep.Job{}, false, d.unstored(ctx, s, err)
	}
	if fresh {
		d.charge(s, call.At)
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
