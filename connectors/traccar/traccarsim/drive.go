package traccarsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/street"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
)

// Stop is a wait at a point of a line.
type Stop = street.Stop

// Trip is a drive of one device along streets. It reports at every tick, standing
// still at the stops and behind the end.
type Trip struct {
	Device   int64
	UniqueID string       // instead
	Line     [][2]float64 // latitude, longitude
	Kmh      float64      // 40 when 0
	Stops    []Stop
	Loop     bool          // there and back for ever
	Delay    time.Duration // before it sets off; until then it reports from the start
	Every    time.Duration // between two reports; the simulator's tick when 0
}

// trip is a Trip under way.
type trip struct {
	walk     *street.Walk
	start    time.Time
	pause    time.Duration
	reported time.Time
}

// Drive begins trips; one that its device was on is over. Run moves them.
func (s *Sim) Drive(trips ...Trip) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var wrong []error
	for _, t := range trips {
		u := s.unit(t.Device, t.UniqueID)
		if u == nil {
			wrong = append(wrong, fmt.Errorf("%w %d %q", ErrUnknown, t.Device, t.UniqueID))
			continue
		}
		walk, err := street.New(t.Line, t.Kmh, t.Stops, t.Loop)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("the trip of device %d: %w", u.ID, err))
			continue
		}
		s.trips[u.ID] = &trip{walk: walk, start: s.now().Add(t.Delay), pause: t.Every}
	}
	return errors.Join(wrong...)
}

// Run moves the devices that are on trips, until ctx ends.
func (s *Sim) Run(ctx context.Context) {
	ticker := time.NewTicker(s.opts.Tick)
	defer ticker.Stop()
	for {
		s.Step()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step lets the devices that are on trips report once, from where they are now.
func (s *Sim) Step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for id, t := range s.trips {
		if now.Sub(t.reported) < t.pause || now.Before(s.units[id].held) {
			continue
		}
		t.reported = now
		at := t.walk.At(now.Sub(t.start))
		kmh := at.Kmh
		if now.Before(t.start) {
			kmh = 0
		}
		_ = s.take(Fix{Device: id, Lat: at.Lat, Lon: at.Lon, SpeedKmh: kmh, Course: at.Course, Accuracy: 6, At: now, Battery: 87}) // known, and on earth
	}
}

// Place is where a device is.
type Place struct {
	Lat      float64   `json:"lat"`
	Lon      float64   `json:"lon"`
	SpeedKmh float64   `json:"speed_kmh"`
	Course   float64   `json:"course"`
	At       time.Time `json:"at"`
	Valid    bool      `json:"valid"`
	Position int64     `json:"position"` // its number
}

// MarshalJSON writes what is no number too.
func (p Place) MarshalJSON() ([]byte, error) {
	type plain Place
	return json.Marshal(struct {
		Lat      wire.Number `json:"lat"`
		Lon      wire.Number `json:"lon"`
		SpeedKmh wire.Number `json:"speed_kmh"`
		Course   wire.Number `json:"course"`
		plain
	}{wire.Number(p.Lat), wire.Number(p.Lon), wire.Number(p.SpeedKmh), wire.Number(p.Course), plain(p)})
}

// Truth is where every device is that has reported.
func (s *Sim) Truth() map[int64]Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	truth := make(map[int64]Place, len(s.units))
	for id, u := range s.units {
		if p := u.last; p != nil {
			truth[id] = Place{
				Lat: float64(p.Latitude), Lon: float64(p.Longitude), SpeedKmh: float64(p.Speed) * knot, Course: float64(p.Course),
				At: p.at, Valid: p.Valid, Position: p.ID,
			}
		}
	}
	return truth
}
