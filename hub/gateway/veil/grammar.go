package veil

import (
	"encoding/json"
	"strings"
)

// mark takes a byte that is neither blank nor inside a string or scalar.
func (f *Filter) mark(dst []byte, c byte) ([]byte, error) {
	switch f.state {
	case wantValue, wantFirst:
		return f.value(dst, c)
	case wantKey, wantMember:
		if c == '}' && f.state == wantMember {
			return f.close(dst, c)
		}
		if c != '"' {
			return dst, ErrJSON
		}
		f.key = len(f.held)
		f.held = append(f.held, c)
		f.state = inKey
		return dst, nil
	case wantColon:
		if c != ':' {
			return dst, ErrJSON
		}
		f.state = wantValue
		return f.show(dst, c), nil
	case wantNext:
		return f.next(dst, c)
	}
	return dst, ErrJSON
}

func (f *Filter) value(dst []byte, c byte) ([]byte, error) {
	switch {
	case c == '{' || c == '[':
		if len(f.levels) == deepest {
			return dst, ErrJSON
		}
		f.levels = append(f.levels, level{list: c == '['})
		f.state = wantMember
		if c == '[' {
			f.state = wantFirst
		}
		return f.show(dst, c), nil
	case c == ']' && f.state == wantFirst:
		return f.close(dst, c)
	case c == '"':
		f.state = inText
		return f.show(dst, c), nil
	case isScalar(c):
		f.scalar = append(f.scalar[:0], c)
		f.state = inScalar
		return f.show(dst, c), nil
	}
	return dst, ErrJSON
}

// next takes what may stand behind a member.
func (f *Filter) next(dst []byte, c byte) ([]byte, error) {
	top := f.levels[len(f.levels)-1]
	switch {
	case c == ',' && top.list:
		f.state = wantValue
		return f.show(dst, c), nil
	case c == ',':
		f.state = wantKey
		if f.hidden == 0 {
			f.held = append(f.held, c)
		}
		return dst, nil
	case c == ']' && top.list, c == '}' && !top.list:
		return f.close(dst, c)
	}
	return dst, ErrJSON
}

// close ends an object or list.
func (f *Filter) close(dst []byte, c byte) ([]byte, error) {
	dst = append(dst, f.held...) // the blanks of an empty object
	f.held = f.held[:0]
	dst = f.show(dst, c)
	f.levels = f.levels[:len(f.levels)-1]
	f.closeValue()
	return dst, nil
}

// closeValue decides what may stand behind a value that has ended.
func (f *Filter) closeValue() {
	f.state = wantNext
	if len(f.levels) == 0 {
		f.state = atEnd
	}
	if f.hidden > 0 && f.hidden == len(f.levels) {
		f.hidden = 0
	}
}

func (f *Filter) closeScalar() error {
	if !json.Valid(f.scalar) {
		return ErrJSON
	}
	f.closeValue()
	return nil
}

func isScalar(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// unescape takes a byte of an escape.
func (f *Filter) unescape(c byte) error {
	switch {
	case f.escape == 5 && c == 'u':
		f.escape = 4
	case f.escape == 5 && strings.IndexByte(`"\/bfnrt`, c) >= 0:
		f.escape = 0
	case f.escape < 5 && ('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'):
		f.escape--
	default:
		return ErrJSON
	}
	return nil
}
