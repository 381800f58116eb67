// Package fault reads what Frappe, the framework under ERPNext, says when it
// refuses something: its JSON of both versions in, class and texts for people
// out, and an Error of them. It also knows which classes pass, which of them
// leave a write undone, and which speak of one call only.
// It calls nothing and remembers nothing.
package fault

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Read gives of the body of a refusal Frappe's class ("LinkValidationError"),
// one line for people and everything that was said. All are empty when the body
// is not Frappe's (the HTML page of a proxy). The texts hold no markup, address
// or traceback; host is taken out of them too.
func Read(body []byte, host string) (class, line string, messages []string) {
	var w wireError
	if json.Unmarshal(body, &w) != nil {
		return "", "", nil
	}
	return w.read(func(s string) string { return oneLine(s, host) })
}

var classMember = regexp.MustCompile(`"(?:exc_type|type)": ?"([A-Za-z_]\w*)"`)

// classIn finds the class in a body, or in the beginning of one that is long:
// tracebacks stand before the class in some answers and after it in others.
func classIn(head []byte) string {
	if class, line, _ := Read(head, ""); class != "" {
		return Refine(class, line)
	}
	if m := classMember.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	if m := lastLine.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	return ""
}

// lastLine is the member that holds the last line of the traceback.
var lastLine = regexp.MustCompile(`"exception": ?"(?:\w+\.)*(\w+)`)

// wireError is the union of both versions' bodies. Members of a wrong type
// must not hide the others, so all are read late.
type wireError struct {
	ExcType        json.RawMessage `json:"exc_type"`
	Exception      json.RawMessage `json:"exception"`
	ServerMessages json.RawMessage `json:"_server_messages"`
	ErrorMessage   json.RawMessage `json:"_error_message"`
	Message        json.RawMessage `json:"message"`
	Errors         json.RawMessage `json:"errors"`   // v2
	MessagesV2     json.RawMessage `json:"messages"` // v2
}

// read gives class, the line for people and all messages: the last message
// that was raised, else all of them, else what a permission check said, else
// the last line of the exception, else the class.
func (w wireError) read(clean func(string) string) (class, line string, all []string) {
	class = text(w.ExcType)
	messages := serverMessages(w.ServerMessages)
	for _, raw := range rawList(w.Errors) {
		m := readMessage(raw)
		m.Raised = true
		if class == "" {
			class = m.Type
		}
		messages = append(messages, m)
	}
	for _, raw := range rawList(w.MessagesV2) {
		messages = append(messages, readMessage(raw))
	}
	raised := ""
	for _, m := range messages {
		s := clean(m.Text)
		if s == "" {
			continue
		}
		all = append(all, s)
		if m.Raised {
			raised = s
		}
	}
	_, last, _ := strings.Cut(text(w.Exception), ": ")
	for _, s := range []string{raised, clean(strings.Join(all, " ")), clean(text(w.ErrorMessage)),
		clean(last), clean(text(w.Message)), class} {
		if s != "" {
			return class, s, all
		}
	}
	return class, "", all
}

// message is one thing that ERPNext said.
type message struct {
	Text, Type string
	Raised     bool
}

// serverMessages reads the doubly encoded list: a string that holds a list of
// strings, each of which holds an object.
func serverMessages(raw json.RawMessage) []message {
	var out []message
	for _, item := range rawList(json.RawMessage(text(raw))) {
		if s := text(item); json.Valid([]byte(s)) {
			item = json.RawMessage(s)
		}
		out = append(out, readMessage(item))
	}
	return out
}

func readMessage(raw json.RawMessage) message {
	var o struct {
		Message, Type  json.RawMessage
		RaiseException json.RawMessage `json:"raise_exception"`
	}
	if json.Unmarshal(raw, &o) != nil {
		return message{Text: text(raw)}
	}
	m := message{Text: text(o.Message), Type: text(o.Type)}
	if m.Text == "" { // a message may be a list of lines
		for _, line := range rawList(o.Message) {
			m.Text = strings.TrimSpace(m.Text + " " + text(line))
		}
	}
	m.Raised = string(o.RaiseException) == "1" || string(o.RaiseException) == "true"
	return m
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func rawList(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}
