package source

import (
	"encoding/json"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// The outcomes that are counted, beside the reasons of fix.
const (
	taken      = "taken"
	repeated   = "repeated" // of the same age as what is known, or older
	offShift   = "off-shift"
	waits      = "waits"
	unreadable = "unreadable"
)

// hear takes in positions and tells what became of the last of them.
func (s *Source) hear(positions []traccar.Position) (outcome string) {
	now := s.deps.Now()
	good := make([]fix.Fix, 0, len(positions))
	for _, p := range positions {
		x, err := fix.Check(fixOf(p), now)
		if err != nil {
			s.count(string(fix.ReasonOf(err)), 1)
			continue
		}
		good = append(good, x)
	}
	if len(good) == 0 {
		return Refused
	}
	s.settle(false)
	return s.give(good)
}

// give hands fixes that are sound to the fleet, those that it may know.
func (s *Source) give(fixes []fix.Fix) (outcome string) {
	if s.hold(fixes) {
		s.count(waits, len(fixes))
		return Waits
	}
	mine := make([]fix.Fix, 0, len(fixes))
	s.mu.Lock()
	for _, x := range fixes {
		mine = append(mine, s.label(x))
	}
	s.mu.Unlock()
	working := mine[:0]
	for _, x := range mine {
		if s.atWork(x) {
			working = append(working, x)
		}
	}
	s.count(offShift, len(fixes)-len(working))
	if len(working) == 0 {
		return Refused
	}
	changed := len(s.deps.Fleet.Take(working...))
	s.count(taken, changed)
	s.count(repeated, len(working)-changed)
	if changed == 0 {
		return Passed
	}
	return Taken
}

// hold keeps the newest fix of each device while nobody knows whose it is.
func (s *Source) hold(fixes []fix.Fix) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deps.Crew == nil || !s.owners.asOf.IsZero() {
		return false
	}
	for _, x := range fixes {
		was, known := s.waiting[x.Device]
		if known && x.Newer(was) || !known && len(s.waiting) < s.deps.Most {
			s.waiting[x.Device] = x
		}
	}
	return true
}

func fixOf(p traccar.Position) fix.Fix {
	return fix.Fix{
		Device: p.DeviceID, Lat: p.Latitude, Lon: p.Longitude, SpeedKmh: p.SpeedKmh, Course: p.Course, Accuracy: p.Accuracy,
		Battery: batteryOf(p), At: p.FixedAt, Heard: p.ReceivedAt, Turn: p.ID, Invalid: !p.Valid,
	}
}

// batteryOf gives the charge in percent, 0 when it is not known.
func batteryOf(p traccar.Position) float64 {
	var percent float64
	if json.Unmarshal(p.Attributes["batteryLevel"], &percent) != nil {
		return 0
	}
	return percent
}

func (s *Source) count(outcome string, n int) {
	if n > 0 {
		s.fixes.WithLabelValues(outcome).Add(float64(n))
	}
}

func (s *Source) measure(reg prometheus.Registerer) {
	s.fixes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_tracking_fixes_total", Help: "Positions that this replica heard of, by what became of them.",
	}, []string{"outcome"})
	for _, outcome := range []string{taken, repeated, offShift, waits, unreadable} {
		s.fixes.WithLabelValues(outcome)
	}
	for _, reason := range fix.Reasons() {
		s.fixes.WithLabelValues(string(reason))
	}
	connected := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "targo_tracking_upstream_connected", Help: "1 on the replica that is connected to Traccar.",
	}, func() float64 {
		if s.Lead() && s.report().State == "connected" {
			return 1
		}
		return 0
	})
	if reg != nil {
		reg.MustRegister(s.fixes, connected)
	}
}
