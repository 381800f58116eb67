// Package papers reads what a request says beside its path: the parameters of
// the query and the body, whichever of its forms it has. It takes only what the
// other side cannot read in another way: JSON in UTF-8 and plain forms. It calls
// nothing and remembers nothing.
package papers

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"strings"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/hub/gateway/address"
)

// Arg is one argument. A text of the query or a form is a JSON string here, so
// that both are looked at alike.
type Arg struct {
	Key   string
	Value json.RawMessage
}

// Args are all arguments of a request, in no order.
type Args []Arg

// What can be wrong with a body.
var (
	ErrJSON = errors.New("the JSON is broken")
	ErrForm = errors.New("the form is broken")
	ErrType = errors.New("the media type is not taken")
)

// The media types as they are sent on.
const (
	JSON = "application/json"
	Form = "application/x-www-form-urlencoded"
)

// Query reads the arguments of a query.
func Query(raw string) (Args, error) {
	pairs, err := address.Query(raw)
	if err != nil {
		return nil, err
	}
	return texts(pairs)
}

// Body reads the arguments of a body and says under which media type it may go
// on. document tells that the body is for a document: there the other side reads
// even a form as JSON when it looks like it, unless it has a part called data.
func Body(contentType string, body []byte, document bool) (args Args, sendAs string, err error) {
	if len(body) == 0 {
		return nil, "", nil
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if charset := strings.ToLower(params["charset"]); err != nil || charset != "" && charset != "utf-8" {
		return nil, "", ErrType
	}
	switch kind {
	case JSON:
		args, err = object(body)
		return args, JSON, err
	case Form:
		args, err = form(body, document)
		return args, Form, err
	}
	return nil, "", ErrType
}

func form(body []byte, document bool) (Args, error) {
	start := bytes.TrimLeft(body, " \t\r\n")
	if len(start) == 0 || start[0] == '{' || start[0] == '[' || start[0] == '"' {
		return nil, ErrType
	}
	pairs, err := address.Query(string(body))
	if err != nil {
		return nil, ErrForm
	}
	args, err := texts(pairs)
	if err == nil && document && !args.Has("data") {
		return nil, ErrType
	}
	return args, err
}

func texts(pairs []address.Pair) (Args, error) {
	args := make(Args, len(pairs))
	for i, p := range pairs {
		value, err := Quote(p.Value)
		if err != nil {
			return nil, err
		}
		args[i] = Arg{p.Key, value}
	}
	return args, nil
}

// object reads the members of a JSON object. A list or a single value means
// nothing to any route.
func object(body []byte) (Args, error) {
	if !utf8.Valid(body) {
		return nil, ErrJSON
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return nil, ErrJSON
	}
	args := make(Args, 0, len(members))
	for key, value := range members {
		args = append(args, Arg{key, value})
	}
	return args, nil
}

// Quote makes a JSON string of a text.
func Quote(text string) (json.RawMessage, error) { return json.Marshal(text) }

// Has tells whether an argument is there.
func (a Args) Has(key string) bool {
	for _, arg := range a {
		if arg.Key == key {
			return true
		}
	}
	return false
}

// All returns every value that an argument has.
func (a Args) All(key string) []json.RawMessage {
	var values []json.RawMessage
	for _, arg := range a {
		if arg.Key == key {
			values = append(values, arg.Value)
		}
	}
	return values
}

// Text returns a value that is a JSON string; ok is false for anything else.
func Text(value json.RawMessage) (text string, ok bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(value, &text) == nil
}

// Open decodes a value; a text that is JSON itself (an object, a list, a quoted
// text) is decoded too. ErrJSON when it begins like JSON and is none.
func Open(value json.RawMessage) (any, error) {
	if text, ok := Text(value); ok {
		inner := strings.TrimLeft(text, " \t\r\n")
		if inner == "" || strings.IndexByte(`[{"`, inner[0]) < 0 {
			return text, nil
		}
		value = json.RawMessage(text)
	}
	if !utf8.Valid(value) {
		return nil, ErrJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var opened any
	if decoder.Decode(&opened) != nil || decoder.More() {
		return nil, ErrJSON
	}
	return opened, nil
}

// Truthy tells whether the other side takes a value for a yes.
func Truthy(value json.RawMessage) bool {
	text, isText := Text(value)
	if !isText {
		text = string(value)
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "0", "false", "null", "0.0", "no", "none", "[]", "{}":
		return false
	}
	return true
}
