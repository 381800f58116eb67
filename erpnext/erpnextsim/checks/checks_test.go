package checks_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/checks"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

func TestSanitize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain & simple":                       "plain & simple",
		"1 < 2 and 3 > 2":                      "1 < 2 and 3 > 2",
		`{"html":"<b>x</b>"}`:                  `{"html":"<b>x</b>"}`,
		"<b>a</b> & b":                         "<b>a</b> &amp; b",
		"<p>1 < 2</p>":                         "<p>1 &lt; 2</p>",
		"<script>alert(1)</script><i>x</i>":    "&lt;script&gt;alert(1)&lt;/script&gt;<i>x</i>",
		`<p onclick="x()" class='c'>x</p>`:     `<p class="c">x</p>`,
		`<a href="javascript:x()">y</a>`:       "<a>y</a>",
		`<a href="https://a.example/?b">y</a>`: `<a href="https://a.example/?b">y</a>`,
		`<img src="data:image/png;base64,x">`:  "<img>",
		"<!-- note --><b>x</b>":                "<!-- note --><b>x</b>",
		"<IFRAME src='x'></IFRAME>":            "&lt;IFRAME src='x'&gt;&lt;/IFRAME&gt;",
	} {
		if got := checks.Sanitize(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	set := meta.NewSet(&meta.DocType{Name: "X", Fields: []*meta.Field{
		{Name: "mail", Label: "Mail", Type: "Data", Options: "Email"}, {Name: "web", Label: "Web", Type: "Data", Options: "URL"},
		{Name: "who", Label: "Who", Type: "Data", Options: "Name"}, {Name: "tel", Label: "Tel", Type: "Data", Options: "Phone"},
		{Name: "mobile", Label: "Mobile", Type: "Phone"}, {Name: "kind", Label: "Kind", Type: "Select", Options: "\nA\nB"},
		{Name: "share", Label: "Share", Type: "Percent", NonNegative: true}, {Name: "stars", Label: "Stars", Type: "Rating"},
		{Name: "n", Label: "N", Type: "Int"}, {Name: "secret", Label: "Secret", Type: "Password"},
	}})
	long := strings.Repeat("x", 141)
	for _, c := range []struct {
		field    string
		value    any
		v15, v16 string // part of the refusal, "" for none
	}{
		{"mail", "a@b.ca, Zoé <c@d.ca>", "", ""},
		{"mail", "a@b", "a@b is not a valid Email Address", "a@b is not a valid Email Address"},
		{"mail", "<a b>", "&lt;a b&gt; is not a valid Email Address", "is not a valid Email Address"},
		{"web", "/path", "", ""},
		{"web", "mailto:x", "is not a valid URL", ""},
		{"web", "//host/x", "", ""},
		{"web", "nothing", "'<strong>nothing</strong>' is not a valid URL", "'<strong>nothing</strong>' is not a valid URL"},
		{"who", "Zoé O'Neil", "", ""},
		{"who", "Zoé!", "Zoé! is not a valid Name", "Zoé! is not a valid Name"},
		{"tel", "+1 (514) 555-0199", "", ""},
		{"tel", "call me", "call me is not a valid Phone Number", "call me is not a valid Phone Number"},
		{"mobile", "+15145550199", "", ""},
		{"mobile", "5145550199", "Please select a country code", "Please select a country code"},
		{"mobile", "+1514", "is not valid", "is not valid"},
		{"kind", " B ", "", ""},
		{"kind", "C", `Kind cannot be "C". It should be one of "", "A", "B"`, `Kind cannot be "C". It should be one of "", "A", "B"`},
		{"share", -1.0, "", "Value cannot be negative for X: <strong>Share</strong>"},
		{"stars", 3.0, "", ""},
		{"n", int64(1) << 40, "max characters allowed is 2147483647", "max characters allowed is 2147483647"},
		{"who", long, "max characters allowed is 140", "max characters allowed is 140"},
		{"secret", long, "", ""},
	} {
		for release, want := range map[profile.Profile]string{profile.V15: c.v15, profile.V16: c.v16} {
			d := paper.Blank(set.Get("X"))
			d.Values[c.field] = c.value
			err := checks.Values(d, release, false)
			if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s = %v on %s: %v, want %q", c.field, c.value, release, err, want)
			}
			if c.field == "stars" && d.Float("stars") != 1 {
				t.Errorf("a rating of %v stays %v", c.value, d.Get("stars"))
			}
		}
	}
}
