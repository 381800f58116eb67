package mailjetsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/simkit"
)

// What one call and one message may hold.
const (
	maxMessages   = 50
	maxRecipients = 50
	maxSubject    = 255
)

// message is one mail to one recipient; Mailjet gives each its own id.
type message struct {
	id             int64
	uuid, to, kind string
	order          messageOrder
	at             time.Time
	status         string
}

// send takes a batch. Each message succeeds or fails by itself; the status of
// the answer is 200 only when all of them did.
func (s *Sim) send(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "mj-0011", "The payload is too large")
		return
	}
	var order sendOrder
	var root map[string]json.RawMessage
	if json.Unmarshal(raw, &root) != nil {
		refuse(w, http.StatusBadRequest, "mj-0002", "Malformed JSON, please review the syntax and properties types.")
		return
	}
	if err := json.Unmarshal(raw, &order); err != nil {
		refuse(w, http.StatusBadRequest, "mj-0004", "Type mismatch. Expected another type.")
		return
	}
	// The decoder of Go takes a name in any case; the API does not.
	sandbox := bytes.Equal(root["SandboxMode"], []byte("true"))
	misspelt := !sandbox && order.SandboxMode
	switch n := len(order.Messages); {
	case root["Messages"] == nil:
		refuse(w, http.StatusBadRequest, "mj-0003", `"Messages" is mandatory but missing from the input`)
		return
	case n == 0:
		refuse(w, http.StatusBadRequest, "mj-0007", `"Messages" cannot be an empty array`)
		return
	case n > maxMessages:
		refuse(w, http.StatusBadRequest, "mj-0008", fmt.Sprintf("%q has too many elements, the limit is %d", "Messages", maxMessages))
		return
	}
	s.take(w, r, order.Messages, sandbox, misspelt)
}

func (s *Sim) take(w http.ResponseWriter, r *http.Request, orders []messageOrder, sandbox, misspelt bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if misspelt {
		s.misspelt++
	}
	var results []messageResult
	var made []*message
	status, good := http.StatusOK, 0
	for _, order := range orders {
		if errs := s.check(order); len(errs) > 0 {
			results = append(results, messageResult{Status: "error", CustomID: order.CustomID, Errors: errs})
			if status == http.StatusOK {
				status = errs[0].Status
			}
			continue
		}
		good++
		result, messages := s.accept(order, "http://"+r.Host, sandbox)
		results, made = append(results, result), append(made, messages...)
	}
	if good > 0 && good < len(orders) {
		status = http.StatusBadRequest
	}
	simkit.WriteJSON(w, status, map[string]any{"Messages": results})
	if sandbox {
		s.trials += good
		return
	}
	for _, kind := range s.opts.Reports {
		s.reportAll(kind, made)
	}
	s.reportFates(made)
}

// check finds what is wrong with one message; nothing means that it is sent.
func (s *Sim) check(order messageOrder) []problem {
	var out []problem
	add := func(status int, code, text string, related ...string) {
		out = append(out, problem{Identifier: newUUID(), Code: code, Status: status, Message: text, Related: related})
	}
	switch {
	case order.From == nil:
		add(400, "mj-0003", `"From" is mandatory but missing from the input`, "From")
	case !isMail(order.From.Email):
		add(400, "mj-0013", fmt.Sprintf("%q is an invalid email address.", order.From.Email), "From.Email")
	case !s.maySend(order.From.Email):
		add(403, "send-0008", fmt.Sprintf("%q is not an authorized sender email address for your account.", order.From.Email), "From")
	}
	all := order.recipients()
	switch {
	case len(all) == 0:
		add(400, "mj-0003", `"To" is mandatory but missing from the input`, "To")
	case len(all) > maxRecipients:
		add(400, "send-0015", fmt.Sprintf("The number of recipients is over the limit of %d.", maxRecipients), "To", "Cc", "Bcc")
	}
	for i, each := range all {
		if !isMail(each.Email) {
			add(400, "mj-0013", fmt.Sprintf("%q is an invalid email address.", each.Email), fmt.Sprintf("%s[%d].Email", each.kind, i))
		}
	}
	if order.TextPart == "" && order.HTMLPart == "" && order.TemplateID == 0 {
		add(400, "send-0003", "At least \"HTMLPart\", \"TextPart\" or \"TemplateID\" must be provided.", "HTMLPart", "TextPart", "TemplateID")
	}
	if utf8.RuneCountInString(order.Subject) > maxSubject {
		add(400, "mj-0006", fmt.Sprintf("The length of the string is over the limit of %d.", maxSubject), "Subject")
	}
	return out
}

func (s *Sim) accept(order messageOrder, base string, sandbox bool) (messageResult, []*message) {
	result := messageResult{Status: "success", CustomID: order.CustomID, To: []recipientResult{}, Cc: []recipientResult{}, Bcc: []recipientResult{}}
	lists := map[string]*[]recipientResult{"To": &result.To, "Cc": &result.Cc, "Bcc": &result.Bcc}
	var made []*message
	for _, each := range order.recipients() {
		line := recipientResult{Email: each.Email}
		if !sandbox {
			m := &message{
				id: firstMessageID + int64(len(s.messages)), uuid: newUUID(), to: each.Email, kind: each.kind,
				order: order, at: s.now(), status: "queued",
			}
			s.messages, made = append(s.messages, m), append(made, m)
			line.MessageUUID, line.MessageID = m.uuid, m.id
		}
		line.MessageHref = base + "/v3/REST/message/" + strconv.FormatInt(line.MessageID, 10)
		*lists[each.kind] = append(*lists[each.kind], line)
	}
	return result, made
}

func (o messageOrder) recipients() []recipient {
	var out []recipient
	for _, list := range []struct {
		kind  string
		names []address
	}{{"To", o.To}, {"Cc", o.Cc}, {"Bcc", o.Bcc}} {
		for _, each := range list.names {
			out = append(out, recipient{each, list.kind})
		}
	}
	return out
}

func isMail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text
}

func newUUID() string { return uuid.NewString() }
