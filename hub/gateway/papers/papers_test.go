package papers_test

import (
	"encoding/json"
	"errors"
	"testing"

	"gigafibre.ca/targo-hub/hub/gateway/papers"
)

func TestBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, kind, body string
		document         bool
		key, sendAs      string
		err              error
	}{
		{"JSON", "application/json; charset=UTF-8", `{"a":1}`, true, "a", papers.JSON, nil},
		{"escaped key", "application/json", `{"\u0063md":"x"}`, false, "cmd", papers.JSON, nil},
		{"nothing", "text/plain", ``, true, "", "", nil},
		{"form", "application/x-www-form-urlencoded", `a=1&b=2`, false, "b", papers.Form, nil},
		{"form of a document", "application/x-www-form-urlencoded", `data=%7B%7D`, true, "data", papers.Form, nil},
		{"form without data", "application/x-www-form-urlencoded", `a=1`, true, "", papers.Form, papers.ErrType},
		{"JSON that says it is a form", "application/x-www-form-urlencoded", ` {"docstatus":1}`, true, "", papers.Form, papers.ErrType},
		{"the same with data behind it", "application/x-www-form-urlencoded", `{"docstatus":1}&data=1`, true, "", papers.Form, papers.ErrType},
		{"broken form", "application/x-www-form-urlencoded", `a=%`, false, "", papers.Form, papers.ErrForm},
		{"text", "text/plain", `{"a":1}`, false, "", "", papers.ErrType},
		{"no type", "", `{"a":1}`, false, "", "", papers.ErrType},
		{"another charset", "application/json; charset=utf-16", `{"a":1}`, false, "", "", papers.ErrType},
		{"a list", "application/json", `[1]`, false, "", papers.JSON, papers.ErrJSON},
		{"null", "application/json", `null`, false, "", papers.JSON, papers.ErrJSON},
		{"broken", "application/json", `{"a":`, false, "", papers.JSON, papers.ErrJSON},
		{"two", "application/json", `{"a":1}{"b":2}`, false, "", papers.JSON, papers.ErrJSON},
		{"not a number", "application/json", `{"a":NaN}`, false, "", papers.JSON, papers.ErrJSON},
		{"invalid UTF-8", "application/json", "{\"a\":\"\xff\"}", false, "", papers.JSON, papers.ErrJSON},
		{"UTF-16", "application/json", "\xff\xfe{\x00}\x00", false, "", papers.JSON, papers.ErrJSON},
	} {
		args, sendAs, err := papers.Body(test.kind, []byte(test.body), test.document)
		if !errors.Is(err, test.err) || (err == nil && sendAs != test.sendAs) {
			t.Errorf("%s: %v, sent as %q", test.name, err, sendAs)
		}
		if err == nil && test.key != "" && !args.Has(test.key) {
			t.Errorf("%s: the argument %s is missing", test.name, test.key)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{`"plain"`: "plain", `"\"x\""`: "x", `"["`: nil, `"{\"a\""`: nil, `5`: json.Number("5"), `"[1]x"`: nil} {
		got, err := papers.Open(json.RawMessage(in))
		if want == nil != (err != nil) || want != nil && got != want {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
}

func TestTruthy(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{`1`: true, `"1"`: true, `true`: true, `"false"`: false, `0`: false, `"0"`: false, `null`: false, `""`: false, `"x"`: true, `2`: true} {
		if papers.Truthy(json.RawMessage(in)) != want {
			t.Errorf("%s is not %v", in, want)
		}
	}
}
