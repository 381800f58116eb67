package charge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// deepest is how many objects, lists and texts of JSON inside each other are read.
const deepest = 64

// form reads a query or the body of a form.
func (f *found) form(text string) {
	values, err := url.ParseQuery(text)
	f.broken = f.broken || err != nil
	for key, all := range values {
		for _, value := range all {
			f.text(key, value, 0)
		}
	}
}

// body reads a body. What says that it is JSON is read as that alone. Anything else
// is a form, and JSON as well when it begins like it: the other side takes a raw
// document whatever it is called, and a form that looks like JSON for a form.
func (f *found) body(kind string, body []byte) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return
	}
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 || bytes.HasPrefix(body, []byte("--")) || bytes.HasPrefix(body, []byte("\ufeff")) {
		f.broken = true // packed, in another encoding, in parts: nobody looked into it
		return
	}
	kind, params, err := mime.ParseMediaType(kind)
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		f.broken = true
	}
	plain := err == nil && kind == "application/json"
	if plain || strings.IndexByte(`{["`, body[0]) >= 0 {
		f.broken = !f.json("", body, 0) || f.broken
	}
	if !plain {
		f.form(string(body))
	}
}

// json reads JSON value by value, so that a member that stands twice is seen
// twice. It answers false for what is none, or goes on behind its end.
func (f *found) json(key string, text []byte, depth int) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if !f.value(d, key, depth) {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}

// value reads the next value of JSON, which stands under the key.
func (f *found) value(d *json.Decoder, key string, depth int) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	switch t := token.(type) {
	case json.Delim:
		return f.members(d, t == '{', key, depth)
	case string:
		f.text(key, t, depth)
	case json.Number:
		f.leaf(key, t.String(), depth)
	case bool:
		f.leaf(key, map[bool]string{true: "1", false: "0"}[t], depth)
	case nil:
		f.leaf(key, "", depth)
	}
	return true
}

// members reads on to the end of an object or list. Conditions of a read are
// passed over: they name states and change none.
func (f *found) members(d *json.Decoder, object bool, key string, depth int) bool {
	switch {
	case depth > deepest:
		return false
	case key == "filters" || key == "or_filters":
		f = &found{}
	case key == "docstatus":
		f.states = append(f.states, "?")
	}
	for d.More() {
		member := key
		if object {
			token, err := d.Token()
			if err != nil {
				return false
			}
			member, _ = token.(string)
		}
		if !f.value(d, member, depth+1) {
			return false
		}
	}
	_, err := d.Token()
	return err == nil
}

// text reads a text, which may be JSON itself.
func (f *found) text(key, text string, depth int) {
	f.leaf(key, text, depth)
	inner := strings.TrimSpace(text)
	if inner == "" || strings.IndexByte(`{["`, inner[0]) < 0 || key == "filters" || key == "or_filters" {
		return
	}
	inside := &found{}
	if depth < deepest && inside.json(key, []byte(inner), depth+1) {
		f.add(inside)
	} else if carries(key) || depth >= deepest {
		f.broken = true
	}
}

// carries tells of arguments in which documents stand: there, what begins like
// JSON and is none may still be read by the other side, which takes more (NaN).
func carries(key string) bool {
	switch key {
	case "data", "doc", "docs", "document", "fieldname", "values", "args", "kwargs":
		return true
	}
	return false
}

func (f *found) add(o *found) {
	f.doctypes, f.methods = append(f.doctypes, o.doctypes...), append(f.methods, o.methods...)
	f.states, f.values = append(f.states, o.states...), append(f.values, o.values...)
	f.submit, f.mails, f.sets, f.broken = f.submit || o.submit, f.mails || o.mails, f.sets || o.sets, f.broken || o.broken
	f.renews = f.renews || o.renews
	if f.name == "" {
		f.name = o.name
	}
}

// leaf takes in one value.
func (f *found) leaf(key, value string, depth int) {
	switch key {
	case "docstatus":
		f.states = append(f.states, value)
	case "fieldname":
		f.sets = f.sets || value == "docstatus"
	case "value":
		f.values = append(f.values, value)
	case "doctype", "dt", "parenttype", "parent_doctype":
		if value != "" {
			f.doctypes = append(f.doctypes, value)
		}
	case "name", "docname", "dn":
		if f.name == "" {
			f.name = value
		}
	case "cmd", "run_method":
		f.methods = append(f.methods, value)
	case "method":
		if depth <= 1 && value != "" { // deeper it is a value of a document
			f.methods = append(f.methods, value)
		}
	case "action":
		f.submit = f.submit || strings.EqualFold(value, Submit)
		f.renews = f.renews || strings.EqualFold(value, "update")
	case "send_email":
		f.mails = f.mails || !isDraft(value)
	}
}
