package picture_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/picture"
)

var raw = []byte("\xff\xd8\xff\xe0 \xfb\xff no picture, but bytes")

func TestTakeFromJSON(t *testing.T) {
	t.Parallel()
	std, safe := base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw)
	for _, test := range []struct {
		body string
		want picture.Order
		kind hub.Kind
	}{
		{`{"image":"` + std + `"}`, picture.Order{Raw: raw}, 0},
		{`{"image":"` + strings.TrimRight(std, "=") + `"}`, picture.Order{Raw: raw}, 0},
		{`{"image":"` + safe + `"}`, picture.Order{Raw: raw}, 0},
		{`{"image":"data:image/jpeg;base64,` + std + `"}`, picture.Order{Raw: raw}, 0},
		{`{"image":"` + std[:8] + `\n` + std[8:] + `","draft":true,"supplier":" S-1 "}`, picture.Order{Raw: raw, Draft: true, Supplier: "S-1"}, 0},
		{`{"image":""}`, picture.Order{}, hub.Invalid},
		{`{}`, picture.Order{}, hub.Invalid},
		{`{"image":"data:image/jpeg,abc"}`, picture.Order{}, hub.Invalid},
		{`{"image":"é à"}`, picture.Order{}, hub.Invalid},
		{`{"image":7}`, picture.Order{}, hub.Malformed},
		{`{"image":"` + std + `","supplier":"` + strings.Repeat("x", 300) + `"}`, picture.Order{}, hub.Invalid},
		{`nothing`, picture.Order{}, hub.Malformed},
		{``, picture.Order{}, hub.Malformed},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		got, err := picture.Take(r)
		if (err == nil) != (test.kind == 0) || err != nil && !hub.IsKind(err, test.kind) {
			t.Errorf("%.40s: %v", test.body, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%.40s: %s", test.body, diff)
		}
	}
}

func TestTakeFromAForm(t *testing.T) {
	t.Parallel()
	take := func(fill func(w *multipart.Writer)) (picture.Order, error) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		fill(w)
		_ = w.Close()
		r := httptest.NewRequest("POST", "/", &b)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return picture.Take(r)
	}
	file := func(w *multipart.Writer) {
		part, _ := w.CreateFormFile("image", "IMG_1.jpg")
		_, _ = part.Write(raw)
	}
	got, err := take(func(w *multipart.Writer) {
		file(w)
		_ = w.WriteField("draft", "true")
		_ = w.WriteField("supplier", "S-1")
		_ = w.WriteField("other", strings.Repeat("x", 1000))
	})
	if diff := cmp.Diff(picture.Order{Raw: raw, Draft: true, Supplier: "S-1"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	got, err = take(func(w *multipart.Writer) { _ = w.WriteField("image", base64.StdEncoding.EncodeToString(raw)) })
	if err != nil || !bytes.Equal(got.Raw, raw) {
		t.Error(err)
	}
	if _, err = take(func(w *multipart.Writer) { file(w); file(w) }); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("two pictures: %v", err)
	}
	if _, err = take(func(w *multipart.Writer) { _ = w.WriteField("image", "é") }); !hub.IsKind(err, hub.Invalid) {
		t.Error(err)
	}
	if _, err = take(func(*multipart.Writer) {}); !hub.IsKind(err, hub.Invalid) && !hub.IsKind(err, hub.Malformed) {
		t.Error(err)
	}
	if _, err = take(func(w *multipart.Writer) {
		for range 20 {
			_ = w.WriteField("x", "y")
		}
	}); !hub.IsKind(err, hub.Malformed) {
		t.Error(err)
	}
}

// What is no form and no JSON is refused by its type, and what the edge says
// about a body goes through.
func TestTakeRefuses(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/", bytes.NewReader(raw))
	r.Header.Set("Content-Type", "image/jpeg")
	if _, err := picture.Take(r); !hub.IsKind(err, hub.Unsupported) {
		t.Error(err)
	}
	large := hub.Fail(hub.TooLarge, "body-too-large", "", nil)
	for _, kind := range []string{"application/json", "multipart/form-data; boundary=b"} {
		r = httptest.NewRequest("POST", "/", failing{large})
		r.Header.Set("Content-Type", kind)
		if _, err := picture.Take(r); !hub.IsKind(err, hub.TooLarge) {
			t.Errorf("%s: %v", kind, err)
		}
		r = httptest.NewRequest("POST", "/", failing{errors.New("gone")})
		r.Header.Set("Content-Type", kind)
		if _, err := picture.Take(r); !hub.IsKind(err, hub.Malformed) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var _ io.Reader = failing{}
