package traccar

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Position is where a device was.
type Position struct {
	ID         int64 // 0 when it was forwarded, or not numbered
	DeviceID   int64
	FixedAt    time.Time // when the receiver knew the place; old in a sign of life without a new fix
	SaidAt     time.Time // the device's clock
	ReceivedAt time.Time // by Traccar; zero when it does not say
	Valid      bool
	Latitude   float64 // it and the longitude are NaN when it was forwarded without a place on earth
	Longitude  float64
	Altitude   float64 // metres
	SpeedKmh   float64
	Course     float64 // degrees from north, clockwise
	Accuracy   float64 // metres, 0 when unknown
	Address    string
	Attributes map[string]json.RawMessage // batteryLevel %, ignition, motion, alarm …
}

// Event is something that Traccar noticed: deviceOnline, geofenceEnter,
// ignitionOff, alarm …
type Event struct {
	ID            int64 // 0 when Traccar has not numbered it
	DeviceID      int64
	Type          string
	At            time.Time
	GeofenceID    int64
	MaintenanceID int64
	Attributes    map[string]json.RawMessage
}

// knot is how many kilometres an hour one is.
const knot = 1.852

var errNowhere = errors.New("reading a position: it does not say where")

// position gives what else is known beside errNowhere.
func (w *wirePosition) position() (*Position, error) {
	if w == nil {
		return nil, nil
	}
	p := &Position{
		ID: w.ID, DeviceID: w.DeviceID, FixedAt: time.Time(w.FixTime), SaidAt: time.Time(w.DeviceTime), ReceivedAt: time.Time(w.ServerTime),
		Valid: w.Valid, Altitude: w.Altitude.or0(), SpeedKmh: w.Speed.or0() * knot, Course: w.Course.or0(), Accuracy: w.Accuracy.or0(),
		Address: w.Address, Attributes: w.Attributes,
	}
	if p.FixedAt.IsZero() {
		p.FixedAt = p.SaidAt
	}
	if p.FixedAt.IsZero() {
		return nil, errors.New("reading a position: it does not say when")
	}
	if w.Latitude == nil || w.Longitude == nil || !onEarth(float64(*w.Latitude), float64(*w.Longitude)) {
		p.Latitude, p.Longitude = math.NaN(), math.NaN()
		return p, errNowhere
	}
	p.Latitude, p.Longitude = float64(*w.Latitude), float64(*w.Longitude)
	return p, nil
}

// readPosition reads one of a list, which says itself whose it is.
func readPosition(raw json.RawMessage) (Position, error) {
	var w *wirePosition
	if err := json.Unmarshal(raw, &w); err != nil {
		return Position{}, err
	}
	p, err := w.position()
	if err != nil {
		return Position{}, err
	}
	if p == nil || p.DeviceID <= 0 {
		return Position{}, errors.New("reading a position: it names no device")
	}
	return *p, nil
}

func (w *wireEvent) event() (*Event, error) {
	if w == nil {
		return nil, nil
	}
	if w.Type == "" || time.Time(w.EventTime).IsZero() {
		return nil, errors.New("reading an event of Traccar: it lacks its type or its time")
	}
	return &Event{
		ID: w.ID, DeviceID: w.DeviceID, Type: w.Type, At: time.Time(w.EventTime), GeofenceID: w.GeofenceID,
		MaintenanceID: w.MaintenanceID, Attributes: w.Attributes,
	}, nil
}

func readEvent(raw json.RawMessage) (Event, error) {
	var w *wireEvent
	if err := json.Unmarshal(raw, &w); err != nil {
		return Event{}, err
	}
	e, err := w.event()
	if err != nil {
		return Event{}, err
	}
	if e == nil || e.DeviceID <= 0 {
		return Event{}, errors.New("reading an event of Traccar: it names no device")
	}
	return *e, nil
}

type wirePosition struct {
	ID         int64                      `json:"id"`
	DeviceID   int64                      `json:"deviceId"`
	FixTime    instant                    `json:"fixTime"`
	DeviceTime instant                    `json:"deviceTime"`
	ServerTime instant                    `json:"serverTime"`
	Valid      bool                       `json:"valid"`
	Latitude   *number                    `json:"latitude"`
	Longitude  *number                    `json:"longitude"`
	Altitude   number                     `json:"altitude"`
	Speed      number                     `json:"speed"` // knots
	Course     number                     `json:"course"`
	Accuracy   number                     `json:"accuracy"`
	Address    string                     `json:"address"`
	Attributes map[string]json.RawMessage `json:"attributes"`
}

type wireEvent struct {
	ID            int64                      `json:"id"`
	DeviceID      int64                      `json:"deviceId"`
	Type          string                     `json:"type"`
	EventTime     instant                    `json:"eventTime"`
	GeofenceID    int64                      `json:"geofenceId"`
	MaintenanceID int64                      `json:"maintenanceId"`
	Attributes    map[string]json.RawMessage `json:"attributes"`
}

// number is a JSON number, or one of the texts that Java makes of those that JSON
// lacks: "NaN", "Infinity", "-Infinity". All three become NaN.
type number float64

// UnmarshalJSON reads either; null is 0.
func (n *number) UnmarshalJSON(raw []byte) error {
	if raw[0] != '"' {
		return json.Unmarshal(raw, (*float64)(n))
	}
	switch string(raw) {
	case `"NaN"`, `"Infinity"`, `"-Infinity"`:
		*n = number(math.NaN())
		return nil
	}
	return errors.New("reading a number of Traccar: it is none")
}

// or0 is the number, or 0 when it is none: what is unknown about a fix is 0.
func (n number) or0() float64 {
	if n != n {
		return 0
	}
	return float64(n)
}

// instant is a time in UTC: "2026-08-21T16:18:51.000+00:00", the same with
// +0000, or milliseconds since 1970, depending on how Traccar was built.
type instant time.Time

// farthest is the last instant whose nanoseconds an int64 holds.
const farthest = math.MaxInt64 / int64(time.Millisecond)

// UnmarshalJSON reads every form, and null as the zero time.
func (i *instant) UnmarshalJSON(raw []byte) error {
	var text string
	if raw[0] != '"' {
		var ms *int64
		if err := json.Unmarshal(raw, &ms); err != nil || ms == nil {
			return err
		}
		if *ms <= 0 || *ms > farthest {
			return errors.New("reading a time of Traccar: out of range")
		}
		*i = instant(time.UnixMilli(*ms).UTC())
		return nil
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} { // either takes a fraction
		at, err := time.Parse(layout, strings.TrimSpace(text))
		if at = at.UTC(); err == nil && at.Year() >= 1970 && at.Year() < 2262 {
			*i = instant(at)
			return nil
		}
	}
	return fmt.Errorf("reading a time of Traccar: of %d letters, and none", len(text))
}
