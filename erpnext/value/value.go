// Package value holds the values of documents whose form on the wire is Frappe's
// own: times without a zone, days, texts of JSON fields. It calls nothing and
// remembers nothing.
package value

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Datetime is an instant as Frappe writes it: the wall clock of the site, to
// the microsecond, without a zone. Text is kept exactly, because it is what
// ERPNext compares; Time is that in the hub's zone, zero when Text is no time.
type Datetime struct {
	Text string
	Time time.Time
}

const datetimeForm = "2006-01-02 15:04:05.000000"

// site is the zone of the site's clock; it is loaded once.
var site = sync.OnceValue(hub.Local)

// At writes an instant as a clock in the zone shows it; nil is the hub's zone.
// In the hour that a clock goes through twice the text does not tell which.
func At(t time.Time, zone *time.Location) Datetime {
	if zone == nil {
		zone = site()
	}
	t = t.In(zone).Truncate(time.Microsecond)
	return Datetime{Text: t.Format(datetimeForm), Time: t}
}

// In reads the text as the clock of another zone: for a site that is not in
// the hub's. It is zero when the text is no time.
func (d Datetime) In(zone *time.Location) time.Time {
	for _, form := range []string{time.DateTime, "2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if t, err := time.ParseInLocation(form, d.Text, zone); err == nil {
			return t.In(zone)
		}
	}
	return time.Time{}
}

// IsZero tells that the field is empty.
func (d Datetime) IsZero() bool { return d.Text == "" }

// MarshalJSON writes the exact text, null when it is empty.
func (d Datetime) MarshalJSON() ([]byte, error) {
	if d.Text == "" {
		return []byte("null"), nil
	}
	return json.Marshal(d.Text)
}

// UnmarshalJSON reads both forms of a time (with a blank or a T) and a date.
func (d *Datetime) UnmarshalJSON(raw []byte) error {
	*d = Datetime{}
	if err := json.Unmarshal(raw, &d.Text); err != nil {
		return err
	}
	d.Time = d.In(site())
	return nil
}

// Date is a day, "2026-04-24"; "" is none.
type Date string

// DateOf is the day that an instant has for people.
func DateOf(t time.Time) Date { return Date(t.In(site()).Format(time.DateOnly)) }

// Time is the beginning of the day for people; zero when there is none.
func (d Date) Time() time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), site())
	if err != nil {
		return time.Time{}
	}
	return t
}

// JSONText is the text of a JSON field. ERPNext answers it as text on one
// database and as an object on the other.
type JSONText string

// UnmarshalJSON keeps the text of either form.
func (t *JSONText) UnmarshalJSON(raw []byte) error {
	*t = ""
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(t))
	}
	if !bytes.Equal(raw, []byte("null")) {
		*t = JSONText(raw)
	}
	return nil
}
