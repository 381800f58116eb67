package address

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Pair is a parameter of a query or form.
type Pair struct{ Key, Value string }

// LongestQuery is how many bytes a query may have: servers cut longer ones off.
const LongestQuery = 8 << 10

// ErrQuery says that a query or form cannot be read.
var ErrQuery = errors.New("the parameters are not readable")

// Query reads a query or a form the way the other side does: only & separates,
// and a semicolon is a character like any other.
func Query(raw string) ([]Pair, error) {
	var pairs []Pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		k, err := unescape(key)
		if err != nil {
			return nil, err
		}
		v, err := unescape(value)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, Pair{k, v})
	}
	return pairs, nil
}

func unescape(text string) (string, error) {
	plain, err := url.QueryUnescape(text)
	if err != nil || !utf8.ValidString(plain) || strings.IndexByte(plain, 0) >= 0 {
		return "", ErrQuery
	}
	return plain, nil
}

// Sendable makes a query fit for a request line: what may not stand there plain
// is encoded, the rest stays as it was sent.
func Sendable(raw string) string {
	ok := true
	for i := range len(raw) {
		ok = ok && raw[i] > ' ' && raw[i] < 0x7f && raw[i] != '#'
	}
	if ok {
		return raw
	}
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(raw)+16)
	for i := range len(raw) {
		if c := raw[i]; c > ' ' && c < 0x7f && c != '#' {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}

// Escape writes a decoded path in the one canonical way; its slashes stay plain.
func Escape(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
