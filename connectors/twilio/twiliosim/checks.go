package twiliosim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

// problem is a refusal of a creation; code 0 is none.
type problem struct {
	code int
	text string
}

// The numbers that always answer the same: those of Twilio's test credentials.
var (
	magicFrom = map[string]problem{
		"+15005550001": {21212, "The 'From' number +15005550001 is not a valid phone number, shortcode, or alphanumeric sender ID."},
		"+15005550007": {21606, "The 'From' phone number provided (+15005550007) is not a valid message-capable Twilio phone number for this destination."},
		"+15005550008": {21611, "This 'From' number has exceeded the maximum number of queued messages"},
		"+15005550006": {},
	}
	magicTo = map[string]problem{
		"+15005550001": {21211, "Invalid 'To' Phone Number: +15005550001"},
		"+15005550002": {21612, "The 'To' phone number: +15005550002, is not currently reachable using the 'From' phone number via SMS."},
		"+15005550003": {21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: +15005550003."},
		"+15005550004": {21610, "Attempt to send to unsubscribed recipient"},
		"+15005550009": {21614, "'To' number is not a valid mobile number"},
	}
)

// gsmLetters are the letters of the GSM alphabet beside ASCII; gsmDouble takes
// two places.
const (
	gsmLetters = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmDouble  = "^{}\\[~]|€\f"
)

// check finds what Twilio would refuse. The caller holds the lock.
func (s *Sim) check(form url.Values) problem {
	to, from := form.Get("To"), form.Get("From")
	switch {
	case s.standing == accountSuspended:
		return problem{20005, "Account is not active"}
	case to == "":
		return problem{21604, "A 'To' phone number is required."}
	case from == "" && form.Get("MessagingServiceSid") == "":
		return problem{21603, "A 'From' phone number is required."}
	case form.Get("Body") == "" && form.Get("MediaUrl") == "" && form.Get("ContentSid") == "":
		return problem{21602, "Message body is required."}
	case utf8.RuneCountInString(form.Get("Body")) > 1600:
		return problem{21617, "The concatenated message body exceeds the 1600 character limit"}
	case !e164.MatchString(to):
		return problem{21211, "Invalid 'To' Phone Number: " + to}
	case to == from:
		return problem{21266, "'To' and 'From' number cannot be the same: " + to}
	}
	if p := s.checkFrom(from); p.code != 0 {
		return p
	}
	if p, magic := magicTo[to]; magic && (s.opts.Test || p.code == 21211 || p.code == 21610) {
		return p
	}
	if callback := form.Get("StatusCallback"); callback != "" {
		u, err := url.Parse(callback)
		if err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") || strings.Contains(u.Host, "_") {
			return problem{21609, "The StatusCallback URL " + callback + " is not a valid URL."}
		}
	}
	sender := from
	if sender == "" {
		sender = form.Get("MessagingServiceSid")
	}
	if code := s.broken[sender]; code != 0 && code < 30000 {
		return problem{code, refusals[code]}
	}
	if s.stopped[sender+" "+to] {
		return problem{21610, "Attempt to send to unsubscribed recipient"}
	}
	return problem{}
}

// refusals are the texts of codes that a broken sender is refused with; others
// have none.
var refusals = map[int]string{
	20429: "Too Many Requests", 21611: "This 'From' number has exceeded the maximum number of queued messages",
	21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination.",
}

// status is the HTTP status of a refusal.
func (p problem) status() int {
	switch p.code {
	case 20429:
		return http.StatusTooManyRequests
	case 20005:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

func (s *Sim) checkFrom(from string) problem {
	known, magic := magicFrom[from]
	notOurs := problem{21606, "The 'From' phone number provided (" + from + ") is not a valid message-capable Twilio phone number for this destination."}
	switch {
	case s.opts.Test && magic:
		return known
	case s.opts.Test:
		return notOurs
	case from == "":
		return problem{}
	case !e164.MatchString(from):
		return problem{21212, "The 'From' number " + from + " is not a valid phone number, shortcode, or alphanumeric sender ID."}
	case len(s.opts.Numbers) > 0 && !slices.Contains(s.opts.Numbers, from):
		return notOurs
	}
	return problem{}
}

// segments counts the parts of a message: 160 places (153 when there are
// several) in the GSM alphabet, 70 (67) when one letter is outside it.
func (m *message) segments() int {
	places := 0
	for _, r := range m.body {
		switch {
		case strings.ContainsRune(gsmLetters, r):
			places++
		case strings.ContainsRune(gsmDouble, r):
			places += 2
		default:
			return parts(len(utf16.Encode([]rune(m.body))), 70, 67)
		}
	}
	return parts(places, 160, 153)
}

func parts(places, alone, each int) int {
	if places <= alone {
		return 1
	}
	return (places + each - 1) / each
}
