package wire

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Style says how JSON text looks.
type Style struct {
	ASCII  bool // everything beyond ASCII as \uXXXX
	Spaces bool // a blank after each colon and comma
	Indent bool // a line for each member, indented by one blank, and a blank after each colon
}

// Encode writes v, which is built of nil, bool, numbers, strings, slices, maps
// and Objects. Members of a Go map come sorted.
func Encode(v any, style Style) []byte {
	e := encoder{style: style}
	e.value(v)
	return e.Bytes()
}

type encoder struct {
	bytes.Buffer
	style Style
	depth int
}

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.WriteString("null")
	case bool:
		e.WriteString(strconv.FormatBool(v))
	case string:
		e.text(v)
	case int:
		e.WriteString(strconv.Itoa(v))
	case int64:
		e.WriteString(strconv.FormatInt(v, 10))
	case float64:
		e.float(v)
	default:
		e.compound(v)
	}
}

func (e *encoder) compound(v any) {
	switch v := v.(type) {
	case Object:
		e.object(len(v), func(i int) (string, any) { return v[i].Key, v[i].Value })
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		e.object(len(keys), func(i int) (string, any) { return keys[i], v[keys[i]] })
	case []any:
		e.list(len(v), func(i int) any { return v[i] })
	case []Object:
		e.list(len(v), func(i int) any { return v[i] })
	case []map[string]any:
		e.list(len(v), func(i int) any { return v[i] })
	case []string:
		e.list(len(v), func(i int) any { return v[i] })
	case []byte:
		e.list(len(v), func(i int) any { return int(v[i]) })
	default:
		e.text(fmt.Sprint(v))
	}
}

func (e *encoder) object(n int, at func(int) (string, any)) {
	e.WriteByte('{')
	e.depth++
	for i := range n {
		key, value := at(i)
		e.comma(i)
		e.text(key)
		e.WriteByte(':')
		if e.style.Spaces || e.style.Indent {
			e.WriteByte(' ')
		}
		e.value(value)
	}
	e.end(n, '}')
}

func (e *encoder) list(n int, at func(int) any) {
	e.WriteByte('[')
	e.depth++
	for i := range n {
		e.comma(i)
		e.value(at(i))
	}
	e.end(n, ']')
}

// comma goes on to the next member.
func (e *encoder) comma(i int) {
	if i > 0 {
		e.WriteByte(',')
	}
	switch {
	case e.style.Indent:
		e.line()
	case i > 0 && e.style.Spaces:
		e.WriteByte(' ')
	}
}

func (e *encoder) end(members int, sign byte) {
	e.depth--
	if members > 0 && e.style.Indent {
		e.line()
	}
	e.WriteByte(sign)
}

func (e *encoder) line() { e.WriteString("\n" + strings.Repeat(" ", e.depth)) }

func (e *encoder) float(f float64) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		e.WriteString("null")
	case f != 0 && (math.Abs(f) < 1e-4 || math.Abs(f) >= 1e16):
		e.WriteString(strconv.FormatFloat(f, 'e', -1, 64))
	case f == math.Trunc(f):
		e.WriteString(strconv.FormatFloat(f, 'f', 1, 64))
	default:
		e.WriteString(strconv.FormatFloat(f, 'f', -1, 64))
	}
}

func (e *encoder) text(s string) {
	e.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			e.WriteByte('\\')
			e.WriteRune(r)
		case r == '\n':
			e.WriteString(`\n`)
		case r == '\r':
			e.WriteString(`\r`)
		case r == '\t':
			e.WriteString(`\t`)
		case r == '\b':
			e.WriteString(`\b`)
		case r == '\f':
			e.WriteString(`\f`)
		case r < 0x20 || e.style.ASCII && r > 0x7e && r < 0x10000:
			fmt.Fprintf(e, `\u%04x`, r)
		case e.style.ASCII && r >= 0x10000:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(e, `\u%04x\u%04x`, hi, lo)
		case r == utf8.RuneError:
			e.WriteString(`\ufffd`)
		default:
			e.WriteRune(r)
		}
	}
	e.WriteByte('"')
}
