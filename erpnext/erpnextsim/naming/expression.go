package naming

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// series matches what a series may consist of.
var series = regexp.MustCompile(`^[\pL\pN_\- /.#{}]+$`)

// Expression evaluates an old-style rule: parts separated by dots, of which #
// signs are a counter, YYYY and the like are dates and field names are values.
func (n Namer) Expression(key string, doc Values) (string, error) {
	if !strings.Contains(key, "#") {
		key += ".#####"
	}
	if err := n.valid(key); err != nil {
		return "", err
	}
	var name strings.Builder
	counted := false
	for part := range strings.SplitSeq(key, ".") {
		if !strings.HasPrefix(part, "#") {
			name.WriteString(n.part(part, doc))
			continue
		}
		if counted {
			continue
		}
		text, err := n.count(name.String(), len(part))
		if err != nil {
			return "", err
		}
		counted = true
		name.WriteString(text)
	}
	return name.String(), nil
}

// valid refuses what is no series; the older release looks less closely.
func (n Namer) valid(key string) error {
	switch {
	case !strings.Contains(key, "."):
		return invalid("Invalid naming series <strong>%s</strong>: dot (.) missing", key)
	case !series.MatchString(key):
		return invalid("Special Characters except '-', '#', '.', '/', '{{' and '}}' not allowed in naming series <strong>%s</strong>", key)
	case !n.TextPrefix && !strings.Contains(key, ".#") && !strings.HasPrefix(key, "#"):
		return invalid("Invalid naming series <strong>%s</strong>: dot (.) missing before the numeric placeholders. Kindly use a format like <b>ABCD.#####</b>.", key)
	}
	return nil
}

func invalid(format string, args ...any) error {
	e := exception.Throw("InvalidNamingSeriesError", format, args...)
	e.Module = "frappe.model.naming"
	return e
}

// count returns the next number of a series, padded.
func (n Namer) count(series string, width int) (string, error) {
	current, err := n.Counter.Next(series)
	return fmt.Sprintf("%0*d", width, current), err
}

func (n Namer) part(part string, doc Values) string {
	switch part {
	case "YY":
		return n.Now.Format("06")
	case "MM":
		return n.Now.Format("01")
	case "DD":
		return n.Now.Format("02")
	case "YYYY":
		return n.Now.Format("2006")
	case "WW":
		return n.week()
	case "timestamp":
		return n.Now.Format("2006-01-02 15:04:05.000000")
	case "JJJ":
		if !n.TextPrefix {
			return fmt.Sprintf("%03d", n.Now.YearDay())
		}
	}
	field := strings.NewReplacer("{", "", "}", "").Replace(part)
	if !strings.HasPrefix(part, "{") && !doc.Knows(part) {
		return part
	}
	v := doc.Get(field)
	if text, ok := v.(string); ok {
		return text
	}
	return strings.TrimSpace(meta.Text(v))
}

// week is the number of the week, made to rise within a year.
func (n Namer) week() string {
	_, week := n.Now.ISOWeek()
	switch {
	case n.Now.Month() == time.January && week >= 52:
		week = 0
	case n.Now.Month() == time.December && week <= 1:
		week = 53
	}
	return fmt.Sprintf("%02d", week)
}

// braces matches the places of a format: rule, words and counters alone.
var (
	braces  = regexp.MustCompile(`\{[\pL\pN_ |#]+\}`)
	words   = regexp.MustCompile(`\{[\pL\pN_]+\}`)
	numbers = regexp.MustCompile(`\{#+\}`)
)

// format fills a format: rule. All counters of the newer release share one series;
// those of the older one are counted under the text before them.
func (n Namer) format(rule string, doc Values) (string, error) {
	var failed error
	counted := func(prefix string) func(string) string {
		return func(place string) string {
			text, err := n.count(prefix, len(place)-2)
			if err != nil {
				failed = err
			}
			return text
		}
	}
	value := func(place string) string { return n.part(place[1:len(place)-1], doc) }
	if n.TextPrefix {
		name := words.ReplaceAllStringFunc(rule, value)
		prefix, _, _ := strings.Cut(name, "{#")
		return numbers.ReplaceAllStringFunc(name, counted(prefix)), failed
	}
	name := braces.ReplaceAllStringFunc(rule, func(place string) string {
		if strings.HasPrefix(place, "{#") {
			return counted("")(place)
		}
		return value(place)
	})
	return name, failed
}
