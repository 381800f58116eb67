package hub_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"514 555-0100":      "+15145550100",
		"(418) 555.0123":    "+14185550123",
		"1-819-555-0199":    "+18195550199",
		"+1 514 555 0100":   "+15145550100",
		"+33 1 23 45 67 89": "+33123456789",
		"":                  "",
		"abc":               "",
		"12":                "",
		"555-0123":          "", // of which area?
		"+1 555-0123":       "",
	} {
		got, err := hub.ParsePhone(text)
		if string(got) != want {
			t.Errorf("ParsePhone(%q) = %q, want %q", text, string(got), want)
		}
		if (want == "") != hub.HasCode(err, "phone-invalid") {
			t.Errorf("ParsePhone(%q): error %v", text, err)
		}
	}
}

func TestParseMail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ann@example.com":                          "ann@example.com",
		" Ann Roy <Ann.Roy+x@Example.COM> ":        "Ann.Roy+x@example.com",
		"o'neil!#$%&*+/=?^_`{|}~-@example.com":     "o'neil!#$%&*+/=?^_`{|}~-@example.com",
		"ann@b\u00fccher.example":                  "ann@xn--bcher-kva.example",
		"ann@xn--bcher-kva.example":                "ann@xn--bcher-kva.example",
		"ann@localhost":                            "ann@localhost",
		`"ann"@example.com`:                        "ann@example.com",
		"":                                         "",
		"ann at example":                           "",
		`"evil@evil.example,"@example.com`:         "",
		`"x>, <evil@evil.example"@example.com`:     "",
		`"a b"@example.com`:                        "",
		`"a\"b"@example.com`:                       "",
		`"a..b"@example.com`:                       "",
		`".a"@example.com`:                         "",
		"andr\u00e9@example.com":                   "",
		"\u212aim@example.com":                     "", // looks like Kim
		"ann@exam\u212aple.com":                    "",
		"ann@b\u00dccher.example":                  "",
		"ann@xn--a.example":                        "",
		"ann@ex ample.com":                         "",
		"ann@exa_mple.com":                         "",
		"ann@-example.com":                         "",
		"ann@example.com.":                         "",
		"ann@[10.0.0.1]":                           "",
		"ann@example.com, bob@example.com":         "",
		"ann@example.com\r\nBcc: bob@example.com":  "",
		strings.Repeat("a", 65) + "@example.com":   "",
		"ann@" + strings.Repeat("a", 64) + ".com":  "",
		"ann@" + strings.Repeat("a.", 127) + "com": "",
	} {
		got, err := hub.ParseMail(text)
		if got != want || (want == "") != hub.IsKind(err, hub.Invalid) {
			t.Errorf("ParseMail(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestPhonePrintsMasked(t *testing.T) {
	t.Parallel()
	p := hub.Phone("+15145550100")
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%v %s", p, p), p.LogValue().String()} {
		if strings.Contains(text, "5550100") || !strings.Contains(text, "•••0100") {
			t.Errorf("%q shows the number", text)
		}
	}
	if got := hub.MaskMail("ann@example.com"); got != "a•••@example.com" {
		t.Errorf("mail masked as %q", got)
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	m, err := hub.Dollars("39.95")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"2.00": m.TPS().String(), "3.99": m.TVQ().String(), // 1.9975 and 3.985…
		"45.94": m.Plus(m.TPS()).Plus(m.TVQ()).String(), "3.33": m.Over(12).Cents().String(),
	} {
		if got != name {
			t.Errorf("got %s, want %s", got, name)
		}
	}
	if fr, en := m.Over(-1).In(hub.French), m.In(hub.English); fr != "−39,95\u00a0$" || en != "$39.95" {
		t.Errorf("for people: %q and %q", fr, en)
	}
	large := hub.DollarsFloat(-1234567.5)
	if fr, en := large.In(hub.French), large.In(hub.English); fr != "−1\u00a0234\u00a0567,50\u00a0$" || en != "−$1,234,567.50" {
		t.Errorf("a large amount for people: %q and %q", fr, en)
	}
	if fr := hub.DollarsFloat(999.99).In(hub.French); fr != "999,99\u00a0$" {
		t.Errorf("three digits: %q", fr)
	}
	raw, err := json.Marshal(m)
	if err != nil || string(raw) != `"39.95"` {
		t.Errorf("JSON %s, error %v", raw, err)
	}
	var fromNumber hub.Money
	if err := json.Unmarshal([]byte("0.1"), &fromNumber); err != nil || fromNumber.String() != "0.10" {
		t.Errorf("0.1 read as %s, error %v", fromNumber, err)
	}
	if _, err := hub.Dollars("12,5"); !hub.HasCode(err, "money-invalid") {
		t.Errorf("12,5 read, error %v", err)
	}
}

func TestProblemOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("dial tcp 10.0.0.1:3306")
	err := fmt.Errorf("reading: %w", hub.Fail(hub.Conflict, "state-conflict", "Not now.", cause, hub.WithRetryAfter(time.Second)))
	p := hub.ProblemOf(err)
	if p.Code != "state-conflict" || p.RetryAfter != time.Second || !errors.Is(err, cause) {
		t.Errorf("problem %+v", p)
	}
	if p := hub.ProblemOf(cause); p.Kind != hub.Internal || p.Detail != "" {
		t.Errorf("an unknown error shows %+v", p)
	}
	if hub.IsKind(nil, hub.Internal) {
		t.Error("no error is not a failure")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for k := hub.Internal; k <= hub.Timeout; k++ {
		if hub.KindOfStatus(k.Status()) != k {
			t.Errorf("kind %d answers %d, which reads back as %d", k, k.Status(), hub.KindOfStatus(k.Status()))
		}
	}
	if hub.KindOfStatus(418) != hub.Malformed || hub.KindOfStatus(599) != hub.Internal || hub.Kind(99).Status() != 500 {
		t.Error("unknown statuses must fall into their class")
	}
	seen := map[string]bool{}
	for _, p := range hub.Problems() {
		if seen[p.Code] {
			t.Errorf("code %s stands twice in the catalogue", p.Code)
		}
		seen[p.Code] = true
	}
}

func TestLang(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]hub.Lang{"": "fr", "fr-CA": "fr", "en": "en", "EN-us,fr;q=0.5": "en", "es": "fr"} {
		if got := hub.LangOf(tag); got != want {
			t.Errorf("LangOf(%q) = %s, want %s", tag, got, want)
		}
	}
	if hub.Local().String() != hub.Zone {
		t.Errorf("people's zone is %s", hub.Local())
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "abcd": "abcd", "abcde": "abc…", "éééé": "éééé", "ééééé": "ééé…"} {
		if got := hub.Clip(text, 4); got != want {
			t.Errorf("%q is clipped to %q", text, got)
		}
	}
}

func TestCell(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a=b": "a=b", "élan": "élan", "'x": "'x", "=1+1": "'=1+1", "+1": "'+1", "-2": "'-2", "@x": "'@x", "\ty": "'\ty", "\ry": "'\ry", "\ny": "'\ny", "|x": "'|x", "%x": "'%x",
	} {
		if got := hub.Cell(text); got != want {
			t.Errorf("%q stands in a cell as %q", text, got)
		}
	}
}

func TestDaysForPeople(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 0, 12, 0, 0, time.UTC) // the evening before, in Quebec
	for got, want := range map[string]string{
		hub.Day(at, hub.French): "22 novembre 2026", hub.Day(at, hub.English): "November 22, 2026",
		hub.Moment(at, hub.French): "22 novembre 2026 à 19 h 12", hub.Moment(at, hub.English): "November 22, 2026 at 7:12 p.m.",
		hub.Day(time.Date(2027, 1, 1, 12, 0, 0, 0, hub.Local()), hub.French): "1er janvier 2027", hub.Day(time.Time{}, hub.French): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
