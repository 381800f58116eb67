package traccarsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
)

// Device is a tracker.
type Device struct {
	ID       int64 // the next free one when 0
	UniqueID string
	Name     string
	Category string
	Contact  string // who carries it
	Unlinked bool   // the user is not told of it; only an administrator can list it
}

// Fix is a message of a tracker: where it was.
type Fix struct {
	Device                     int64 // or else
	UniqueID                   string
	Lat, Lon                   float64 // NaN passes, as it does in Traccar
	SpeedKmh, Course, Accuracy float64
	At                         time.Time // now when zero
	Invalid                    bool
	Battery                    float64 // percent, 0 when unknown
	Altitude                   float64
	alive                      bool // a sign of life without a place
	protocol                   string
	attributes                 map[string]any
}

// record is a stored position.
type record struct {
	wire.Position
	at time.Time
}

// unit is a device with what it told.
type unit struct {
	Device
	heard   time.Time
	held    time.Time // until then it stays where it was put
	last    *record   // the one with the newest fix
	history []record
}

const (
	keptHistory = 5000             // positions a device
	statusLasts = 10 * time.Minute // without a message, until nobody knows whether it is online
	tooFarAhead = 24 * time.Hour   // a fix from that far in the future is dropped
	knot        = 1.852            // km/h
)

// Add registers devices.
func (s *Sim) Add(devices ...Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range devices {
		if d.ID == 0 {
			d.ID = s.lastDevice + 1
		}
		if d.UniqueID == "" {
			d.UniqueID = fmt.Sprint("tracker-", d.ID)
		}
		s.lastDevice = max(s.lastDevice, d.ID)
		u := &unit{Device: d}
		s.units[d.ID], s.byName[d.UniqueID] = u, u
	}
}

// ErrUnknown says that no such device is registered.
var ErrUnknown = errors.New("unknown device")

// Move lets trackers report. What is wrong with one keeps none of the others back.
func (s *Sim) Move(fixes ...Fix) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var wrong []error
	for _, f := range fixes {
		if err := s.take(f); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

func (s *Sim) unit(id int64, name string) *unit {
	if u := s.units[id]; u != nil {
		return u
	}
	return s.byName[name]
}

// named finds a device by its number, or by what it is called.
func (s *Sim) named(text string) *unit {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil && s.units[id] != nil {
		return s.units[id]
	}
	if u := s.byName[text]; u != nil || text == "" {
		return u
	}
	for _, u := range s.units {
		if u.Name == text || u.Contact == text {
			return u
		}
	}
	return nil
}

// number is that of a device that is called by its number or by a text; 0 when there
// is none.
func (s *Sim) number(device json.RawMessage, uniqueID string) int64 {
	text := cmp.Or(strings.Trim(string(device), `"`), uniqueID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.named(text); u != nil {
		return u.ID
	}
	return 0
}

// roll is a list of the devices, for who asks for another.
func (s *Sim) roll() string {
	ids := slices.Sorted(maps.Keys(s.units))
	return strings.Trim(fmt.Sprint(ids[:min(len(ids), 20)]), "[]")
}

// take works a message through as Traccar does: filter, forward, store, tell. It
// tells only what is not older than the latest, and the same again when it comes
// again.
func (s *Sim) take(f Fix) error {
	u := s.unit(f.Device, f.UniqueID)
	if u == nil {
		return fmt.Errorf("%w %d %q", ErrUnknown, f.Device, f.UniqueID)
	}
	if math.Abs(f.Lat) > 90 || math.Abs(f.Lon) > 180 {
		return errors.New("a place out of range")
	}
	now := s.now()
	u.heard = now
	r := u.record(f, now)
	if r.at.Sub(now) > tooFarAhead {
		return nil
	}
	s.post.Position(r.Position, u.wire(now))
	s.lastID++
	r.ID = s.lastID
	if u.history = append(u.history, r); len(u.history) > keptHistory {
		u.history = append([]record(nil), u.history[keptHistory/10:]...)
	}
	told := u.last == nil || !r.at.Before(u.last.at)
	if told {
		u.last = &r
	}
	if u.Unlinked {
		return nil
	}
	s.tell("devices", u.wire(now))
	if told {
		s.tell("positions", r.Position)
	}
	return nil
}

// record is the message as a position that is not stored yet. Without a place it
// repeats the last one, with its time; who never had one was nowhere in 1970.
func (u *unit) record(f Fix, now time.Time) record {
	at := f.At
	if at.IsZero() {
		at = now
	}
	at = at.UTC().Truncate(time.Millisecond)
	r := record{at: at, Position: wire.Position{
		Attributes: f.attributes, DeviceID: u.ID, Protocol: f.protocol, ServerTime: wire.Stamp(now), DeviceTime: wire.Stamp(at),
		Valid: !f.Invalid, Latitude: wire.Number(f.Lat), Longitude: wire.Number(f.Lon), Altitude: wire.Number(f.Altitude),
		Speed: wire.Number(f.SpeedKmh / knot), Course: wire.Number(f.Course), Accuracy: wire.Number(f.Accuracy),
	}}
	if r.Protocol == "" {
		r.Protocol = "osmand"
	}
	if r.Attributes == nil {
		r.Attributes = map[string]any{}
	}
	if f.Battery > 0 {
		r.Attributes["batteryLevel"] = wire.Number(f.Battery)
	}
	if _, said := r.Attributes["motion"]; !said {
		r.Attributes["motion"] = f.SpeedKmh > 0
	}
	if f.alive {
		if r.at, r.Valid = time.UnixMilli(0).UTC(), false; u.last != nil {
			l := u.last
			r.at, r.Valid, r.Latitude, r.Longitude, r.Altitude = l.at, l.Valid, l.Latitude, l.Longitude, l.Altitude
			r.Speed, r.Course, r.Accuracy = l.Speed, l.Course, l.Accuracy
		}
	}
	r.FixTime = wire.Stamp(r.at)
	return r
}

// between gives the positions of a time, oldest first.
func (u *unit) between(from, to time.Time) (list []wire.Position) {
	records := slices.Clone(u.history)
	slices.SortStableFunc(records, func(a, b record) int { return a.at.Compare(b.at) })
	for _, r := range records {
		if !r.at.Before(from) && !r.at.After(to) {
			list = append(list, r.Position)
		}
	}
	return list
}

// wire is the device as it is now. Nobody can tell whether a phone is online that
// has said nothing for a while; one that never did is offline.
func (u *unit) wire(now time.Time) wire.Device {
	d := wire.Device{
		ID: u.ID, Attributes: map[string]any{}, Name: u.Name, UniqueID: u.UniqueID, Status: "offline", LastUpdate: wire.Stamp(u.heard),
	}
	if u.Category != "" {
		d.Category = &u.Category
	}
	if u.Contact != "" {
		d.Contact = &u.Contact
	}
	if u.last != nil {
		d.PositionID = u.last.ID
	}
	if !u.heard.IsZero() {
		d.Status = "online"
		if now.Sub(u.heard) > statusLasts {
			d.Status = "unknown"
		}
	}
	return d
}
