package console

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// speech says things in one language, at one instant.
type speech struct {
	T    words
	lang hub.Lang
	now  time.Time
}

// hour writes a time of day: "14 h 05", "2:05 p.m.".
func (s speech) hour(t time.Time) string {
	t = t.In(hub.Local())
	if s.lang == hub.English {
		return strings.NewReplacer("AM", "a.m.", "PM", "p.m.").Replace(t.Format("3:04\u00a0PM"))
	}
	return strconv.Itoa(t.Hour()) + t.Format("\u00a0h\u00a004")
}

// window says when the customer expects the visit.
func (s speech) window(v agenda.Visit) string {
	switch {
	case v.From.IsZero():
		return s.T["noHour"]
	case v.To.IsZero():
		return s.hour(v.From)
	}
	return s.hour(v.From) + "–" + s.hour(v.To)
}

// ago writes an age of seconds: "il y a 40 s". The page's script says the same.
func (s speech) ago(seconds int) string {
	switch {
	case seconds < 0:
		seconds = 0
	case seconds >= 48*3600:
		return fmt.Sprintf(s.T["ago"], strconv.Itoa(seconds/86400)+"\u00a0"+s.T["days"])
	case seconds >= 3600:
		return fmt.Sprintf(s.T["ago"], strconv.Itoa(seconds/3600)+"\u00a0h")
	case seconds >= 60:
		return fmt.Sprintf(s.T["ago"], strconv.Itoa(seconds/60)+"\u00a0min")
	}
	return fmt.Sprintf(s.T["ago"], strconv.Itoa(seconds)+"\u00a0s")
}

// distance writes metres: "850 m", "3,4 km".
func (s speech) distance(metres float64) string {
	if metres < 1000 {
		return strconv.Itoa(int(metres/50+0.5)*50) + "\u00a0m"
	}
	text := strconv.FormatFloat(metres/1000, 'f', 1, 64)
	if s.lang == hub.French {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + "\u00a0km"
}

func escaped(text string) string { return url.QueryEscape(text) }
