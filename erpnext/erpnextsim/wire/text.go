package wire

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func (d *decoder) number() any {
	start := d.at
	digits := func() int {
		n := 0
		for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
			d.at++
			n++
		}
		return n
	}
	if d.peek() == '-' {
		d.at++
	}
	if strings.HasPrefix(d.text[d.at:], "Infinity") {
		d.at += len("Infinity")
		return math.Inf(-1)
	}
	if d.peek() == '0' {
		d.at++
	} else if digits() == 0 {
		return d.fail("Expecting value", start)
	}
	whole, end := true, d.at
	if d.peek() == '.' {
		if d.at++; digits() > 0 {
			whole, end = false, d.at
		}
		d.at = end
	}
	if c := d.peek(); c == 'e' || c == 'E' {
		if d.at++; d.peek() == '+' || d.peek() == '-' {
			d.at++
		}
		if digits() > 0 {
			whole, end = false, d.at
		}
		d.at = end
	}
	return number(d.text[start:end], whole)
}

func number(text string, whole bool) any {
	if whole {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i
		}
	}
	f, _ := strconv.ParseFloat(text, 64) // the grammar was checked; a number too large is infinite, as in Python
	return f
}

// string reads a text in quotes.
func (d *decoder) string() string {
	begin := d.at
	d.at++
	var out strings.Builder
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return strings.ToValidUTF8(out.String(), string(utf8.RuneError))
		case c == '\\':
			d.escape(begin, &out)
			if d.err != nil {
				return ""
			}
		case c < 0x20:
			d.fail("Invalid control character at", d.at)
			return ""
		default:
			out.WriteByte(c)
			d.at++
		}
	}
	d.fail("Unterminated string starting at", begin)
	return ""
}

func (d *decoder) escape(begin int, out *strings.Builder) {
	d.at++
	if d.at >= len(d.text) {
		d.fail("Unterminated string starting at", begin)
		return
	}
	c := d.text[d.at]
	d.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		out.WriteByte("\"\\/\b\f\n\r\t"[i])
		return
	}
	if c != 'u' {
		d.fail(`Invalid \escape`, d.at-2)
		return
	}
	r := d.hex4()
	if utf16.IsSurrogate(r) && strings.HasPrefix(d.text[d.at:], `\u`) && d.err == nil {
		before := d.at
		d.at += 2
		if pair := utf16.DecodeRune(r, d.hex4()); pair != utf8.RuneError {
			r = pair
		} else {
			d.at = before
		}
	}
	out.WriteRune(r)
}

func (d *decoder) hex4() rune {
	if d.at+4 <= len(d.text) {
		if v, err := strconv.ParseUint(d.text[d.at:d.at+4], 16, 32); err == nil {
			d.at += 4
			return rune(v)
		}
	}
	d.fail(`Invalid \uXXXX escape`, d.at-1)
	return utf8.RuneError
}
