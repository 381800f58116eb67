package twilio

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// form is the body of a webhook, decoded.
type form map[string][]string

// parseForm decodes a form without ever refusing it, as browsers do and as
// Twilio's own validators expect: a semicolon is a letter like any other, an
// escape that is none stands for itself, values keep their blanks. Nothing that
// was sent gets lost, so what is verified is what is read.
func parseForm(text string) form {
	f := form{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key = unescape(key)
		f[key] = append(f[key], unescape(value))
	}
	return f
}

// signed is the part of the text under a signature that the form makes: every
// key in byte order, and behind each its value. A key that was repeated stands
// once for each of its different values, in their order.
func (f form) signed() string {
	keys := make([]string, 0, len(f))
	for key := range f {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		values := slices.Clone(f[key])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			b.WriteString(key)
			b.WriteString(value)
		}
	}
	return b.String()
}

// text returns the value of a key, "" when there is none. A key that was sent
// with several values is an error: a signature does not say which of them came
// first.
func (f form) text(key string) (string, error) {
	values := f[key]
	if len(values) == 0 {
		return "", nil
	}
	for _, other := range values[1:] {
		if other != values[0] {
			return "", fmt.Errorf("reading a webhook of Twilio: %s came with several values", key)
		}
	}
	return strings.ToValidUTF8(values[0], "\uFFFD"), nil
}

// texts reads several keys into their places.
func (f form) texts(places map[string]*string) error {
	var wrong []error
	for key, place := range places {
		value, err := f.text(key)
		*place = value
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

func unescape(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b = append(b, unhex(text[i+1])<<4|unhex(text[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
