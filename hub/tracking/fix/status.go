package fix

import (
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Up to these ages a position is what it says, and is worth showing as such.
const (
	FreshFor = 2 * time.Minute  // where somebody is
	StaleFor = 10 * time.Minute // where somebody was; no arrival time is computed beyond
	walking  = 5.0              // km/h; below it a truck stands, and its receiver trembles
)

// Status says what a position is worth now.
type Status string

// The statuses.
const (
	Moving  Status = "moving"
	Stopped Status = "stopped"
	Stale   Status = "stale" // silent for more than FreshFor
	Lost    Status = "lost"  // silent for more than StaleFor
	None    Status = "none"  // there is no position
)

// Status tells how fresh the fix is and, while it is, whether it moves.
func (f Fix) Status(now time.Time) Status {
	switch age := f.Age(now); {
	case f.None():
		return None
	case age > StaleFor:
		return Lost
	case age > FreshFor:
		return Stale
	case f.SpeedKmh >= walking:
		return Moving
	}
	return Stopped
}

// In says the status to people.
func (s Status) In(lang hub.Lang) string {
	fr, en := "aucune position", "no position"
	switch s {
	case Moving:
		fr, en = "en mouvement", "moving"
	case Stopped:
		fr, en = "à l’arrêt", "stopped"
	case Stale:
		fr, en = "sans nouvelles récentes", "no recent news"
	case Lost:
		fr, en = "signal perdu", "signal lost"
	case None:
	}
	if lang == hub.English {
		return en
	}
	return fr
}
