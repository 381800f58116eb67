package checks

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
)

// Clean takes out of the document's texts what may not stand in HTML that others
// will see. Tags that are not known as harmless become visible text.
func Clean(d *paper.Doc) {
	if d.Docstatus() == 2 {
		return
	}
	for _, f := range d.Type.Stored() {
		text, ok := d.Values[f.Name].(string)
		if !ok || !strings.ContainsAny(text, "<>") || raw(f) || d.Docstatus() == 1 && !f.AllowOnSubmit {
			continue
		}
		d.Values[f.Name] = Sanitize(text)
	}
}

// raw tells whether a field's text is kept as it is.
func raw(f *meta.Field) bool {
	switch f.Type {
	case "Attach", "Attach Image", "Barcode", "Code":
		return true
	case "Data", "Small Text", "Text":
		if f.Options == "Email" {
			return true
		}
	}
	return meta.Int(f.Extra["ignore_xss_filter"]) != 0
}

var (
	tag       = regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z][^<>]*>`)
	tagName   = regexp.MustCompile(`^</?([a-zA-Z][a-zA-Z0-9:-]*)`)
	attribute = regexp.MustCompile(`(?s)([a-zA-Z_:][-a-zA-Z0-9_:.]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?`)
)

// Sanitize makes HTML harmless. Text without tags, and JSON, stay as they are.
func Sanitize(text string) string {
	if !tag.MatchString(text) || json.Valid([]byte(text)) {
		return text
	}
	var out strings.Builder
	rest := text
	for {
		at := tag.FindStringIndex(rest)
		if at == nil {
			out.WriteString(escape(rest))
			return out.String()
		}
		out.WriteString(escape(rest[:at[0]]))
		out.WriteString(oneTag(rest[at[0]:at[1]]))
		rest = rest[at[1]:]
	}
}

// escape escapes what would start a tag or an entity; entities stay.
func escape(text string) string {
	plain := html.UnescapeString(text)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(plain)
}

func oneTag(text string) string {
	if strings.HasPrefix(text, "<!--") {
		return text
	}
	found := tagName.FindStringSubmatch(text)
	name := strings.ToLower(found[1])
	if !slices.Contains(harmless, name) {
		return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(text)
	}
	if strings.HasPrefix(text, "</") {
		return "</" + name + ">"
	}
	var out strings.Builder
	out.WriteString("<" + name)
	for _, a := range attribute.FindAllStringSubmatch(strings.TrimSuffix(text[len(found[0]):], ">"), -1) {
		key, value := strings.ToLower(a[1]), strings.Trim(a[2], `"'`)
		if strings.HasPrefix(key, "on") || unsafe(key, value) {
			continue
		}
		out.WriteString(" " + key + `="` + strings.ReplaceAll(value, `"`, "&quot;") + `"`)
	}
	out.WriteString(">")
	return out.String()
}

// unsafe tells whether an attribute leads to a place that is no web address.
func unsafe(key, value string) bool {
	if key != "href" && key != "src" && key != "action" {
		return false
	}
	scheme, _, found := strings.Cut(strings.ToLower(strings.TrimSpace(html.UnescapeString(value))), ":")
	return found && !strings.ContainsAny(scheme, "/?#") &&
		!slices.Contains([]string{"cid", "http", "https", "mailto", "tel"}, scheme)
}

// harmless lists the tags that may stand in stored HTML. It is never changed.
var harmless = strings.Fields(`a abbr acronym address area article aside audio b big blockquote body br button canvas
	caption center cite code col colgroup dd del details dfn dialog dir div dl dt em fieldset figcaption figure font footer
	form h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd label legend li link map mark math menu meta meter nav ol
	optgroup option output p path pre progress q s samp section select small source span strike strong style sub summary sup
	svg table tbody td textarea tfoot th thead time tr tt u ul var video`)
