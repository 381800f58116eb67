// Package naming gives new documents of the ERPNext simulator their names, by
// the rule that their doctype declares: a series, a field, a format, a hash.
package naming

import (
	"crypto/rand"
	"strconv"
	"strings"
	"time"

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
	case strings.HasPrefix(lower, "autoincrement"):
		count, err := n.Counter.Next("autoincrement:" + d.Name)
		return strconv.FormatInt(count, 10), err
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
	switch name = strings.TrimSpace(name); {
	case name == "":
		return "", exception.Invalid("No Name Specified for %s", d.Name)
	case strings.HasPrefix(name, "New "+d.Name):
		return "", exception.Throw("NameError", "There were some errors setting the name, please contact the administrator")
	case !d.Single && name == d.Name && name != "DocType":
		return "", exception.Throw("NameError", "Name of %s cannot be %s", d.Name, name)
	case d.Name != "DocType" && strings.ContainsAny(name, "<>"):
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

// Series splits a name into the counter that made it and its number; ok is
// false when the doctype's rule has no counter.
func (n Namer) Series(d *meta.DocType, doc Values) (prefix string, number int64, ok bool) {
	key := d.Autoname
	if strings.HasPrefix(strings.ToLower(key), "naming_series:") {
		key = meta.Text(doc.Get("naming_series")) + ".#####"
	}
	hash := strings.Index(key, "#")
	if hash < 0 || strings.HasPrefix(key, "format:") {
		return "", 0, false
	}
	name := meta.Text(doc.Get("name"))
	digits := len(name) - len(strings.TrimRight(name, "0123456789"))
	width := len(key) - hash
	if digits > width {
		digits = width
	}
	cut := len(name) - digits
	return name[:cut], meta.Int(name[cut:]), digits > 0
}
