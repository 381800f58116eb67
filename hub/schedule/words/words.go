// Package words says for people when a cron line is due. It has no routes, calls
// nothing and remembers nothing.
package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Of says a common line for people ("chaque jour à 2 h 30"); "" for a line
// that is better read as it is.
func Of(spec string, lang hub.Lang) string {
	english := lang == hub.English
	if period, ok := strings.CutPrefix(spec, "@every "); ok {
		return every(period, english)
	}
	fields := strings.Fields(plain(spec))
	if len(fields) != 5 {
		return ""
	}
	minute, hour, day, month, weekday := fields[0], fields[1], fields[2], fields[3], fields[4]
	if step, ok := strings.CutPrefix(minute, "*/"); ok && hour+day+month+weekday == "****" {
		return every(step+"m", english)
	}
	m, err := strconv.Atoi(minute)
	if err != nil || month != "*" {
		return ""
	}
	if hour+day+weekday == "***" {
		return pick(english, fmt.Sprintf("at %d minutes past every hour", m), fmt.Sprintf("à la minute %d de chaque heure", m))
	}
	h, err := strconv.Atoi(hour)
	if err != nil {
		return ""
	}
	at := clock(h, m, english)
	switch {
	case day+weekday == "**":
		return pick(english, "every day", "chaque jour") + at
	case day == "*":
		return onWeekday(weekday, at, english)
	case weekday == "*":
		return onDay(day, at, english)
	}
	return ""
}

// plain writes a descriptor as the line that it stands for.
func plain(spec string) string {
	switch spec {
	case "@hourly":
		return "0 * * * *"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@monthly":
		return "0 0 1 * *"
	}
	return spec
}

func every(period string, english bool) string {
	d, err := time.ParseDuration(period)
	if err != nil || d <= 0 {
		return ""
	}
	unit, n := pick(english, "second", "seconde"), d/time.Second
	switch {
	case d%time.Hour == 0:
		unit, n = pick(english, "hour", "heure"), d/time.Hour
	case d%time.Minute == 0:
		unit, n = "minute", d/time.Minute
	}
	if n == 1 {
		return pick(english, "every ", "à chaque ") + unit
	}
	return fmt.Sprintf("%s %d %ss", pick(english, "every", "toutes les"), n, unit)
}

func clock(h, m int, english bool) string {
	if english {
		return fmt.Sprintf(" at %02d:%02d", h, m)
	}
	if m == 0 {
		return fmt.Sprintf(" à %d h", h)
	}
	return fmt.Sprintf(" à %d h %02d", h, m)
}

func onWeekday(weekday, at string, english bool) string {
	n, err := strconv.Atoi(weekday)
	if err != nil || n > 6 {
		return ""
	}
	french := [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	return pick(english, "every "+time.Weekday(n).String(), "chaque "+french[n]) + at
}

func onDay(day, at string, english bool) string {
	n, err := strconv.Atoi(day)
	if err != nil {
		return ""
	}
	if english {
		return fmt.Sprintf("on day %d of every month%s", n, at)
	}
	if n == 1 {
		day = "1er"
	}
	return "le " + day + " de chaque mois" + at
}

func pick(english bool, en, fr string) string {
	if english {
		return en
	}
	return fr
}
