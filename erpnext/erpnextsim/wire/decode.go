package wire

import (
	"math"
	"strings"
)

// Decode reads one JSON value as Python's json does: whole numbers become int64,
// others float64, objects map[string]any; NaN and Infinity are numbers. The error
// of broken text is a *SyntaxError with Python's words.
func Decode(text []byte) (any, error) {
	v, err := DecodeOrdered(text)
	return Plain(v), err
}

// DecodeOrdered is Decode with objects as Object, their members in order.
func DecodeOrdered(text []byte) (any, error) {
	d := &decoder{text: strings.TrimPrefix(string(text), "\ufeff")}
	d.blanks()
	v := d.value()
	d.blanks()
	if d.err == nil && d.at < len(d.text) {
		d.fail("Extra data", d.at)
	}
	if d.err != nil {
		return nil, d.err
	}
	return v, nil
}

// decoder reads text from at on; after the first failure it only unwinds.
type decoder struct {
	text string
	at   int
	deep int
	err  error
}

// deepest is how far values may be nested, as Python's recursion limit.
const deepest = 900

func (d *decoder) fail(message string, at int) any {
	if d.err == nil {
		d.err = newSyntaxError(message, d.text, at)
	}
	return nil
}

func (d *decoder) blanks() {
	for d.at < len(d.text) && strings.IndexByte(" \t\n\r", d.text[d.at]) >= 0 {
		d.at++
	}
}

func (d *decoder) peek() byte {
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

func (d *decoder) value() any {
	if d.deep++; d.deep > deepest {
		return d.fail("Expecting value", d.at)
	}
	defer func() { d.deep-- }()
	switch c := d.peek(); {
	case c == '"':
		return d.string()
	case c == '{':
		return d.object()
	case c == '[':
		return d.list()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	for word, v := range map[string]any{"null": nil, "true": true, "false": false, "NaN": math.NaN(), "Infinity": math.Inf(1)} {
		if strings.HasPrefix(d.text[d.at:], word) {
			d.at += len(word)
			return v
		}
	}
	return d.fail("Expecting value", d.at)
}

func (d *decoder) object() any {
	out, seen := Object{}, map[string]int{}
	d.at++
	d.blanks()
	if d.peek() == '}' {
		d.at++
		return out
	}
	for d.err == nil {
		if d.peek() != '"' {
			return d.fail("Expecting property name enclosed in double quotes", d.at)
		}
		key := d.string()
		d.blanks()
		if d.peek() != ':' {
			return d.fail("Expecting ':' delimiter", d.at)
		}
		d.at++
		d.blanks()
		i, again := seen[key]
		if !again {
			i = len(out)
			seen[key], out = i, append(out, Pair{Key: key})
		}
		out[i].Value = d.value() // of two equal keys the last one counts, at the place of the first
		d.blanks()
		if d.closed('}') {
			return out
		}
	}
	return nil
}

func (d *decoder) list() any {
	out := []any{}
	d.at++
	d.blanks()
	if d.peek() == ']' {
		d.at++
		return out
	}
	for d.err == nil {
		out = append(out, d.value())
		d.blanks()
		if d.closed(']') {
			return out
		}
	}
	return nil
}

// closed takes the sign that ends a compound value, or the comma before its next
// member.
func (d *decoder) closed(end byte) bool {
	if d.err != nil {
		return false
	}
	switch d.peek() {
	case end:
		d.at++
		return true
	case ',':
		d.at++
		d.blanks()
	default:
		d.fail("Expecting ',' delimiter", d.at)
	}
	return false
}
