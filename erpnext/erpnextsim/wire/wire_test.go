package wire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

func TestEncode(t *testing.T) {
	t.Parallel()
	doc := wire.Object{
		{Key: "z", Value: 1.0},
		{Key: "a", Value: int64(2)},
		{Key: "t", Value: "Zoé \"x\"\n<b>😀"},
		{Key: "l", Value: []any{nil, true, 0.000012, 1e16, 39.99}},
		{Key: "m", Value: map[string]any{"b": 1, "a": []string{"é"}}},
	}
	for _, c := range []struct {
		style wire.Style
		want  string
	}{
		{wire.Style{}, `{"z":1.0,"a":2,"t":"Zoé \"x\"\n<b>😀","l":[null,true,1.2e-05,1e+16,39.99],"m":{"a":["é"],"b":1}}`},
		{wire.Style{ASCII: true, Spaces: true}, `{"z": 1.0, "a": 2, "t": "Zo\u00e9 \"x\"\n<b>\ud83d\ude00", "l": [null, true, 1.2e-05, 1e+16, 39.99], "m": {"a": ["\u00e9"], "b": 1}}`},
	} {
		if diff := cmp.Diff(c.want, string(wire.Encode(doc, c.style))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.style, diff)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, err := wire.Decode([]byte(`{"i":3,"f":3.0,"e":1e2,"big":99999999999999999999,"l":[1]}`))
	want := map[string]any{"i": int64(3), "f": 3.0, "e": 100.0, "big": 1e20, "l": []any{int64(1)}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "{", "name", `{} {}`} {
		if _, err := wire.Decode([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
