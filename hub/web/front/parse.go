package front

import (
	"bytes"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// maxLines is how many headers a request may have here.
const maxLines = 64

// parser makes requests of heads. It remembers the lines of the last one: a
// caller sends mostly the same again, and then there is nothing to read anew.
type parser struct {
	request http.Request // of now; whoever wants to keep it copies it
	text    string       // the lines, the empty one included; "" for none
	header  http.Header
	host    string
	length  int64 // of the body, -1 when not said
	close   bool
	plain   []pair // what header holds
}

// pair is a header that has one value.
type pair struct{ name, value string }

// parse reads a head, its empty line included. It takes only what cannot be
// understood in two ways: everything else is net/http's business, so that there
// is never a second opinion about a request.
func (p *parser) parse(head []byte) (r *http.Request, ok bool) {
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	method := methodOf(line)
	if method == "" || len(line) < len(method)+len(" / HTTP/1.1") || string(line[len(line)-9:]) != " HTTP/1.1" {
		return nil, false
	}
	target := string(line[len(method)+1 : len(line)-9])
	if !isTarget(target) {
		return nil, false
	}
	if (p.text != string(rest) || !p.untouched()) && !p.read(string(rest)) {
		p.text = ""
		return nil, false
	}
	if (method == http.MethodPost) != (p.length >= 0) {
		return nil, false
	}
	p.request = http.Request{
		Method: method, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: p.header,
		Body: http.NoBody, ContentLength: max(p.length, 0), Host: p.host, Close: p.close, URL: plain(target),
	}
	var err error
	if p.request.URL == nil {
		p.request.URL, err = url.ParseRequestURI(target)
	}
	return &p.request, err == nil
}

// methodOf is the method of a request that may be for here, "" for others.
func methodOf(line []byte) string {
	switch {
	case bytes.HasPrefix(line, []byte("GET ")):
		return http.MethodGet
	case bytes.HasPrefix(line, []byte("POST ")):
		return http.MethodPost
	}
	return ""
}

// untouched tells whether the remembered headers are what was read: they were
// in the hands of a handler.
func (p *parser) untouched() bool {
	if len(p.header) != len(p.plain) {
		return false
	}
	for _, one := range p.plain {
		if values := p.header[one.name]; len(values) != 1 || cap(values) != 1 || values[0] != one.value {
			return false
		}
	}
	return true
}

// read reads the lines of a head and remembers them, unless a name comes twice.
func (p *parser) read(text string) bool {
	r := http.Request{Header: make(http.Header, strings.Count(text, "\n")), ContentLength: -1}
	if !parseLines(&r, text) || r.Host == "" {
		return false
	}
	p.text, p.header, p.host, p.length, p.close, p.plain = text, r.Header, r.Host, r.ContentLength, r.Close, p.plain[:0]
	for name, values := range r.Header {
		if len(values) != 1 {
			p.text = ""
		}
		p.plain = append(p.plain, pair{name, values[0]})
	}
	return true
}

// plain is the address of a target that means what it says byte for byte; nil
// when that takes net/url to find out.
func plain(target string) *url.URL {
	path, query, asks := strings.Cut(target, "?")
	if asks && query == "" {
		return nil
	}
	for i := range len(path) {
		if c := path[i]; !letter(c) && c != '/' && c != '-' && c != '.' && c != '_' {
			return nil
		}
	}
	return &url.URL{Path: path, RawQuery: query}
}

func parseLines(r *http.Request, text string) bool {
	var room []string
	for n := 0; ; n++ {
		line, rest, found := strings.Cut(text, "\r\n")
		if !found || n > maxLines {
			return false
		}
		if line == "" {
			return rest == ""
		}
		text = rest
		name, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !found || !isToken(name) || !isText(value) { // a folded line begins with a blank, which no name has
			return false
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		switch name {
		case "Host":
			if r.Host != "" || !isHost(value) {
				return false
			}
			r.Host = value
			continue
		case "Connection":
			if !connection(r, value) {
				return false
			}
		case "Content-Length":
			if !length(r, value) {
				return false
			}
		case "Transfer-Encoding", "Upgrade", "Expect", "Trailer", "Te", "Proxy-Connection", "Keep-Alive", "Http2-Settings", "Pragma":
			return false
		}
		if before := r.Header[name]; before != nil {
			r.Header[name] = append(before, value)
			continue
		}
		if len(room) == cap(room) {
			room = make([]string, 0, 8)
		}
		room = append(room, value)
		r.Header[name] = room[len(room)-1 : len(room) : len(room)]
	}
}

// length reads how long the body is, which must be said once and in digits only.
func length(r *http.Request, value string) bool {
	if r.ContentLength >= 0 || value == "" || len(value) > 9 {
		return false
	}
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return false
		}
	}
	r.ContentLength, _ = strconv.ParseInt(value, 10, 64) // digits, and few
	return true
}

// connection reads the header of that name, which must say one plain thing once.
func connection(r *http.Request, value string) bool {
	if r.Header["Connection"] != nil {
		return false
	}
	r.Close = strings.EqualFold(value, "close")
	return r.Close || strings.EqualFold(value, "keep-alive")
}
