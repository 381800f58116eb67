// Package hub is the language that every part of targo-hub speaks: what went
// wrong (Error), what has happened (Event), who is asking (Actor), whom we can
// call (Phone), what things cost (Money) and in which language (Lang).
//
// It holds no state, calls no system and has no routes. ERPNext's documents are
// not here: they are the vocabulary of package erpnext.
package hub

import "time"

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

// Local returns the zone of people. The time zone data is linked into the
// binary, so the only error is a wrong Zone.
func Local() *time.Location {
	loc, err := time.LoadLocation(Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}
