package front

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// writeHead writes the status line and the headers.
func (w *reply) writeHead() {
	w.headed = true
	if !w.asked.finish() {
		w.close = true
	}
	out := w.out
	if w.status == http.StatusOK {
		out = append(out, "HTTP/1.1 200 OK\r\n"...)
	} else {
		out = strconv.AppendInt(append(out, "HTTP/1.1 "...), int64(w.status), 10)
		out = append(append(append(out, ' '), http.StatusText(w.status)...), "\r\n"...)
	}
	for name, values := range w.header {
		if !isToken(name) {
			continue
		}
		for _, value := range values {
			out = append(append(out, name...), ": "...)
			out = appendValue(out, value)
			out = append(out, "\r\n"...)
		}
	}
	f := w.conn.front
	for i := range f.cfg.Always {
		if line := &f.cfg.Always[i]; w.header[line.Name] == nil {
			out = append(out, line.Text...)
		}
	}
	if w.header["Date"] == nil {
		out = append(out, f.dateLine(time.Now())...)
	}
	switch {
	case w.chunks:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	case w.length >= 0 && w.status != http.StatusNoContent:
		out = append(out, "Content-Length: "...)
		out = append(strconv.AppendInt(out, w.length, 10), "\r\n"...)
	}
	if w.close {
		out = append(out, "Connection: close\r\n"...)
	}
	w.out = append(out, "\r\n"...)
}

// appendValue writes a header's value; what would end the line becomes a blank.
func appendValue(out []byte, value string) []byte {
	if isTrim(value) {
		return append(out, value...)
	}
	return append(out, textproto.TrimString(strings.NewReplacer("\r", " ", "\n", " ").Replace(value))...)
}

// isTrim tells of a value that can be written as it is.
func isTrim(value string) bool {
	if value == "" || value[0] == ' ' || value[len(value)-1] == ' ' {
		return value == ""
	}
	for i := range len(value) {
		if value[i] < ' ' {
			return false
		}
	}
	return true
}

// isTarget tells whether the text is a path on this server, all visible ASCII.
func isTarget(text string) bool {
	if len(text) == 0 || text[0] != '/' || len(text) > 1 && text[1] == '/' {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}

func isToken(text string) bool {
	for i := range len(text) {
		if c := text[i]; !letter(c) && c != '-' && !strings.ContainsRune("_.!#$%&'*+^`|~", rune(c)) {
			return false
		}
	}
	return text != ""
}

func letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isHost(text string) bool {
	for i := range len(text) {
		if c := text[i]; !letter(c) && c != '.' && c != ':' && c != '-' && c != '_' && c != '[' && c != ']' {
			return false
		}
	}
	return text != ""
}

// isText tells whether the text can be a value: visible ASCII, blanks and tabs.
func isText(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}
