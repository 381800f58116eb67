package live

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount adds the route.
func (b *Broker) Mount(r *web.Router) {
	var topics []string
	for _, topic := range hub.Topics() {
		topics = append(topics, string(topic))
	}
	r.Handle(http.MethodGet, "/events", web.Staff, b.listen, web.Doc{
		ID: "listen-to-events", Tag: "events", Summary: "What happens, as it happens",
		Description: "Server-sent events of ?topics= (comma-separated: " + strings.Join(topics, ", ") + "; all when absent). Last-Event-ID, or ?last_event_id=, replays everything after that id. " +
			"`event: reset` says that events were missed for good: read anew what you show.",
		Answer: "text/event-stream", Stream: true,
	})
}

func (b *Broker) listen(c echo.Context) error {
	request := c.Request()
	actor := hub.ActorOf(request.Context())
	topics, err := topicsFor(actor, request.URL.Query()["topics"])
	if err != nil {
		return err
	}
	leave, err := b.seats.Take(actor.String())
	if err != nil {
		return err
	}
	defer leave()
	s := &stream{broker: b, actor: actor, out: c.Response(), topics: topics}
	s.control = http.NewResponseController(s.out)
	missed, err := s.locate(request.Context(), lastSeen(request))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(request.Context())
	defer cancel(nil)
	if !actor.Expires.IsZero() {
		timer := time.AfterFunc(time.Until(actor.Expires), func() { cancel(errExpired) })
		defer timer.Stop()
	}
	b.listeners.Inc()
	defer b.listeners.Dec()
	b.ended.WithLabelValues(reasonOf(s.run(ctx, missed))).Inc()
	_ = s.control.SetWriteDeadline(time.Now().Add(b.limits.write)) // for the end of the answer itself
	return nil                                                     // it has begun: nothing more can be said
}

// topicsFor reads the topics asked for; none means all that the actor may hear.
func topicsFor(actor hub.Actor, values []string) ([]hub.Topic, error) {
	may := audible(actor.Role)
	var topics []hub.Topic
	for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
		topic := hub.Topic(strings.TrimSpace(name))
		switch {
		case topic == "":
		case !slices.Contains(hub.Topics(), topic):
			return nil, hub.Fail(hub.Invalid, "invalid", "There is no such topic.", nil,
				hub.WithField("/topics", "must be among the documented topics"))
		case !slices.Contains(may, topic):
			return nil, hub.Fail(hub.Forbidden, "forbidden", "This topic is for others.", nil)
		case !slices.Contains(topics, topic):
			topics = append(topics, topic)
		}
	}
	if len(topics) == 0 {
		topics = may
	}
	if len(topics) == 0 {
		return nil, hub.Fail(hub.Forbidden, "forbidden", "There is no topic for this role.", nil)
	}
	return topics, nil
}

// audible says which role may hear what. Events name customers and their
// documents, so only the staff hears them.
func audible(role hub.Role) []hub.Topic {
	if role == hub.RoleStaff {
		return hub.Topics()
	}
	return nil
}

// lastSeen reads the id that the client saw last. The header wins: a browser
// that comes back sends it, while the query is still that of its first visit.
func lastSeen(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	return r.URL.Query().Get("last_event_id")
}

// locate puts the listener at its place in the ring: at now when it saw nothing,
// else where it left. missed is true when that place no longer exists.
func (s *stream) locate(ctx context.Context, seen string) (missed bool, err error) {
	select {
	case <-s.broker.done:
		return false, hub.Fail(hub.Unavailable, "unavailable", "The hub is stopping.", nil,
			hub.WithRetryAfter(3*time.Second))
	default:
	}
	s.era = s.broker.window.age()
	last, err := s.broker.store.Last(ctx)
	if err != nil {
		return false, fmt.Errorf("finding the newest event: %w", err)
	}
	s.position, s.told = last, last
	if seen == "" {
		return false, nil
	}
	id, err := strconv.ParseInt(seen, 10, 64)
	if err != nil || id < 0 || id > last { // not ours, or of a ring that was since replaced
		return true, nil
	}
	_, oldest, err := s.broker.store.Read(ctx, id, 1, s.topics...)
	if err != nil {
		return false, fmt.Errorf("finding where the listener left: %w", err)
	}
	if forgotten(id, oldest, last) {
		return true, nil
	}
	s.position, s.told = id, id
	return false, nil
}

// forgotten tells whether events between id and last are no longer in the ring.
func forgotten(id, oldest, last int64) bool {
	if oldest == 0 {
		return id < last
	}
	return id < oldest-1
}
