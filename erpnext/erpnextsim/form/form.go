// Package form reads the parameters of a request to the ERPNext simulator, from its
// JSON body or from its query and form, and the file that came with them.
package form

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Form is what a request says.
type Form struct {
	Args map[string]any
	File *attach.File // the part "file" of an upload, or nil
}

// Read reads the parameters: a JSON body replaces the query, a form is merged over
// it. The answer of an unreadable body depends on the release.
func Read(w http.ResponseWriter, r *http.Request, release profile.Profile) (Form, error) {
	c := reader{r: r, release: release, args: map[string]any{}}
	err := c.receive(w)
	return Form{Args: c.args, File: c.file}, err
}

// reader is a form being read.
type reader struct {
	r       *http.Request
	release profile.Profile
	args    map[string]any
	file    *attach.File
}

func (c *reader) receive(w http.ResponseWriter) error {
	c.r.Body = http.MaxBytesReader(w, c.r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if kind == "application/json" {
		body, err := io.ReadAll(c.r.Body)
		if err != nil {
			return tooLarge(err)
		}
		if len(body) > 0 {
			return c.receiveJSON(body)
		}
	}
	if err := c.r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return tooLarge(err)
	}
	for _, values := range []map[string][]string{c.r.URL.Query(), c.r.PostForm} {
		for key, v := range values {
			if key != "_" && len(v) > 0 {
				c.args[key] = v[0]
			}
		}
	}
	return c.receiveFile()
}

func tooLarge(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		e := exception.Raise("RequestEntityTooLarge", "413 Request Entity Too Large: The data value transmitted exceeds the capacity limit.")
		e.HTML = true
		return e
	}
	return exception.Raise("ValidationError", "Invalid request body")
}

func (c *reader) receiveJSON(body []byte) error {
	v, err := wire.Decode(body)
	if err != nil {
		if c.release == profile.V16 {
			return exception.Throw("DataError", "Invalid request body")
		}
		return exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	switch v := v.(type) {
	case map[string]any:
		c.args = v
	case []any:
		c.args["data"] = v
	default:
		return exception.Invalid("Invalid request arguments")
	}
	delete(c.args, "_")
	return nil
}

func (c *reader) receiveFile() error {
	if c.r.MultipartForm == nil || len(c.r.MultipartForm.File["file"]) == 0 {
		return nil
	}
	head := c.r.MultipartForm.File["file"][0]
	f, err := head.Open()
	if err != nil {
		return exception.Raise("ValidationError", "Invalid request body")
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	c.file = &attach.File{Name: head.Filename, Content: content}
	return err
}

// maxBody is the longest request body, in bytes.
const maxBody = 25 << 20
