// Package hub is the language that every part of targo-hub speaks: what went
// wrong (Error), what has happened (Event), who is asking (Actor), whom we can
// call (Phone), what things cost (Money) and in which language (Lang).
//
// It holds no state, calls no system and has no routes. ERPNext's documents are
// not here: they are the vocabulary of package erpnext.
package hub

import (
	"strconv"
	"strings"
	"time"
)

// Zone is the time zone in which people read dates; on disk and on the wire
// instants are UTC.
const Zone = "America/Toronto"

// Lang is the language of a text for a person.
type Lang string

// The languages that texts exist in. French comes first.
const (
	French  Lang = "fr"
	English Lang = "en"
)

// LangOf reads the first tag of an Accept-Language header, a ?lang= value or
// ERPNext's Customer.language ("fr-CA", "en"). Anything that is not English is
// French.
func LangOf(tag string) Lang {
	if len(tag) >= 2 && (tag[0] == 'e' || tag[0] == 'E') && (tag[1] == 'n' || tag[1] == 'N') {
		return English
	}
	return French
}

// Clip shortens a text to n characters, the last of which is an ellipsis then.
func Clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// Formula is what a text begins with that a spreadsheet would compute.
const Formula = "=+-@\t\r\n|%"

// Cell makes a text that no spreadsheet computes: it stands behind an apostrophe
// then.
func Cell(text string) string {
	if text != "" && strings.IndexByte(Formula, text[0]) >= 0 {
		return "'" + text
	}
	return text
}

// Local returns the zone of people. The time zone data is linked into the
// binary, so the only error is a wrong Zone.
func Local() *time.Location {
	loc, err := time.LoadLocation(Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Day names a day for people: "19 décembre 2026", "December 19, 2026".
func Day(t time.Time, lang Lang) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(Local())
	if lang == English {
		return t.Format("January 2, 2006")
	}
	months := [...]string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return day + " " + months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// Moment names an instant for people: "22 novembre 2026 à 19 h 12",
// "November 22, 2026 at 7:12 p.m.".
func Moment(t time.Time, lang Lang) string {
	local := t.In(Local())
	if lang == English {
		half := strings.NewReplacer("AM", "a.m.", "PM", "p.m.").Replace(local.Format("3:04 PM"))
		return Day(t, lang) + " at " + half
	}
	return Day(t, lang) + " à " + local.Format("15 h 04")
}
