// Package wire has the JSON objects of Traccar's API, with the members that the real
// ones have. It calls nothing and remembers nothing.
package wire

import (
	"encoding/json"
	"math"
	"time"
)

// Position is one fix, or a sign of life that repeats the last one.
type Position struct {
	ID          int64          `json:"id"` // 0 while it is not stored
	Attributes  map[string]any `json:"attributes"`
	DeviceID    int64          `json:"deviceId"`
	Protocol    string         `json:"protocol"`
	ServerTime  Stamp          `json:"serverTime"`
	DeviceTime  Stamp          `json:"deviceTime"`
	FixTime     Stamp          `json:"fixTime"`
	Valid       bool           `json:"valid"`
	Latitude    Number         `json:"latitude"`
	Longitude   Number         `json:"longitude"`
	Altitude    Number         `json:"altitude"` // metres
	Speed       Number         `json:"speed"`    // knots
	Course      Number         `json:"course"`
	Address     *string        `json:"address"`
	Accuracy    Number         `json:"accuracy"` // metres, 0 when unknown
	Network     any            `json:"network"`
	GeofenceIDs []int64        `json:"geofenceIds"`
}

// Device is a tracker.
type Device struct {
	ID             int64          `json:"id"`
	Attributes     map[string]any `json:"attributes"`
	GroupID        int64          `json:"groupId"`
	CalendarID     int64          `json:"calendarId"`
	Name           string         `json:"name"`
	UniqueID       string         `json:"uniqueId"`
	Status         string         `json:"status"`
	LastUpdate     Stamp          `json:"lastUpdate"`
	PositionID     int64          `json:"positionId"`
	Phone          *string        `json:"phone"`
	Model          *string        `json:"model"`
	Contact        *string        `json:"contact"`
	Category       *string        `json:"category"`
	Disabled       bool           `json:"disabled"`
	ExpirationTime Stamp          `json:"expirationTime"`
}

// Event is something that was noticed.
type Event struct {
	ID            int64          `json:"id"`
	Attributes    map[string]any `json:"attributes"`
	DeviceID      int64          `json:"deviceId"`
	Type          string         `json:"type"`
	EventTime     Stamp          `json:"eventTime"`
	PositionID    int64          `json:"positionId"`
	GeofenceID    int64          `json:"geofenceId"`
	MaintenanceID int64          `json:"maintenanceId"`
}

// Geofence is a place with a name.
type Geofence struct {
	ID          int64          `json:"id"`
	Attributes  map[string]any `json:"attributes"`
	CalendarID  int64          `json:"calendarId"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Area        string         `json:"area"` // CIRCLE (lat lon, metres), POLYGON ((lat lon, …))
}

// Stamp is a time as Traccar writes it, in milliseconds; null when it is zero.
type Stamp time.Time

// MarshalJSON writes 2026-08-21T16:18:51.000+00:00.
func (s Stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000-07:00"`)), nil
}

// Number is a number as Java's JSON writes it: what JSON has no number for is text.
type Number float64

// MarshalJSON writes "NaN" and "Infinity" as texts.
func (n Number) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(f)
	}
}

// UnmarshalJSON reads the same.
func (n *Number) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case `"NaN"`:
		*n = Number(math.NaN())
		return nil
	case `"Infinity"`:
		*n = Number(math.Inf(1))
		return nil
	case `"-Infinity"`:
		*n = Number(math.Inf(-1))
		return nil
	}
	return json.Unmarshal(raw, (*float64)(n))
}
