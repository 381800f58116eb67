// Package reply writes answers: the headers that an answer of ERPNext may bring
// along, and whole answers that are shared or kept. It calls nothing and
// remembers nothing.
package reply

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub/gateway/shelf"
)

// Cache is the header that says where an answer comes from.
const Cache = "X-Hub-Cache"

const jsonType = "application/json"

// Values of headers that are the same on every answer. They are shared: nobody
// may write to them.
var (
	isJSON    = []string{jsonType}
	isStale   = []string{"stale"}
	isPrivate = []string{"private, no-cache"}
	isGzip    = []string{"gzip"}
	byWho     = []string{"Authorization, Accept-Encoding, Accept-Language"}
	isOld     = []string{`110 - "Response is Stale"`}
)

// Fill reads until the end or the limit.
func Fill(buffer []byte, from io.Reader, length, limit int64) (_ []byte, whole bool, err error) {
	if length > limit {
		return buffer, false, nil
	}
	if length > int64(cap(buffer)) {
		buffer = make([]byte, 0, length)
	}
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := from.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if int64(len(buffer)) > limit {
			return buffer, false, nil // the rest, and what went wrong, comes with the next read
		}
		if errors.Is(err, io.EOF) {
			return buffer, true, nil
		}
		if err != nil {
			return buffer, false, err
		}
	}
}

// Headers copies the few headers of an answer that mean something to the
// caller; all others stay behind.
func Headers(h http.Header, resp *http.Response) {
	if said := resp.Header["Content-Type"]; len(said) == 1 && said[0] == jsonType {
		h["Content-Type"] = isJSON
	} else {
		h["Content-Type"] = []string{kind(resp)}
	}
	for _, name := range [...]string{"Content-Encoding", "Content-Disposition"} {
		if values := resp.Header[name]; values != nil {
			h[name] = values
		}
	}
}

func kind(resp *http.Response) string {
	if said := resp.Header.Get("Content-Type"); said != "" {
		return said
	}
	return jsonType
}

// IsText tells of answers that a browser could show as a page.
func IsText(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "html") || strings.Contains(kind, "xml") || strings.Contains(kind, "script")
}

// Send answers with a whole answer, or with 304 when the caller has it.
func Send(w http.ResponseWriter, r *http.Request, a *shelf.Answer, mark []string) error {
	h := w.Header()
	body, length, tag := a.Body, a.Length, a.ETag
	if a.Packed != nil && TakesGzip(r) {
		body, length, tag = a.Packed, a.PackedSize, a.PackedETag
		h["Content-Encoding"] = isGzip
	} else if a.Encoding != nil {
		h["Content-Encoding"] = a.Encoding
	}
	h[Cache] = mark
	if tag != nil {
		h["Etag"], h["Cache-Control"], h["Vary"] = tag, isPrivate, byWho
		if known := r.Header["If-None-Match"]; len(known) > 0 && knows(known, tag[0]) {
			delete(h, "Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if a.Disposition != nil {
		h["Content-Disposition"] = a.Disposition
	}
	h["Content-Type"], h["Content-Length"] = a.Type, length
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

// SendOld says how old the answer is.
func SendOld(w http.ResponseWriter, r *http.Request, a *shelf.Answer, age time.Duration) error {
	h := w.Header()
	h["Age"], h["Warning"] = []string{strconv.Itoa(int(age.Seconds()))}, isOld
	return Send(w, r, a, isStale)
}

// knows tells that the caller has the answer with this tag.
func knows(lines []string, tag string) bool {
	for _, line := range lines {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == tag || one == "*" {
				return true
			}
		}
	}
	return false
}

// TakesGzip tells whether the caller can unpack.
func TakesGzip(r *http.Request) bool {
	for _, line := range r.Header["Accept-Encoding"] {
		for one := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(one, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				return strings.Trim(weight, " \t") == "" || strings.ContainsAny(weight, "123456789")
			}
		}
	}
	return false
}
