package body_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/web/body"
)

var bounds = body.Bounds{Size: 16, Time: time.Second, Explain: func(err error) error { return err }}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		size   int
		length int64
		before bool
		err    error
	}{
		{"fits", 16, 16, false, nil}, {"announced too large", 17, 17, true, body.ErrTooLarge}, {"turns out too large", 17, -1, false, body.ErrTooLarge},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", test.size)))
		r.ContentLength = test.length
		err := bounds.Apply(httptest.NewRecorder(), r)
		if test.before != (err != nil) {
			t.Errorf("%s: Apply = %v", test.name, err)
		}
		if err == nil {
			_, err = io.ReadAll(r.Body)
		}
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	cause := errors.New("connection reset")
	r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("ab"), failing{cause}))
	if err := bounds.Apply(httptest.NewRecorder(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := body.Read(r); !errors.Is(err, body.ErrTruncated) || !errors.Is(err, cause) {
		t.Errorf("half a body: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestBodyIsReadTwice(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/", strings.NewReader("twice"))
	for range 2 {
		whole, err := body.Read(r)
		if err != nil || string(whole) != "twice" {
			t.Errorf("read %q %v", whole, err)
		}
		rest, err := io.ReadAll(r.Body)
		if err != nil || string(rest) != "twice" || r.Body.Close() != nil {
			t.Errorf("a reader got %q %v", rest, err)
		}
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ media, text, want string }{
		{"application/json", `{"token":"a.b.c","x":[1]}`, "a.b.c"},
		{"Application/JSON; charset=utf-8", `{"token":"a.b.c"}`, "a.b.c"},
		{"", `{"token":"a.b.c"}`, "a.b.c"},
		{"application/json", `{"token":["a"]}`, ""},
		{"application/json", `[]`, ""},
		{"application/json", `{`, ""},
		{"application/x-www-form-urlencoded", "token=a.b.c&y=%zz", "a.b.c"},
		{"multipart/form-data", "token=a.b.c", ""},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(test.text))
		r.Header.Set("Content-Type", test.media)
		got, err := body.Token(r)
		if err != nil || got != test.want {
			t.Errorf("%s %s: %q %v", test.media, test.text, got, err)
		}
		if rest, err := io.ReadAll(r.Body); err != nil || string(rest) != test.text {
			t.Errorf("left %q %v", rest, err)
		}
	}
	r := httptest.NewRequest("POST", "/", failing{io.ErrUnexpectedEOF})
	if _, err := body.Token(r); err == nil {
		t.Error("a broken body has no token and no error")
	}
}

// A form that is sent twice has another boundary each time, and is the same.
func TestEssence(t *testing.T) {
	t.Parallel()
	essence := func(kind, whole string) string {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", kind)
		return string(body.Essence(r, []byte(whole)))
	}
	form := func(boundary, value string) string {
		return essence("multipart/form-data; boundary="+boundary, "--"+boundary+"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"+value+"\r\n--"+boundary+"--\r\n")
	}
	if form("abc", "1") != form("xyz", "1") || form("abc", "1") == form("abc", "2") {
		t.Errorf("%q, %q", form("abc", "1"), form("xyz", "1"))
	}
	if got := essence("application/json", `{"a":"--abc"}`); got != `{"a":"--abc"}` {
		t.Error(got)
	}
}
