package glance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/glance"
)

// found is what is looked for in the tests.
type found struct {
	Name string  `json:"name"`
	N    int64   `json:"n"`
	Sub  *inner  `json:"sub"`
	List []inner `json:"list"`
}

type inner struct {
	ID   int64  `json:"id"`
	Note string `json:"note"`
}

// look reads by glance what the tags of found say.
func look(doc string) (f found, ok bool) {
	c := glance.At([]byte(doc))
	one := func(into *inner) bool {
		return c.Object([]string{"id", "note"}, func(i int) {
			if i == 0 {
				c.Int(&into.ID)
			} else {
				c.Text(&into.Note)
			}
		})
	}
	c.Object([]string{"name", "n", "sub", "list"}, func(i int) {
		switch i {
		case 0:
			c.Text(&f.Name)
		case 1:
			c.Int(&f.N)
		case 2:
			var sub inner
			if one(&sub) {
				f.Sub = &sub
			}
		case 3:
			there := c.List(func() {
				var item inner
				one(&item)
				f.List = append(f.List, item)
			})
			if there && f.List == nil {
				f.List = []inner{}
			}
		}
	})
	return f, c.OK()
}

// documents says which are read without a doubt.
func documents() map[string]bool {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	return map[string]bool{
		`{}`: true, ` { } `: true, `null`: true,
		`{"name":"a","n":-12,"sub":{"id":3,"note":"é"},"list":[{"id":1},{"note":"b","id":2},null,{}]}`:               true,
		"\t{ \"n\" : 0 ,\r\n\"other\" : [ 1 , 2.5e+3, -0.1E-2, true, false, null, \"\\u00e9\\n\\\"\", {} , [] ] }\n": true,
		`{"name":null,"n":null,"sub":null,"list":null}`:                                                              true,
		`{"list":[]}`: true,
		`{"n":9223372036854775807,"x":{"name":"b","y":[{"n":[]}]}}`: true,
		`{"x":` + deep(150) + `}`:                                   true,
		`{"x":` + deep(250) + `}`:                                   false,
		`{"n":9223372036854775808}`:                                 false,
		`{"n":1.0}`:                                                 false,
		`{"n":"1"}`:                                                 false,
		`{"n":01}`:                                                  false,
		`{"n":1,"n":2}`:                                             false,
		`{"N":1}`:                                                   false,
		`{"n":1,"name":2}`:                                          false,
		`{"name":"\u0061"}`:                                         false,
		"{\"name\":\"\xff\"}":                                       false,
		`{"\u006e":1}`:                                              false,
		"{\"li\u017ft\":[]}":                                        false,
		"{\"name\":\"a\nb\"}":                                       false,
		`{"sub":[]}`:                                                false,
		`{"list":{}}`:                                               false,
		`{"list":[1]}`:                                              false,
		`{"list":[{}{}]}`:                                           false,
		`{"name":"a",}`:                                             false,
		`{"name":"a"`:                                               false,
		`{"name":"a"}}`:                                             false,
		`{"name" "a"}`:                                              false,
		`{"name":"a" "n":1}`:                                        false,
		`{name:"a"}`:                                                false,
		`{"x":tru}`:                                                 false,
		`{"x":nul`:                                                  false,
		`{"x":-}`:                                                   false,
		`{"x":1.}`:                                                  false,
		`{"x":1e}`:                                                  false,
		`{"x":+1}`:                                                  false,
		`{"x":"\x"}`:                                                false,
		`{"x":"\u12g4"}`:                                            false,
		`{"x":"\`:                                                   false,
		`{"x":[1,]}`:                                                false,
		`{"x":[1}`:                                                  false,
		"{\"x\":\"\x00\"}":                                          false,
		"\xef\xbb\xbf{}":                                            false,
		`[]`:                                                        false,
		`"a"`:                                                       false,
		``:                                                          false,
		` `:                                                         false,
		`{"name":"a"} x`:                                            false,
	}
}

// check fails unless the glance is as sure as wanted, and sure only of what
// encoding/json finds.
func check(t *testing.T, doc string) (sure bool) {
	t.Helper()
	ours, sure := look(doc)
	if !sure {
		return false
	}
	var theirs found
	if err := json.Unmarshal([]byte(doc), &theirs); err != nil {
		t.Fatalf("%q was read, and is wrong: %v", doc, err)
	}
	a, _ := json.Marshal(ours)
	b, _ := json.Marshal(theirs)
	if string(a) != string(b) {
		t.Errorf("%q: found %s, encoding/json %s", doc, a, b)
	}
	return true
}

func TestWhatIsFound(t *testing.T) {
	t.Parallel()
	for doc, want := range documents() {
		if got := check(t, doc); got != want {
			t.Errorf("%q: sure %v", doc, got)
		}
	}
}

func FuzzGlance(f *testing.F) {
	for doc := range documents() {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) { check(t, doc) })
}
