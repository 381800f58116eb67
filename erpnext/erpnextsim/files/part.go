package files

import (
	"fmt"
	"hash/adler32"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
)

// part is the part of the bytes that the request asks for.
func part(r *http.Request, body []byte, headers map[string]string) (*Content, error) {
	headers["Accept-Ranges"] = "bytes"
	headers["ETag"] = fmt.Sprintf(`"%d-%d"`, len(body), adler32.Checksum(body))
	c := &Content{Status: http.StatusOK, Headers: headers, Body: body}
	if r.Header.Get("If-None-Match") == headers["ETag"] {
		c.Status, c.Body = http.StatusNotModified, nil
		return c, nil
	}
	wanted, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !ok || strings.Contains(wanted, ",") {
		return c, nil // several parts at once are answered with the whole
	}
	from, to, ok := span(wanted, int64(len(body)))
	if !ok {
		e := exception.Page("RequestedRangeNotSatisfiable", "The server cannot provide the requested range.")
		e.Header = map[string]string{"Content-Range": fmt.Sprintf("bytes */%d", len(body))}
		return nil, e
	}
	c.Status, c.Body = http.StatusPartialContent, body[from:to]
	headers["Content-Range"] = fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(body))
	return c, nil
}

// span reads "2-5", "2-" or "-5" as from and to, of which to is beyond the end.
func span(text string, size int64) (from, to int64, ok bool) {
	first, last, _ := strings.Cut(text, "-")
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		return max(size-n, 0), size, err == nil && n > 0 && size > 0
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from >= size {
		return 0, 0, false
	}
	to = size
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < from {
			return 0, 0, false
		}
		to = min(n+1, size)
	}
	return from, to, true
}

// disposition is the headers that say what the bytes are. Pages and pictures that
// could run scripts are saved, not shown.
func disposition(address string, inline bool) map[string]string {
	headers := map[string]string{"Content-Type": kindOf(address)}
	name := path.Base(address)
	switch strings.ToLower(path.Ext(address)) {
	case ".svg", ".html", ".htm", ".xml":
		headers["Content-Disposition"] = "attachment; " + named(name)
	default:
		if inline {
			headers["Content-Disposition"] = "inline; " + named(name)
		}
	}
	return headers
}

// named is a file name as a parameter of Content-Disposition.
func named(name string) string {
	plain, ascii := true, true
	for _, r := range name {
		ascii = ascii && r < 0x80
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	}
	switch {
	case plain:
		return "filename=" + name
	case ascii:
		return `filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return "filename*=UTF-8''" + url.PathEscape(name)
}
