// Package picture takes the picture out of a request: base64 or a data URL in a
// JSON object, or a file of a form. It looks at no byte of the picture itself.
//
// It calls no system and remembers nothing.
package picture

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// Order is what a request brings.
type Order struct {
	Raw      []byte // the picture, never empty
	Draft    bool   // an invoice shall be entered as a draft
	Supplier string // whose invoice it is, when the caller knows; "" else
}

const (
	mostParts    = 8
	longestField = 200
)

// Take reads the whole body, which somebody else has bounded. Failures: Malformed
// for what cannot be read, Unsupported for another type of content, Invalid when
// the picture is missing or no base64.
func Take(r *http.Request) (Order, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "multipart/form-data" && params["boundary"] != "":
		return fromForm(multipart.NewReader(r.Body, params["boundary"]))
	case err == nil && kind == "application/json", r.Header.Get("Content-Type") == "":
		return fromJSON(r.Body)
	}
	return Order{}, hub.Fail(hub.Unsupported, "media-type", `Send {"image": "<base64>"} as application/json, or a form with a file called image.`, err)
}

func fromJSON(body io.Reader) (Order, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return Order{}, unreadable(err)
	}
	var in struct {
		Image    string `json:"image"`
		Draft    bool   `json:"draft"`
		Supplier string `json:"supplier"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return Order{}, hub.Fail(hub.Malformed, "malformed", "The body is not readable JSON.", nil)
	}
	o := Order{Draft: in.Draft, Supplier: strings.TrimSpace(in.Supplier)}
	if o.Raw, err = Decode(in.Image); err != nil {
		return Order{}, wrong("expected base64 or a data URL")
	}
	return o.checked()
}

// Decode reads base64 of any usual kind, with or without the head of a data URL,
// padding and line breaks.
func Decode(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if len(text) >= 5 && strings.EqualFold(text[:5], "data:") {
		head, rest, ok := strings.Cut(text, ",")
		if !ok || !strings.HasSuffix(strings.ToLower(head), ";base64") {
			return nil, errors.New("a data URL without base64")
		}
		text = rest
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	if strings.ContainsAny(text, " \t\r\n") {
		text = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(text)
	}
	return encoding.DecodeString(strings.TrimRight(text, "="))
}

func fromForm(form *multipart.Reader) (Order, error) {
	var o Order
	for range mostParts {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return o.checked()
		}
		if err != nil {
			return Order{}, unreadable(err)
		}
		if err := o.add(part); err != nil {
			return Order{}, err
		}
	}
	return Order{}, hub.Fail(hub.Malformed, "malformed", "The form has too many parts.", nil)
}

func (o *Order) add(part *multipart.Part) error {
	if part.FormName() == "image" {
		if o.Raw != nil {
			return wrong("expected one picture")
		}
		raw, err := io.ReadAll(part)
		if err != nil {
			return unreadable(err)
		}
		if part.FileName() == "" { // a field, so it is text
			if raw, err = Decode(string(raw)); err != nil {
				return wrong("expected a file, base64 or a data URL")
			}
		}
		o.Raw = raw
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(part, longestField))
	if err != nil {
		return unreadable(err)
	}
	switch value := strings.TrimSpace(string(raw)); part.FormName() {
	case "draft":
		o.Draft = value == "1" || strings.EqualFold(value, "true")
	case "supplier":
		o.Supplier = value
	}
	return nil
}

func (o Order) checked() (Order, error) {
	switch {
	case len(o.Raw) == 0:
		return Order{}, wrong("expected a picture")
	case len(o.Supplier) > longestField:
		return Order{}, hub.Fail(hub.Invalid, "invalid", "The supplier's name is too long.", nil, hub.WithField("/supplier", "expected at most 200 characters"))
	}
	return o, nil
}

func wrong(detail string) error {
	return hub.Fail(hub.Invalid, "invalid", "There is no picture in the request.", nil, hub.WithField("/image", detail))
}

// unreadable keeps what the edge says about a body that is too large or ends early.
func unreadable(err error) error {
	if p := hub.ProblemOf(err); p.Kind != hub.Internal {
		return err
	}
	return hub.Fail(hub.Malformed, "malformed", "The form is not readable.", err)
}
