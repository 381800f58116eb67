package twiliosim

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/simkit"
)

// Words that Twilio itself takes as an opt-out or as its end.
var (
	stopWords  = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
	startWords = []string{"START", "YES", "UNSTOP"}
)

// simInbound lets somebody text us: {from, body, to?, times?, deliver?}. The
// opt-out words work as at Twilio, and the message reaches the hub all the same.
func (s *Sim) simInbound(w http.ResponseWriter, r *http.Request) {
	in := inboundOrder{Times: 1}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	if in.To == "" && len(s.opts.Numbers) > 0 {
		in.To = s.opts.Numbers[0]
	}
	m := &message{sid: newSID("SM"), to: in.To, from: in.From, body: in.Body, status: "received", direction: "inbound", created: s.now(), updated: s.now()}
	s.messages = append(s.messages, m)
	switch word := strings.ToUpper(strings.TrimSpace(in.Body)); {
	case slices.Contains(stopWords, word):
		s.stopped[in.To+" "+in.From] = true
	case slices.Contains(startWords, word):
		delete(s.stopped, in.To+" "+in.From)
	}
	address := s.inbound
	s.mu.Unlock()
	form := url.Values{
		"MessageSid": {m.sid}, "SmsSid": {m.sid}, "SmsMessageSid": {m.sid}, "AccountSid": {s.opts.AccountSID}, "From": {in.From}, "To": {in.To},
		"Body": {in.Body}, "NumMedia": {"0"}, "NumSegments": {strconv.Itoa(m.segments())}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"},
		"FromCountry": {"CA"}, "FromState": {"QC"}, "ToCountry": {"CA"}, "ToState": {"QC"},
	}
	out := inboundResult{SID: m.sid, callback: s.parcel(address, form)}
	if address != "" && (in.Deliver == nil || *in.Deliver) {
		for range max(in.Times, 1) {
			var answer string
			out.callback, answer = s.post(r.Context(), out.callback)
			out.Replies = append(out.Replies, s.reply(in, answer)...)
		}
	}
	simkit.WriteJSON(w, http.StatusOK, out)
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

// simOutcome arms how the next message ends: {to?, status, error_code?, next?}.
func (s *Sim) simOutcome(w http.ResponseWriter, r *http.Request) {
	in := struct {
		outcome
		Next int `json:"next"`
	}{Next: 1}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	for range max(in.Next, 1) {
		s.Outcome(in.To, in.Status, in.ErrorCode)
	}
	simkit.WriteJSON(w, http.StatusOK, map[string]any{"armed": in.outcome})
}

// simStatus reports one status of a message by hand: {sid, status, error_code?}.
func (s *Sim) simStatus(w http.ResponseWriter, r *http.Request) {
	var in struct {
		outcome
		SID string `json:"sid"`
	}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	m := s.bySID(in.SID)
	s.mu.Unlock()
	if m == nil {
		simkit.WriteJSON(w, http.StatusNotFound, map[string]string{"error": "no such message"})
		return
	}
	s.enter(m, in.outcome)
	simkit.WriteJSON(w, http.StatusOK, s.report(r.Context(), m, in.outcome))
}

type inboundOrder struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Body    string `json:"body"`
	Times   int    `json:"times"`
	Deliver *bool  `json:"deliver"`
}

type inboundResult struct {
	SID string `json:"message_sid"`
	callback
	Replies []string `json:"replies,omitempty"`
}
