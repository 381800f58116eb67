package prorata

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Span names the days from one to another, as a customer reads them on an invoice:
// "du 24 au 30 novembre 2026", "24–30 November 2026"; a single day is "le 30
// novembre 2026", "30 November 2026". Numbers stay on the line of what they count.
// It is "" where one of them is no day.
func Span(from, to erpnext.Date, lang hub.Lang) string {
	first, ok := calendar(from)
	end, known := calendar(to)
	if !ok || !known {
		return ""
	}
	if lang == hub.English {
		return tied(english(first, end))
	}
	return tied(french(first, end, to))
}

// Part names the part of a month that begins with the day, and how much of it that
// is: "du 24 au 30 novembre 2026, 7 jours sur 30". It is "" where the day is none.
func Part(start erpnext.Date, lang hub.Lang) string {
	_, end := Period(start)
	left, of := Days(start)
	switch {
	case of == 0:
		return ""
	case lang == hub.English:
		return Span(start, end, lang) + fmt.Sprintf(", %d of %d\u00a0days", left, of)
	case left == 1:
		return Span(start, end, lang) + fmt.Sprintf(", 1\u00a0jour sur %d", of)
	}
	return Span(start, end, lang) + fmt.Sprintf(", %d\u00a0jours sur %d", left, of)
}

// english leaves out of the first day what the last one says too.
func english(first, end time.Time) string {
	last := end.Format("2 January 2006")
	switch {
	case first.Equal(end):
		return last
	case first.Year() != end.Year():
		return first.Format("2 January 2006") + " – " + last
	case first.Month() != end.Month():
		return first.Format("2 January") + " – " + last
	}
	return first.Format("2") + "–" + last
}

// french does the same.
func french(first, end time.Time, to erpnext.Date) string {
	last := hub.Day(to.Time(), hub.French)
	if first.Equal(end) {
		return "le " + last
	}
	begin := hub.Day(written(first).Time(), hub.French)
	if first.Year() == end.Year() {
		begin = begin[:strings.LastIndex(begin, " ")]
		if first.Month() == end.Month() {
			begin = begin[:strings.LastIndex(begin, " ")]
		}
	}
	return "du " + begin + " au " + last
}

// tied keeps the number of a day and its month on one line.
func tied(text string) string { return dayMonth.ReplaceAllString(text, "$1\u00a0$2") }

// dayMonth is a day before the name of its month, which no word between two days
// is as long as.
var dayMonth = regexp.MustCompile(`(\d|1er) (\pL{3,})`)
