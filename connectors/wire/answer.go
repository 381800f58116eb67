package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

var (
	errTooLong  = errors.New("the head of the answer is longer than allowed")
	errProtocol = errors.New("the answer is not HTTP as it should be")
)

// heralds is how many answers with a status below 200 may come before the answer.
const heralds = 8

// answer is all that an answer needs in one piece of memory.
type answer struct {
	http.Response
	body   body
	values [12]string
}

// framing is what a head says about the body.
type framing struct {
	chunked bool
	length  int64 // -1 when not said
	close   bool
}

// answer reads the head of the answer and prepares its body.
func (l *link) answer(r *http.Request) (*http.Response, error) {
	for range heralds {
		head, err := l.head()
		if err != nil {
			return nil, err
		}
		a := &answer{}
		frame, err := a.parse(head)
		if err != nil {
			return nil, err
		}
		if a.StatusCode >= 200 {
			return a.open(l, r, frame), nil
		}
		if a.StatusCode == http.StatusSwitchingProtocols {
			return nil, errProtocol // nobody asked for it
		}
	}
	return nil, errProtocol
}

// head returns the bytes up to the empty line, which is left out but for the end
// of the last line.
func (l *link) head() (string, error) {
	seen := 0
	for {
		have := l.in[l.r:l.w]
		if i := bytes.Index(have[max(seen-3, 0):], []byte("\r\n\r\n")); i >= 0 {
			i += max(seen-3, 0)
			if i+4 > l.transport.options.MaxHead {
				return "", errTooLong // it may have come at once
			}
			l.r += i + 4
			return string(have[:i+2]), nil
		}
		if i := bytes.IndexByte(have, '\n'); i == 0 || i > 0 && have[i-1] != '\r' {
			return "", errProtocol
		}
		if seen = len(have); seen > l.transport.options.MaxHead {
			return "", errTooLong
		}
		if seen == len(l.in) {
			l.in = append(l.in, make([]byte, len(l.in))...)
		}
		if err := l.fill(); err != nil {
			if errors.Is(err, io.EOF) && seen > 0 {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
	}
}

// parse reads a head: the status line and header lines, each ended by CRLF.
func (a *answer) parse(head string) (framing, error) {
	line, rest, _ := strings.Cut(head, "\r\n")
	if !a.parseStatus(line) {
		return framing{}, errProtocol
	}
	a.Header = make(http.Header, strings.Count(rest, "\n"))
	used := 0
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		colon := strings.IndexByte(line, ':')
		if colon < 0 {
			return framing{}, errProtocol
		}
		name, ok := canonical(line[:colon])
		value := trim(line[colon+1:])
		if !ok || !isValue(value) { // a folded line begins with a blank, which no name has
			return framing{}, errProtocol
		}
		before := a.Header[name]
		if before == nil && used < len(a.values) {
			a.values[used] = value
			a.Header[name] = a.values[used : used+1 : used+1]
			used++
			continue
		}
		a.Header[name] = append(before, value)
	}
	return a.frame()
}

// trim leaves out blanks around a value; mostly there is one before it.
func trim(value string) string {
	if len(value) > 1 && value[0] == ' ' && value[1] > ' ' && value[len(value)-1] > ' ' {
		return value[1:]
	}
	return strings.Trim(value, " \t")
}

func (a *answer) parseStatus(line string) bool {
	if len(line) < 12 || line[:7] != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return false
	}
	status := 0
	for _, c := range []byte(line[9:12]) {
		if c < '0' || c > '9' {
			return false
		}
		status = status*10 + int(c-'0')
	}
	a.Proto, a.ProtoMajor, a.ProtoMinor = line[:8], 1, int(line[7]-'0')
	a.Status, a.StatusCode = line[9:], status
	return status >= 100 && isValue(line)
}

// frame finds out how the body ends. Two opinions about that are none.
func (a *answer) frame() (framing, error) {
	f := framing{length: -1, close: a.ProtoMinor == 0}
	for _, line := range a.Header["Connection"] {
		for option := range strings.SplitSeq(line, ",") {
			f.close = f.close || strings.EqualFold(strings.Trim(option, " \t"), "close")
		}
	}
	for i, text := range a.Header["Content-Length"] {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || i > 0 && int64(n) != f.length {
			return f, errProtocol
		}
		f.length = int64(n)
	}
	if coding := a.Header["Transfer-Encoding"]; coding != nil {
		if len(coding) != 1 || !strings.EqualFold(coding[0], "chunked") || f.length >= 0 || a.ProtoMinor == 0 {
			return f, errProtocol
		}
		f.chunked = true
	}
	return f, nil
}

// open gives the answer its body. Without one the connection is free at once.
func (a *answer) open(l *link, r *http.Request, f framing) *http.Response {
	a.Request, a.ContentLength, a.Close = r, f.length, f.close
	l.inBody = true
	empty := r.Method == http.MethodHead || a.StatusCode == http.StatusNoContent || a.StatusCode == http.StatusNotModified
	if empty || f.length == 0 {
		unsaid := a.StatusCode == http.StatusNoContent && (f.length > 0 || f.chunked)
		a.Body = http.NoBody
		if a.StatusCode == http.StatusNoContent {
			a.ContentLength = 0
		}
		l.end(!f.close && !unsaid && !r.Close)
		return &a.Response
	}
	if f.chunked {
		a.TransferEncoding = a.Header["Transfer-Encoding"]
		delete(a.Header, "Transfer-Encoding")
	}
	if f.length < 0 || f.length > int64(l.w-l.r) {
		l.enlarge()
	}
	a.body = body{link: l, left: f.length, chunked: f.chunked, again: !f.close && !r.Close && (f.chunked || f.length > 0)}
	a.Body = &a.body
	return &a.Response
}
