package twiliosim

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/simkit"
)

var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

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

type message struct {
	sid, to, from, service, body string
	status, direction, callback  string
	media                        int
	errorCode                    int
	created, updated             time.Time
	sentAt                       *time.Time
}

// problem is a refusal of a creation; code 0 is none.
type problem struct {
	code int
	text string
}

func (s *Sim) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if !s.mine(w, r) {
		return
	}
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, 20001, "The form cannot be read")
		return
	}
	form := r.PostForm
	if s.opts.Test && form.Get("MessagingServiceSid") != "" {
		s.unknown(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.check(form); p.code != 0 {
		refuse(w, http.StatusBadRequest, p.code, p.text)
		return
	}
	m := s.newMessage(form)
	s.messages = append(s.messages, m)
	simkit.WriteJSON(w, http.StatusCreated, s.view(m))
	if !s.opts.Test {
		s.follow(m)
	}
}

// check finds what Twilio would refuse. The caller holds the lock.
func (s *Sim) check(form url.Values) problem {
	to, from := form.Get("To"), form.Get("From")
	switch {
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
	if s.stopped[sender+" "+to] {
		return problem{21610, "Attempt to send to unsubscribed recipient"}
	}
	return problem{}
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

func (s *Sim) newMessage(form url.Values) *message {
	m := &message{
		sid: newSID("SM"), to: form.Get("To"), from: form.Get("From"), service: form.Get("MessagingServiceSid"), body: form.Get("Body"),
		status: "queued", direction: "outbound-api", callback: form.Get("StatusCallback"), media: len(form["MediaUrl"]), created: s.now(), updated: s.now(),
	}
	if m.service != "" {
		m.status = "accepted"
	}
	return m
}

func (s *Sim) list(w http.ResponseWriter, r *http.Request) {
	if !s.mine(w, r) {
		return
	}
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("PageSize"))
	if size <= 0 || size > 1000 {
		size = 50
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []messageWire{}
	for _, m := range slices.Backward(s.messages) {
		if len(out) < size && fits(m, q) {
			out = append(out, s.view(m))
		}
	}
	uri := r.URL.RequestURI()
	simkit.WriteJSON(w, http.StatusOK, map[string]any{
		"messages": out, "page": 0, "page_size": size, "start": 0, "end": max(len(out)-1, 0), "uri": uri, "first_page_uri": uri,
		"next_page_uri": nil, "previous_page_uri": nil,
	})
}

// fits checks To, From and the day of sending; "DateSent>" and "DateSent<"
// (with an equals sign on the wire) take whole days or instants, both included.
func fits(m *message, q url.Values) bool {
	if to := q.Get("To"); to != "" && to != m.to {
		return false
	}
	if from := q.Get("From"); from != "" && from != m.from {
		return false
	}
	at := m.created
	if m.sentAt != nil {
		at = *m.sentAt
	}
	if day := q.Get("DateSent"); day != "" && at.Format(time.DateOnly) != day {
		return false
	}
	for _, key := range []string{"DateSent>", "DateSent<"} {
		limit, err := time.Parse(time.DateOnly, q.Get(key))
		if err != nil {
			limit, err = time.Parse(time.RFC3339, q.Get(key))
		}
		if err != nil {
			continue
		}
		if key == "DateSent>" && at.Before(limit) || key == "DateSent<" && at.After(limit.Add(24*time.Hour)) {
			return false
		}
	}
	return true
}

func (s *Sim) show(w http.ResponseWriter, r *http.Request) {
	if !s.mine(w, r) {
		return
	}
	sid, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.bySID(sid)
	if m == nil || !isJSON {
		s.unknown(w, r)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.view(m))
}

func (s *Sim) bySID(sid string) *message {
	i := slices.IndexFunc(s.messages, func(m *message) bool { return m.sid == sid })
	if i < 0 {
		return nil
	}
	return s.messages[i]
}

func (s *Sim) now() time.Time { return s.opts.Now().UTC() }

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

func newSID(prefix string) string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	return prefix + hex.EncodeToString(raw)
}

func (s *Sim) view(m *message) messageWire {
	uri := "/2010-04-01/Accounts/" + s.opts.AccountSID + "/Messages/" + m.sid
	view := messageWire{
		SID: m.sid, AccountSID: s.opts.AccountSID, APIVersion: "2010-04-01", Body: m.body, To: m.to, Direction: m.direction, Status: m.status,
		NumSegments: strconv.Itoa(m.segments()), NumMedia: strconv.Itoa(m.media), PriceUnit: "USD", URI: uri + ".json",
		DateCreated: m.created.Format(time.RFC1123Z), DateUpdated: m.updated.Format(time.RFC1123Z),
		SubresourceURIs: map[string]string{"media": uri + "/Media.json"},
	}
	if m.from != "" {
		view.From = &m.from
	}
	if m.service != "" {
		view.MessagingServiceSID = &m.service
	}
	if m.sentAt != nil {
		at := m.sentAt.Format(time.RFC1123Z)
		view.DateSent = &at
	}
	if m.errorCode != 0 {
		view.ErrorCode = &m.errorCode
	}
	return view
}

type messageWire struct {
	AccountSID          string            `json:"account_sid"`
	APIVersion          string            `json:"api_version"`
	Body                string            `json:"body"`
	DateCreated         string            `json:"date_created"`
	DateSent            *string           `json:"date_sent"`
	DateUpdated         string            `json:"date_updated"`
	Direction           string            `json:"direction"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	From                *string           `json:"from"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	NumMedia            string            `json:"num_media"`
	NumSegments         string            `json:"num_segments"`
	Price               *string           `json:"price"`
	PriceUnit           string            `json:"price_unit"`
	SID                 string            `json:"sid"`
	Status              string            `json:"status"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
	To                  string            `json:"to"`
	URI                 string            `json:"uri"`
}
