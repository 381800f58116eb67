package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
)

var errMalformed = errors.New("the request has a name or a value that cannot be sent")

// encode writes the request as it goes over the wire, its body included, and
// closes the body.
func (s *space) encode(r *http.Request, call Call) error {
	hasBody := r.Body != nil && r.Body != http.NoBody
	if hasBody {
		defer func() { _ = r.Body.Close() }()
	}
	method, target, host := r.Method, r.URL.RequestURI(), r.Host
	if method == "" {
		method = http.MethodGet
	}
	if host == "" {
		host = r.URL.Host
	}
	if !isToken(method) || !isWord(target) || !isWord(host) {
		return errMalformed
	}
	out := append(s.out[:0], method...)
	out = append(out, ' ')
	out = append(out, target...)
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, host...)
	out = append(out, "\r\n"...)
	out, err := appendHeader(out, r, call)
	if err != nil {
		return err
	}
	if hasBody || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		length := int64(0)
		if hasBody {
			length = r.ContentLength
		}
		out = strconv.AppendInt(append(out, "Content-Length: "...), length, 10)
		out = append(out, "\r\n"...)
	}
	out = append(out, "\r\n"...)
	if hasBody {
		out, err = appendBody(out, r)
	}
	s.out = out
	return err
}

func appendHeader(out []byte, r *http.Request, call Call) ([]byte, error) {
	agent := call.Agent
	for name, values := range r.Header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection":
			continue
		case "User-Agent":
			agent = ""
		case "X-Request-Id":
			if call.ID != "" {
				continue
			}
		}
		for _, value := range values {
			if !isToken(name) || !isValue(value) {
				return out, errMalformed
			}
			out = appendLine(out, name, value)
		}
	}
	if agent != "" {
		out = appendLine(out, "User-Agent", agent)
	}
	if call.ID != "" {
		if !isValue(call.ID) {
			return out, errMalformed
		}
		out = appendLine(out, "X-Request-Id", call.ID)
	}
	if r.Close {
		out = appendLine(out, "Connection", "close")
	}
	return out, nil
}

func appendLine(out []byte, name, value string) []byte {
	out = append(out, name...)
	out = append(out, ": "...)
	out = append(out, value...)
	return append(out, "\r\n"...)
}

// appendBody reads the whole body, which must be as long as it said.
func appendBody(out []byte, r *http.Request) ([]byte, error) {
	at := len(out)
	out = append(out, make([]byte, r.ContentLength)...)
	if _, err := io.ReadFull(r.Body, out[at:]); err != nil {
		return out, fmt.Errorf("reading the request's body: %w", err)
	}
	var more [1]byte
	if n, _ := r.Body.Read(more[:]); n > 0 {
		return out, errors.New("the request's body is longer than it said")
	}
	return out, nil
}

// What a byte may be part of.
const (
	inToken = 1 << iota // the name of a header, a method
	inValue             // the value of a header
	isUpper
	isLower
)

// kinds says of every byte what it may be part of.
var kinds = func() (all [256]uint8) {
	for c := range all {
		if c >= ' ' && c != 0x7f || c == '\t' {
			all[c] |= inValue
		}
		switch {
		case 'A' <= c && c <= 'Z':
			all[c] |= inToken | isUpper
		case 'a' <= c && c <= 'z':
			all[c] |= inToken | isLower
		case '0' <= c && c <= '9':
			all[c] |= inToken
		}
	}
	for _, c := range []byte("-_.!#$%&'*+^`|~") {
		all[c] |= inToken
	}
	return all
}()

// isToken tells whether the text can name a header or a method.
func isToken(text string) bool {
	for i := range len(text) {
		if kinds[text[i]]&inToken == 0 {
			return false
		}
	}
	return text != ""
}

// canonical is the name of a header as net/http writes it; not ok when it can be
// none.
func canonical(name string) (_ string, ok bool) {
	wrong, same := uint8(isLower), true
	for i := range len(name) {
		kind := kinds[name[i]]
		if kind&inToken == 0 {
			return "", false
		}
		same = same && kind&wrong == 0
		if wrong = isUpper; name[i] == '-' {
			wrong = isLower
		}
	}
	if !same {
		name = textproto.CanonicalMIMEHeaderKey(name)
	}
	return name, name != ""
}

// isWord tells whether the text has no blanks and no control characters.
func isWord(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] == 0x7f {
			return false
		}
	}
	return text != ""
}

// isValue tells whether the text can be a header's value.
func isValue(text string) bool {
	for i := range len(text) {
		if kinds[text[i]]&inValue == 0 {
			return false
		}
	}
	return true
}
