// Package form reads the parameters of a request to the ERPNext simulator, from its
// JSON body or from its query and form, and the file that came with them.
package form

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Form is what a request says.
type Form struct {
	Args map[string]any
	File *attach.File // the part "file" of an upload, or nil
	Raw  []byte       // the body as it came
}

// Read reads the parameters of a request whose body may have max bytes: a JSON
// body replaces the query, a form is merged over it. The answer to an unreadable
// body depends on the release.
func Read(r *http.Request, max int64, release profile.Profile) (Form, error) {
	f := Form{Args: map[string]any{}}
	if r.ContentLength > max {
		drain(r.Body)
		return f, TooLarge()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, max+1))
	switch {
	case int64(len(body)) > max:
		drain(r.Body)
		return f, TooLarge()
	case err != nil:
		return f, exception.Raise("ClientDisconnected", "")
	}
	f.Raw = body
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if len(body) > 0 && isJSON(kind) {
		f.Args, err = decode(body, release)
		delete(f.Args, "_")
		return f, err
	}
	f.take(r.URL.Query())
	switch kind {
	case "application/x-www-form-urlencoded":
		if values, err := url.ParseQuery(string(body)); err == nil || len(values) > 0 {
			f.take(values)
		}
	case "multipart/form-data":
		f.parts(body, params["boundary"])
	}
	delete(f.Args, "_")
	return f, nil
}

// drain reads on for a while, so that a caller who is still sending sees the
// answer and not a cut connection.
func drain(body io.Reader) { _, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<20)) }

// isJSON tells whether a content type is one of JSON's.
func isJSON(kind string) bool {
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// TooLarge is the small page that refuses a long body.
func TooLarge() error {
	return exception.Page("RequestEntityTooLarge", "The data value transmitted exceeds the capacity limit.")
}

func decode(body []byte, release profile.Profile) (map[string]any, error) {
	v, err := wire.Decode(bytes.ToValidUTF8(body, []byte("\ufffd")))
	if err != nil || release == profile.V16 && !finite(v) {
		if release == profile.V16 {
			return map[string]any{}, exception.Throw("DataError", "Invalid request body")
		}
		return map[string]any{}, exception.Raise("JSONDecodeError", "%s", err)
	}
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case []any:
		return map[string]any{"data": v}, nil
	}
	return map[string]any{}, exception.Invalid("Invalid request arguments")
}

// take merges values over what is there; of several of one name the first counts.
func (f *Form) take(values url.Values) {
	for key, v := range values {
		if len(v) > 0 {
			f.Args[key] = strings.ToValidUTF8(v[0], "\ufffd")
		}
	}
}

// parts reads a multipart body: fields, and the first file called "file". A body
// that breaks off counts as far as it goes, as the real server has it.
func (f *Form) parts(body []byte, boundary string) {
	if boundary == "" {
		return
	}
	seen := map[string]bool{}
	for r := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := r.NextRawPart()
		if err != nil {
			return
		}
		content, err := io.ReadAll(part)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		name := part.FormName()
		_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		fileName, isFile := params["filename"]
		switch {
		case isFile && name == "file" && f.File == nil:
			f.File = &attach.File{Name: fileName, Content: content}
		case !isFile && !seen[name]:
			seen[name] = true
			f.Args[name] = string(bytes.ToValidUTF8(content, []byte("\ufffd")))
		}
	}
}
