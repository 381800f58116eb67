package replay

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
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

// answer is what was sent and is sent again.
type answer struct {
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
}

// fill takes over the recorded answer and returns what is to be kept.
func (k *kept) fill(c echo.Context, tape *recorder, id Identity) ([]byte, error) {
	k.Status, k.Long = c.Response().Status, tape.cut
	if tape.cut {
		return json.Marshal(k)
	}
	a := answer{Body: tape.copy.Bytes(), Header: map[string]string{}}
	for _, header := range []string{"Content-Type", "Location", "ETag"} {
		if v := c.Response().Header().Get(header); v != "" {
			a.Header[header] = v
		}
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	if k.Sealed, err = id.close(plain); err != nil {
		return nil, err
	}
	return json.Marshal(k)
}

// send gives the answer again.
func (k *kept) send(c echo.Context, id Identity) error {
	plain, err := id.open(k.Sealed)
	if err != nil {
		return err
	}
	var a answer
	if err := json.Unmarshal(plain, &a); err != nil {
		return err
	}
	h := c.Response().Header()
	for name, value := range a.Header {
		h.Set(name, value)
	}
	h.Set("Idempotent-Replay", "true")
	c.Response().WriteHeader(k.Status)
	_, err = c.Response().Write(a.Body)
	return err
}

func (id Identity) close(plain []byte) ([]byte, error) {
	box, err := id.box()
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, plain, []byte(id.Name)), nil
}

func (id Identity) open(sealed []byte) ([]byte, error) {
	box, err := id.box()
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, nil, sealed, []byte(id.Name))
	if err != nil {
		return nil, fmt.Errorf("opening a kept answer: %w", err)
	}
	return plain, nil
}

func (id Identity) box() (cipher.AEAD, error) {
	block, err := aes.NewCipher(id.seal[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
