// Package pass makes the request of a caller into one of the hub's own, for
// requests that are passed through to ERPNext: the address byte for byte, the
// headers that may go on, and none that would speak for somebody. It calls
// nothing and remembers nothing.
package pass

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Pass is a request to be passed through.
type Pass struct {
	Method string
	Target string      // escaped path and query as the caller sent them: "/api/resource/Issue?limit=5"
	Header http.Header // the caller's; it is not changed
	Body   io.Reader   // nil for none; closed after the call when it can be
	Length int64       // of the body in bytes; -1 when it is not known
}

// longest is how long the body of a write may be, an upload's aside.
const longest = 16 << 20

var errLong = errors.New("the body is too long")

// Said reads the body, which Request sends all the same. Uploads (multipart, to
// upload_file) go by unread.
func (p *Pass) Said() ([]byte, error) {
	if p.Body == nil || p.Length == 0 || p.uploads() {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(p.Body, longest+1))
	if closer, ok := p.Body.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	if len(body) > longest {
		err = errLong
	}
	p.Body, p.Length = bytes.NewReader(body), int64(len(body))
	return body, err
}

func (p *Pass) uploads() bool {
	return p.Method == http.MethodPost && (p.Target == "/api/method/upload_file" || p.Target == "/api/v2/method/upload_file") &&
		strings.HasPrefix(p.Header.Get("Content-Type"), "multipart/form-data")
}

var errTarget = errors.New("the target is not a path on the site")

// Request is the request as it goes to the site at base ("https://erp.example").
// The target is sent exactly as it stands. It must begin with one slash and hold
// neither blanks nor control characters, which would end the request line.
func (p Pass) Request(ctx context.Context, base *url.URL) (*http.Request, error) {
	target, err := p.target(base)
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: p.Method, URL: target, Host: base.Host, Header: Header(p.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if p.Body == nil || p.Length == 0 {
		r.Body = http.NoBody
		return r, nil
	}
	r.ContentLength = p.Length
	if body, ok := p.Body.(io.ReadCloser); ok {
		r.Body = body
	} else {
		r.Body = io.NopCloser(p.Body)
	}
	return r, nil
}

// target joins the site's address and the target without encoding anything
// anew: as an opaque address it goes out as it stands.
func (p Pass) target(base *url.URL) (*url.URL, error) {
	if !strings.HasPrefix(p.Target, "/") || strings.HasPrefix(p.Target, "//") {
		return nil, errTarget
	}
	for i := range len(p.Target) {
		if c := p.Target[i]; c <= ' ' || c == 0x7f || c == '#' {
			return nil, errTarget
		}
	}
	whole := p.Target
	if base.Path != "" && base.Path != "/" {
		whole = strings.TrimRight(base.EscapedPath(), "/") + whole
	}
	return &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: whole}, nil
}

// never lists the headers that are not passed on: those of one hop, and those
// by which a caller could be somebody else at the site, choose another site or
// seem to come from elsewhere.
var never = map[string]bool{
	"Connection": true, "Proxy-Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true,
	"Proxy-Authorization": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Expect": true,
	"Content-Length": true, "Host": true, "Cookie": true, "Authorization": true, "Frappe-Authorization-Source": true,
	"Forwarded": true, "X-Real-Ip": true, "X-Request-Id": true, "X-Cutover-Token": true,
}

// Header is what of the caller's headers goes on. Answers are wanted as JSON
// unless the caller says otherwise, and packed only if he can unpack them.
func Header(from http.Header) http.Header {
	to := make(http.Header, len(from)+2)
	for name, values := range from {
		if !never[name] && !strings.HasPrefix(name, "X-Frappe-") && !strings.HasPrefix(name, "X-Forwarded-") {
			to[name] = values
		}
	}
	for _, line := range from["Connection"] { // it names further headers of this hop
		for name := range strings.SplitSeq(line, ",") {
			to.Del(strings.TrimSpace(name))
		}
	}
	if len(to["Accept"]) == 0 || to["Accept"][0] == "" {
		to["Accept"] = []string{"application/json"}
	}
	if len(to["Accept-Encoding"]) == 0 || to["Accept-Encoding"][0] == "" {
		to["Accept-Encoding"] = []string{"identity"}
	}
	return to
}
