// Package naming gives new documents of the ERPNext simulator their names, by
// the rule that their doctype declares: a series, a field, a format, a hash.
package naming

import (
	"crypto/rand"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Counter counts series inside the request's transaction.
type Counter interface {
	Next(series string) (int64, error)
}

// Values gives and takes the fields of the document to name.
type Values interface {
	Get(field string) any
	Set(field string, value any)
	// Knows tells whether the document has a column of that name.
	Knows(field string) bool
}

// Namer names documents at one moment.
type Namer struct {
	Counter Counter
	Now     time.Time // in the site's zone
	// TextPrefix counts format: names under the text before the counter, as the
	// older release does; else all of them share the empty prefix.
	TextPrefix bool
}

// By applies the doctype's own rule. "" means that the rule gives no name, so
// the caller falls back to a hash.
func (n Namer) By(d *meta.DocType, doc Values) (string, error) {
	rule := d.Autoname
	switch lower := strings.ToLower(rule); {
	case rule == "" || lower == "hash":
		return "", nil
	case strings.HasPrefix(lower, "field:"):
		return byField(d, doc, rule[len("field:"):])
	case strings.HasPrefix(lower, "naming_series:"):
		return n.BySeries(d, doc)
	case strings.HasPrefix(lower, "prompt"):
		if name := strings.TrimSpace(meta.Text(doc.Get("name"))); name != "" {
			return name, nil
		}
		return "", exception.Invalid("Please set the document name")
	case strings.HasPrefix(lower, "format:"):
		return n.format(rule[len("format:"):], doc)
	case rule == "autoincrement":
		count, err := n.Counter.Next("autoincrement:" + d.Name)
		return strconv.FormatInt(count, 10), err
	case rule == "UUID" && !n.TextPrefix:
		return unique(meta.Text(doc.Get("name")))
	case strings.Contains(rule, "#"):
		return n.Expression(rule, doc)
	}
	return "", nil
}

func byField(d *meta.DocType, doc Values, field string) (string, error) {
	name := strings.TrimSpace(meta.Text(doc.Get(field)))
	if name == "" {
		return "", exception.Invalid("%s is required", d.Label(field))
	}
	return name, nil
}

// unique takes the name that was given when it is a UUID, else makes one.
func unique(given string) (string, error) {
	if given == "" {
		id, err := uuid.NewV7()
		return id.String(), err
	}
	if _, err := uuid.Parse(given); err != nil {
		e := exception.Throw("InvalidUUIDValue", "Invalid value specified for UUID: %s", given)
		e.Module = "frappe.model.naming"
		return "", e
	}
	return given, nil
}

// BySeries names by the document's naming_series; a document without one gets
// the first that the doctype offers.
func (n Namer) BySeries(d *meta.DocType, doc Values) (string, error) {
	series := meta.Text(doc.Get("naming_series"))
	if series == "" {
		if f := d.Field("naming_series"); f != nil {
			for _, choice := range f.Choices() {
				if series == "" {
					series = choice
				}
			}
		}
		doc.Set("naming_series", series)
	}
	if series == "" {
		return "", exception.Invalid("Naming Series mandatory")
	}
	return n.Expression(series+".#####", doc)
}

// Hash is a random name of ten characters, as rows and unnamed documents get.
func Hash() string {
	const alphabet = "0123456789abcdefghijklmnopqrstuv"
	b := make([]byte, 10)
	_, _ = rand.Read(b) // never fails, by the package's contract
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}

// Check refuses names that the server does not take.
func Check(d *meta.DocType, name string) (string, error) {
	if name == "" {
		return "", exception.Invalid("No Name Specified for %s", d.Name)
	}
	if strings.HasPrefix(name, "New "+d.Name) {
		return "", exception.Throw("NameError", "There were some errors setting the name, please contact the administrator")
	}
	if name = strings.TrimSpace(name); name == "" {
		return "", exception.Invalid("No Name Specified for %s", d.Name)
	}
	if !d.Single && name == d.Name && name != "DocType" {
		return "", exception.Throw("NameError", "Name of %s cannot be %s", d.Name, name)
	}
	if strings.ContainsAny(name, "<>") {
		return "", exception.Throw("NameError", "Name cannot contain special characters like '<', '>'")
	}
	return name, nil
}

// Amended is the name of the next version of a cancelled document; previous is
// the version that this one itself amended, "" for an original.
func Amended(name, previous string) string {
	if dash := strings.LastIndexByte(name, '-'); previous != "" && dash >= 0 {
		return name[:dash] + "-" + strconv.FormatInt(meta.Int(name[dash+1:])+1, 10)
	}
	return name + "-1"
}

// Series splits a name into the counter that made it and its number, as far as the
// rule that is in force now can tell; ok is false when the rule counts nothing.
func (n Namer) Series(d *meta.DocType, doc Values) (prefix string, number int64, ok bool) {
	key, name := d.Autoname, meta.Text(doc.Get("name"))
	rule, _, _ := strings.Cut(key, ":")
	switch {
	case strings.HasPrefix(key, "naming_series:"):
		if key = meta.Text(doc.Get("naming_series")); key == "" {
			return "", 0, false
		}
	case key == "" || slices.Contains([]string{"Prompt", "field", "hash", "autoincrement"}, rule):
		return "", 0, false
	}
	prefix = key
	if strings.Contains(key, ".#") {
		at := strings.LastIndexByte(key, '.')
		prefix = key[:at]
		if tail := key[at+1:]; !strings.Contains(tail, "#") {
			name = strings.ReplaceAll(name, tail, "")
			prefix = strings.ReplaceAll(prefix, hashes.FindString(key), "")
		}
	}
	if strings.Contains(prefix, ".") {
		var out strings.Builder
		for part := range strings.SplitSeq(prefix, ".") {
			if part != "" {
				out.WriteString(n.part(part, doc))
			}
		}
		prefix = out.String()
	}
	return prefix, meta.Int(strings.ReplaceAll(name, prefix, "")), true
}

// hashes matches the counter of a series.
var hashes = regexp.MustCompile(`#+`)
