package naming

import (
	"fmt"
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Expression evaluates an old-style rule: parts separated by dots, of which #
// signs are a counter, YYYY and the like are dates and field names are values.
func (n Namer) Expression(key string, doc Values) (string, error) {
	if !strings.Contains(key, "#") {
		key += ".#####"
	} else if !strings.Contains(key, ".") {
		return "", exception.Throw("InvalidNamingSeriesError", "Invalid Naming Series %s: dot (.) missing", key)
	}
	var name strings.Builder
	counted := false
	for part := range strings.SplitSeq(key, ".") {
		if strings.HasPrefix(part, "#") {
			if counted {
				continue
			}
			text, err := n.count(name.String(), len(part))
			if err != nil {
				return "", err
			}
			counted = true
			name.WriteString(text)
			continue
		}
		name.WriteString(n.part(part, doc))
	}
	return name.String(), nil
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
		_, week := n.Now.ISOWeek()
		return fmt.Sprintf("%02d", week)
	case "JJJ":
		return fmt.Sprintf("%03d", n.Now.YearDay())
	case "timestamp":
		return n.Now.Format("2006-01-02 15:04:05.000000")
	}
	field := strings.TrimSuffix(strings.TrimPrefix(part, "{"), "}")
	if value := meta.Text(doc.Get(field)); value != "" {
		return strings.TrimSpace(value)
	}
	if field != part {
		return ""
	}
	return part
}

// braces matches the places of a format: rule.
var braces = regexp.MustCompile(`\{[^{}]+\}`)

func (n Namer) format(rule string, doc Values) (string, error) {
	prefix := ""
	if i := strings.Index(rule, "{"); i >= 0 && n.TextPrefix {
		prefix = rule[:i]
	}
	var failed error
	name := braces.ReplaceAllStringFunc(rule, func(place string) string {
		inner := place[1 : len(place)-1]
		if !strings.HasPrefix(inner, "#") {
			return n.part(inner, doc)
		}
		text, err := n.count(prefix, len(inner))
		if err != nil {
			failed = err
		}
		return text
	})
	return name, failed
}
