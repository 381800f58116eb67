package erpnextsim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// compare lists what is wrong with an answer.
func (c *conversation) compare(w Wanted, a said) []string {
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if a.status != w.Want {
		bad("status %d, want %d", a.status, w.Want)
	}
	for k, v := range w.Head {
		if got := strings.Join(a.header.Values(k), "; "); match(c.fill(v), orAbsent(got)) != "" {
			bad("header %s: %q, want %q", k, got, v)
		}
	}
	if w.Fails != "" {
		wrong = append(wrong, failure(w, a)...)
	}
	if w.Message != "" {
		pattern := regexp.MustCompile(c.text(w.Message))
		if !slices.ContainsFunc(a.messages(), pattern.MatchString) {
			bad("messages %q, want %q", a.messages(), pattern)
		}
	}
	if w.Body != nil {
		if why := match(c.fill(w.Body), a.json); why != "" {
			bad("body%s", why)
		}
	}
	if got, ok := a.json.(map[string]any); w.Keys != nil && (!ok || !slices.Equal(slices.Sorted(slices.Values(w.Keys)), slices.Sorted(maps.Keys(got)))) {
		bad("keys %v, want %v", slices.Sorted(maps.Keys(got)), w.Keys)
	}
	if text := c.text(w.Text); w.Text != "" && match(text, a.text) != "" {
		bad("text, want %s", text)
	}
	if w.Finds != nil {
		if got := firsts(a.rows()); !slices.Equal(got, c.texts(w.Finds)) {
			bad("finds %q, want %q", got, w.Finds)
		}
	}
	return wrong
}

func (c *conversation) texts(in []string) []string {
	out := make([]string, len(in))
	for i := range in {
		out[i] = c.text(in[i])
	}
	return out
}

func orAbsent(text string) any {
	if text == "" {
		return absent{}
	}
	return text
}

// failure checks the envelope of an exception: the class, and that all members
// that are text of JSON decode.
func failure(w Wanted, a said) []string {
	var wrong []string
	class := a.at("exc_type")
	if class == nil {
		class = a.at("errors.0.type")
	}
	if class != w.Fails {
		wrong = append(wrong, fmt.Sprintf("fails with %v, want %s", class, w.Fails))
	}
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		wrong = append(wrong, "Content-Type "+kind)
	}
	if text, ok := a.at("exc").(string); ok {
		var traces []string
		if err := json.Unmarshal([]byte(text), &traces); err != nil || !strings.HasPrefix(traces[0], "Traceback") {
			wrong = append(wrong, "exc is no text of a list of tracebacks")
		}
		if last, _ := a.at("exception").(string); last == "" || !strings.Contains(text, w.Fails) {
			wrong = append(wrong, "no exception, or a traceback without its class: "+last)
		}
	}
	return wrong
}

// firsts is the first column of a list: the only field, or the title, as text.
func firsts(rows []any) []string {
	out := []string{}
	for _, item := range rows {
		v := item
		switch at := item.(type) {
		case []any:
			v = at[0]
		case map[string]any:
			v = at["title"]
			for _, only := range at {
				if len(at) == 1 {
					v = only
				}
			}
		}
		if text, ok := v.(string); ok {
			out = append(out, text)
			continue
		}
		out = append(out, encode(v))
	}
	return out
}

// absent stands for something that is not there.
type absent struct{}

var shapes = map[string]string{
	"<datetime>":   `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$`,
	"<six digits>": `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$`,
	"<hash>":       `^[0-9a-v]{10}$`,
	"<text>":       `(?s)^.+$`,
}

// match tells what differs, "" for nothing. What is wanted may be a shape
// ("<number>", "<list of 3>", "<absent>"), a pattern ("~^a"), or the value.
func match(want, got any) string {
	switch want := want.(type) {
	case string:
		return matchText(want, got)
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf(": %s, want an object", encode(got))
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			v, ok := object[k]
			if !ok {
				v = absent{}
			}
			if why := match(want[k], v); why != "" {
				return "." + k + why
			}
		}
		return ""
	case []any:
		return matchList(want, got)
	}
	var plain any
	if err := json.Unmarshal([]byte(encode(want)), &plain); err != nil || !reflect.DeepEqual(plain, got) {
		return fmt.Sprintf(": %s, want %s", encode(got), encode(want))
	}
	return ""
}

func matchText(want string, got any) string {
	text, isText := got.(string)
	_, missing := got.(absent)
	count, isCount := strings.CutPrefix(want, "<list of ")
	list, isList := got.([]any)
	_, isNumber := got.(float64)
	_, isObject := got.(map[string]any)
	ok := isText && text == want
	switch {
	case want == "<absent>":
		ok = missing
	case want == "<any>":
		ok = !missing
	case want == "<number>":
		ok = isNumber
	case want == "<list>":
		ok = isList
	case want == "<object>":
		ok = isObject
	case isCount:
		ok = isList && strconv.Itoa(len(list))+">" == count
	case shapes[want] != "":
		ok = isText && regexp.MustCompile(shapes[want]).MatchString(text)
	case strings.HasPrefix(want, "~"):
		ok = isText && regexp.MustCompile(want[1:]).MatchString(text)
	}
	if ok {
		return ""
	}
	return fmt.Sprintf(": %s, want %s", encode(got), want)
}

// matchList compares in order, or looks for each when the first item is "<has>".
func matchList(want []any, got any) string {
	list, ok := got.([]any)
	if !ok {
		return fmt.Sprintf(": %s, want a list", encode(got))
	}
	if len(want) > 0 && want[0] == "<has>" {
		for _, w := range want[1:] {
			if !slices.ContainsFunc(list, func(item any) bool { return match(w, item) == "" }) {
				return fmt.Sprintf(": nothing like %s in %s", encode(w), encode(got))
			}
		}
		return ""
	}
	if len(list) != len(want) {
		return fmt.Sprintf(": %d items, want %d: %s", len(list), len(want), encode(got))
	}
	for i := range want {
		if why := match(want[i], list[i]); why != "" {
			return "." + strconv.Itoa(i) + why
		}
	}
	return ""
}
