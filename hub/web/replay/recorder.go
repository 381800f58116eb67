package replay

import (
	"bytes"
	"net/http"

	"github.com/labstack/echo/v4"
)

// recorder copies an answer while it is sent.
type recorder struct {
	http.ResponseWriter
	copy bytes.Buffer
	cut  bool // the answer was too long to keep
}

// Write sends and copies.
func (r *recorder) Write(p []byte) (int, error) {
	if r.copy.Len()+len(p) > longest {
		r.cut = true
	} else {
		r.copy.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// fill takes over the recorded answer.
func (k *kept) fill(c echo.Context, tape *recorder) {
	k.Status, k.Long = c.Response().Status, tape.cut
	if tape.cut {
		return
	}
	k.Answer, k.Header = tape.copy.Bytes(), map[string]string{}
	for _, header := range []string{"Content-Type", "Location", "ETag"} {
		if v := c.Response().Header().Get(header); v != "" {
			k.Header[header] = v
		}
	}
}

// send gives the answer again.
func (k *kept) send(c echo.Context) error {
	h := c.Response().Header()
	for name, value := range k.Header {
		h.Set(name, value)
	}
	h.Set("Idempotent-Replay", "true")
	c.Response().WriteHeader(k.Status)
	_, err := c.Response().Write(k.Answer)
	return err
}
