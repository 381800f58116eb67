package twiliosim

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/simkit"
)

// Words that Twilio itself takes as an opt-out or as its end: alone, in any case.
var (
	stopWords  = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
	startWords = []string{"START", "YES", "UNSTOP"}
)

// simReceive lets somebody text us. The opt-out words work as at Twilio, and the
// message reaches the hub all the same.
func (s *Sim) simReceive(w http.ResponseWriter, r *http.Request) {
	in := inboundOrder{Times: 1}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	m := s.arrive(&in)
	address, fallback := s.inbound, s.opts.FallbackURL
	s.mu.Unlock()
	form := s.inboundForm(m, in)
	out := inboundResult{SID: m.sid, callback: s.parcel(address, form)}
	if address != "" && (in.Deliver == nil || *in.Deliver) {
		for range max(in.Times, 1) {
			var answer string
			out.callback, answer = s.post(r.Context(), out.callback)
			if fallback != "" && (out.Status < 200 || out.Status > 299) {
				form.Set("ErrorCode", "11200")
				form.Set("ErrorUrl", address)
				out.callback, answer = s.post(r.Context(), s.parcel(fallback, form))
			}
			out.Replies = append(out.Replies, s.reply(in, answer)...)
		}
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

// arrive notes the message and what it says about opting out. The caller holds
// the lock.
func (s *Sim) arrive(in *inboundOrder) *message {
	in.From = dialled(in.From)
	if in.To == "" && len(s.opts.Numbers) > 0 {
		in.To = s.opts.Numbers[0]
	}
	sid := newSID("SM")
	if len(in.Media) > 0 {
		sid = newSID("MM")
	}
	m := &message{sid: sid, to: in.To, from: in.From, body: in.Body, status: "received", direction: "inbound", media: len(in.Media), created: s.now(), updated: s.now()}
	s.messages = append(s.messages, m)
	senders := []string{in.To}
	if s.opts.Service != "" { // an opt-out counts for the whole service
		senders = append(append(senders, s.opts.Service), s.opts.Numbers...)
	}
	for _, sender := range senders {
		switch word := strings.ToUpper(strings.TrimSpace(in.Body)); {
		case in.OptOutType == "STOP" || slices.Contains(stopWords, word):
			s.stopped[sender+" "+in.From] = true
		case in.OptOutType == "START" || slices.Contains(startWords, word):
			delete(s.stopped, sender+" "+in.From)
		}
	}
	return m
}

func (s *Sim) inboundForm(m *message, in inboundOrder) url.Values {
	form := url.Values{
		"MessageSid": {m.sid}, "SmsSid": {m.sid}, "SmsMessageSid": {m.sid}, "AccountSid": {s.opts.AccountSID}, "From": {in.From}, "To": {in.To},
		"Body": {in.Body}, "NumMedia": {strconv.Itoa(len(in.Media))}, "NumSegments": {strconv.Itoa(m.segments())}, "SmsStatus": {"received"},
		"ApiVersion": {"2010-04-01"}, "FromCity": {"GRANBY"}, "FromState": {"QC"}, "FromZip": {""}, "FromCountry": {"CA"},
		"ToCity": {"MONTREAL"}, "ToState": {"QC"}, "ToZip": {""}, "ToCountry": {"CA"},
	}
	if s.opts.Service != "" {
		form.Set("MessagingServiceSid", s.opts.Service)
	}
	if in.OptOutType != "" {
		form.Set("OptOutType", in.OptOutType)
	}
	for i, media := range in.Media {
		if media.URL == "" {
			media.URL = "https://api.twilio.com/2010-04-01/Accounts/" + s.opts.AccountSID + "/Messages/" + m.sid + "/Media/" + newSID("ME")
		}
		form.Set(fmt.Sprintf("MediaUrl%d", i), media.URL)
		form.Set(fmt.Sprintf("MediaContentType%d", i), media.Type)
	}
	return form
}

// reply takes the texts that the hub answered with and sends them back.
func (s *Sim) reply(in inboundOrder, answer string) []string {
	var twiml struct {
		Message []struct {
			Body string `xml:"Body"`
			Text string `xml:",chardata"`
		} `xml:"Message"`
	}
	if xml.Unmarshal([]byte(answer), &twiml) != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	for _, each := range twiml.Message {
		text := strings.TrimSpace(each.Text + each.Body)
		texts = append(texts, text)
		s.messages = append(s.messages, &message{
			sid: newSID("SM"), to: in.From, from: in.To, body: text, status: "delivered", direction: "outbound-reply", created: s.now(), updated: s.now(),
		})
	}
	return texts
}

type inboundOrder struct {
	From       string  `json:"from"`
	To         string  `json:"to"`
	Body       string  `json:"body"`
	Media      []media `json:"media"`
	OptOutType string  `json:"opt_out_type"`
	Times      int     `json:"times"`
	Deliver    *bool   `json:"deliver"`
}

// media is a picture that was sent: {"url", "type"}, or its address alone.
type media struct {
	URL  string `json:"url"`
	Type string `json:"type"`
}

// UnmarshalJSON reads either form.
func (m *media) UnmarshalJSON(raw []byte) error {
	*m = media{Type: "image/jpeg"}
	if json.Unmarshal(raw, &m.URL) == nil {
		return nil
	}
	type plain media
	return json.Unmarshal(raw, (*plain)(m))
}

type inboundResult struct {
	SID string `json:"message_sid"`
	callback
	Replies []string `json:"replies,omitempty"`
}

// dialled is a North American number the way Twilio says it, however a person
// has written it. Short numbers and what is E.164 already stay as they are.
func dialled(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	switch {
	case strings.HasPrefix(number, "+"):
		return number
	case len(digits) == 10:
		return "+1" + digits
	case len(digits) == 11 && digits[0] == '1':
		return "+" + digits
	}
	return number
}
