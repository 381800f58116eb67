package rest

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Holds tells whether a stored document has the values that were sent: whether
// a write whose reply was lost is there. "modified" is not compared. Numbers,
// boxes and times are compared by what they mean, and what is empty is the same
// as what is missing.
func Holds(stored json.RawMessage, sent any) (bool, error) {
	raw, err := json.Marshal(sent)
	if err != nil {
		return false, err
	}
	have, want := map[string]any{}, map[string]any{}
	if err := decode(stored, &have); err != nil {
		return false, err
	}
	if err := decode(raw, &want); err != nil {
		return false, err
	}
	delete(want, "modified")
	return same(want, have), nil
}

var breaks = regexp.MustCompile(`<br\s*/?>`)

// SameText tells whether two pieces of HTML without other markup than breaks say
// the same: Frappe's cleaning writes some characters in another way.
func SameText(a, b string) bool {
	said := func(s string) string { return strings.TrimSpace(html.UnescapeString(breaks.ReplaceAllString(s, "\n"))) }
	return said(a) == said(b)
}

func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

func same(want, have any) bool {
	switch want := want.(type) {
	case map[string]any:
		row, ok := have.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range want {
			if !same(value, row[key]) {
				return false
			}
		}
		return true
	case []any:
		rows, ok := have.([]any)
		if !ok || len(rows) != len(want) {
			return false
		}
		for i := range want {
			if !same(want[i], rows[i]) {
				return false
			}
		}
		return true
	default:
		return meaning(want) == meaning(have)
	}
}

// meaning writes values that mean the same in the same way.
func meaning(v any) string {
	text := ""
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		text = strconv.Itoa(map[bool]int{true: 1}[v])
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSuffix(strings.TrimSpace(v), ".000000")
		if len(text) == len("8:00:00") && strings.Count(text, ":") == 2 {
			text = "0" + text // hours are not padded on one of the databases
		}
	default:
		raw, _ := json.Marshal(v) // what came from JSON goes back into it
		text = string(raw)
	}
	if d, err := decimal.NewFromString(text); err == nil {
		if d.IsZero() {
			return ""
		}
		return d.String()
	}
	return text
}
