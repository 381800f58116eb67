package veil_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

func secrets() veil.Names { return veil.NewNames("wifi_password", "sip_password", "pin") }

func TestBytes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, out string }{
		{"nothing to hide", `{"data": [{"name":"A", "qty":1.50} ,{}], "x" : null}`, `{"data": [{"name":"A", "qty":1.50} ,{}], "x" : null}`},
		{"first", `{"pin":"1","a":2}`, `{"a":2}`},
		{"middle", `{"a":1,"pin":{"deep":[1,{"pin":2}]},"b":2}`, `{"a":1,"b":2}`},
		{"last", `{"a":1, "pin":"x"}`, `{"a":1}`},
		{"only", `{"pin":true}`, `{}`},
		{"all", `{"pin":1,"wifi_password":"\"}","sip_password":[]}`, `{}`},
		{"two first", `{"pin":1, "wifi_password":2 , "a":3}`, `{  "a":3}`},
		{"spelled with escapes", `{"wifi\u005fpassword":"x","\u0070in":1,"a":1}`, `{"a":1}`},
		{"other case", `{"WIFI_Password":"x","a":1}`, `{"a":1}`},
		{"rows of a document", `{"data":{"name":"E","rows":[{"pin":1},{"a":1,"pin":2},{"pin":3,"b":[]}]}}`, `{"data":{"name":"E","rows":[{},{"a":1},{"b":[]}]}}`},
		{"as a value it stays", `{"fieldname":"pin","x":["pin"]}`, `{"fieldname":"pin","x":["pin"]}`},
		{"longer names stay", `{"pins":1,"pi":2,"":3}`, `{"pins":1,"pi":2,"":3}`},
		{"numbers at the end", `[1,-2.5e+3]`, `[1,-2.5e+3]`},
		{"a number alone", `17`, `17`},
		{"a hidden number before the end", `{"a":{"pin":12}}`, `{"a":{}}`},
	} {
		got, err := veil.Bytes([]byte(test.in), secrets())
		if err != nil || string(got) != test.out {
			t.Errorf("%s: got %s (%v), want %s", test.name, got, err, test.out)
		}
		read, err := io.ReadAll(veil.NewReader(iotest.OneByteReader(strings.NewReader(test.in)), secrets(), int64(len(test.in)%7)))
		if err != nil || string(read) != test.out {
			t.Errorf("%s, byte by byte: got %s (%v)", test.name, read, err)
		}
	}
}

func TestWhatIsNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`<html>`, `{"a" "pin":"x"}`, `{"a":1 "pin":"x"}`, `{'pin':1}`, `{pin:1}`, `{"a":1,}`, `[1,]`, `{"a":1]`, `[1}`, `{"a":tru}`, `{"a":01}`,
		`{"a":1}{"pin":2}`, `{"a":"x` + "\n" + `"}`, `{"a\q":1}`, `,`, `]`, `NaN`, "\xef\xbb\xbf{}", `{"a":--1}`, `{,"pin":1}`, `[,]`, strings.Repeat("[", 600),
		`{"` + strings.Repeat("k", 5000) + `":1}`,
	} {
		if got, err := veil.Bytes([]byte(text), secrets()); err == nil {
			t.Errorf("%.40q was let through as %.40q", text, got)
		}
	}
	for _, text := range []string{``, `{`, `{"a"`, `{"a":`, `{"a":1`, `[`, `"x`, `{"pin":"x`, ` `} {
		if _, err := veil.Bytes([]byte(text), secrets()); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: got %v, want that it is cut off", text, err)
		}
	}
}

// FuzzFilter compares with decoding, deleting and comparing; and makes sure that
// a secret's value never comes through, whatever the text is.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`{"pin":"1","a":[1,2,{"wifi_password":"q"}]}`, `[{"\u0070in":1}, null, "pin", 1e5]`, ` { "a" : { } , "pin" : [ ] } `, `{"pin":{"pin":1},"b":"\\\""}`,
		`{"a":1,"a":2,"pin":3}`, `{"ſip_password":1}`, `tru`, `{"PIN":0}`,
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, step uint8) {
		filter := veil.NewFilter(secrets())
		var got []byte
		var err error
		for rest := text; len(rest) > 0 && err == nil; {
			n := min(int(step)%7+1, len(rest))
			got, err = filter.Append(got, rest[:n])
			rest = rest[n:]
		}
		if err == nil {
			err = filter.End()
		}
		var want any
		if !json.Valid(text) {
			if err == nil {
				t.Fatalf("%q was taken for JSON", text)
			}
			return
		}
		if err != nil {
			if bytes.Contains(text, bytes.Repeat([]byte("["), 100)) || len(text) > 2000 {
				return // deeper or longer than any answer
			}
			t.Fatalf("%q: %v", text, err)
		}
		if json.Unmarshal(text, &want) != nil {
			return
		}
		var have any
		if err := json.Unmarshal(got, &have); err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		if diff := cmp.Diff(strip(want), have); diff != "" {
			t.Fatalf("%q became %q: %s", text, got, diff)
		}
	})
}

// strip takes the secrets out of a decoded value.
func strip(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = strip(v[i])
		}
	case map[string]any:
		for key := range v {
			if secrets().Has(key) {
				delete(v, key)
			} else {
				v[key] = strip(v[key])
			}
		}
	}
	return value
}

func BenchmarkFilter(b *testing.B) {
	row := `{"name":"EQP-00001","serial_number":"ISKT12345678","mac_address":"00:11:22:33:44:55","wifi_password":"longer than it looks","status":"active"},`
	text := []byte(`{"data":[` + strings.Repeat(row, 100) + `{}]}`)
	out := make([]byte, 0, len(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := veil.NewFilter(secrets()).Append(out, text); err != nil {
			b.Fatal(err)
		}
	}
}
