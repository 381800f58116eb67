package hub

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// The alphabet of GSM 03.38 and its extension, whose letters cost two. Of the
// French letters it lacks ê, î, ô, û, ë, ï, â, ç and all capitals but É and Ç:
// one of them turns the whole message into UCS-2.
const (
	gsm         = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// The two ways in which an SMS is written.
const (
	GSM7 = "GSM-7" // 160 letters in one SMS, 153 in each of several
	UCS2 = "UCS-2" // 70 and 67
)

// SMSSize is what a text takes as an SMS.
type SMSSize struct {
	Encoding string // GSM7 or UCS2
	Segments int    // what is paid
	Units    int    // letters of the GSM alphabet, those of its extension twice, or UTF-16 units
	Forcing  []rune // the letters that made it UCS-2, each once, in the order of the text
}

// MeasureSMS counts the SMS that a text is cut into. A letter of two units is
// never cut in half.
func MeasureSMS(body string) SMSSize {
	size := SMSSize{Encoding: GSM7}
	for _, r := range body {
		if gsmCost(r) == 0 && !slices.Contains(size.Forcing, r) {
			size.Forcing = append(size.Forcing, r)
		}
	}
	cost, one, many := gsmCost, 160, 153
	if len(size.Forcing) > 0 {
		size.Encoding, cost, one, many = UCS2, utf16Cost, 70, 67
	}
	used, segments := 0, 1
	for _, r := range body {
		n := cost(r)
		size.Units += n
		if used+n > many {
			segments, used = segments+1, 0
		}
		used += n
	}
	switch {
	case size.Units == 0:
	case size.Units <= one:
		size.Segments = 1
	default:
		size.Segments = segments
	}
	return size
}

// SMSSegments counts the SMS that a text is cut into (see MeasureSMS).
func SMSSegments(body string) int { return MeasureSMS(body).Segments }

// utf16Cost counts what is no letter at all as the one that stands in for it.
func utf16Cost(r rune) int { return max(1, utf16.RuneLen(r)) }

// gsmCost is 0 for a letter outside the alphabet.
func gsmCost(r rune) int {
	switch {
	case strings.ContainsRune(gsm, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	default:
		return 0
	}
}

// The names of days and months that an SMS has letters for.
const (
	smsWeekdays = "dim. lun. mar. mer. jeu. ven. sam."
	smsMonths   = "janv. févr. mars avril mai juin juil. aout sept. oct. nov. déc."
)

// SMSDay names a day where there is little room: "lun. 23 nov.", "Mon Nov 23".
func SMSDay(day time.Time, lang Lang) string {
	if lang == English {
		return day.Format("Mon Jan 2")
	}
	return fmt.Sprintf("%s %d %s", strings.Fields(smsWeekdays)[day.Weekday()], day.Day(), strings.Fields(smsMonths)[day.Month()-1])
}

// SMSHour names an hour where there is little room: "8 h", "8 h 30", "08:30".
func SMSHour(at time.Time, lang Lang) string {
	switch {
	case lang == English:
		return at.Format("15:04")
	case at.Minute() == 0:
		return fmt.Sprintf("%d h", at.Hour())
	}
	return fmt.Sprintf("%d h %02d", at.Hour(), at.Minute())
}
