package traccarsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/order"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
	"gigafibre.ca/targo-hub/simkit"
)

func (s *Sim) controls() {
	s.control.Handle("POST /_sim/move", s.simMove)
	s.control.Handle("POST /_sim/drive", s.simDrive)
	s.control.Handle("POST /_sim/event", s.simEvent)
	s.control.Handle("POST /_sim/cut", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Restart bool `json:"restart"`
		}
		if !simkit.ReadJSON(w, r, &in) {
			return
		}
		if in.Restart {
			s.Restart()
		} else {
			s.Cut()
		}
		simkit.WriteJSON(w, http.StatusOK, map[string]bool{"cut": true})
	})
	s.control.Handle("POST /_sim/hush", func(w http.ResponseWriter, _ *http.Request) {
		s.Hush()
		simkit.WriteJSON(w, http.StatusOK, map[string]bool{"silent": true})
	})
	s.control.Handle("POST /_sim/expire", func(w http.ResponseWriter, _ *http.Request) {
		s.Expire()
		simkit.WriteJSON(w, http.StatusOK, map[string]bool{"expired": true})
	})
	s.control.Handle("POST /_sim/say", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Text string `json:"text"`
		}
		if simkit.ReadJSON(w, r, &in) {
			s.Say(in.Text)
			simkit.WriteJSON(w, http.StatusOK, map[string]int{"said": len(in.Text)})
		}
	})
}

// kinds are the faults of this simulator's own.
func (s *Sim) kinds() {
	s.control.Kind("html", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><html><body><h1>Traccar is being updated</h1></body></html>")
	})
	s.control.Kind("trace", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		refuse(w, http.StatusBadRequest, "java.lang.NullPointerException: Cannot invoke \"org.traccar.model.Device.getGroupId()\"")
	})
	for name, how := range map[string]int{"silent": mute, "cut": abrupt} {
		s.control.Kind(name, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Path == "/api/socket" {
				s.converse(w, r, how)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Notice lets Traccar notice something about a device: "geofenceEnter", "alarm" …
func (s *Sim) Notice(device int64, kind string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.units[device]
	if u == nil {
		return fmt.Errorf("%w %d", ErrUnknown, device)
	}
	now := s.now()
	s.lastID++
	e := wire.Event{ID: s.lastID, Attributes: map[string]any{}, DeviceID: device, Type: kind, EventTime: wire.Stamp(now)}
	var at *wire.Position
	if u.last != nil {
		at, e.PositionID = &u.last.Position, u.last.ID
	}
	s.post.Event(e, at, u.wire(now))
	s.tell("events", e)
	return nil
}

// held is how long a tracker that was put somewhere stays there, whatever trip it is on.
const held = 2 * time.Minute

// simMove takes one position, or a list of them.
func (s *Sim) simMove(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
	var orders []order.Order
	if err == nil {
		orders, err = order.Read(raw)
	}
	if err != nil {
		answer(w, err, nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var wrong []error
	for _, o := range orders {
		wrong = append(wrong, s.put(o))
	}
	answer(w, errors.Join(wrong...), map[string]int{"moved": len(orders)})
}

// put lets a tracker report from a place and holds it there for a while.
func (s *Sim) put(o order.Order) error {
	u := s.named(o.Device)
	if u == nil {
		return fmt.Errorf("%w %q: known are %s", ErrUnknown, o.Device, s.roll())
	}
	u.held = s.now().Add(held)
	return s.take(Fix{
		Device: u.ID, Lat: o.Lat, Lon: o.Lon, SpeedKmh: o.SpeedKmh, Course: o.Course, Accuracy: o.Accuracy, Altitude: o.Altitude,
		Battery: o.Battery, At: o.At, Invalid: o.Invalid, attributes: o.Attributes,
	})
}

func (s *Sim) simDrive(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Device   json.RawMessage `json:"device"`
		UniqueID string          `json:"unique_id"`
		Line     [][2]float64    `json:"line"`
		Kmh      float64         `json:"kmh"`
		Loop     bool            `json:"loop"`
		DelayS   float64         `json:"delay_s"`
		Stops    []struct {
			Point   int     `json:"point"`
			Seconds float64 `json:"seconds"`
		} `json:"stops"`
	}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	t := Trip{Device: s.number(in.Device, in.UniqueID), Line: in.Line, Kmh: in.Kmh, Loop: in.Loop, Delay: seconds(in.DelayS)}
	for _, stop := range in.Stops {
		t.Stops = append(t.Stops, Stop{Point: stop.Point, For: seconds(stop.Seconds)})
	}
	err := s.Drive(t)
	if err == nil {
		s.mu.Lock()
		s.units[t.Device].held = time.Time{}
		s.mu.Unlock()
	}
	answer(w, err, map[string]bool{"driving": true})
}

func (s *Sim) simEvent(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Device   json.RawMessage `json:"device"`
		UniqueID string          `json:"unique_id"`
		Type     string          `json:"type"`
	}
	if simkit.ReadJSON(w, r, &in) {
		answer(w, s.Notice(s.number(in.Device, in.UniqueID), in.Type), map[string]string{"noticed": in.Type})
	}
}

func answer(w http.ResponseWriter, err error, good any) {
	switch {
	case errors.Is(err, ErrUnknown):
		simkit.WriteJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case err != nil:
		simkit.WriteJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
	default:
		simkit.WriteJSON(w, http.StatusOK, good)
	}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
