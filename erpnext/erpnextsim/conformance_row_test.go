package erpnextsim_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// row is one request with its answer. $name stands for something kept before.
type row struct {
	Says string // the behaviour of Frappe that the row pins down
	Need string // "erpnext", when a bare Frappe lacks the doctype; "files", when something has to serve public ones
	Only string // "v15" or "v16": other releases skip the row
	As   string // who asks: hub (the default), few, owner, guest

	Do      string            // "GET /api/resource/ToDo"
	List    map[string]any    // short for a list of $Case that shows the titles, with these parameters
	Query   map[string]any    // values that are no text are sent as JSON
	Headers map[string]string // beside Accept and Authorization
	JSON    any               // body
	Form    map[string]any    // body, as a form
	Raw     string            // body, as it is
	File    *upload           // body, as multipart

	Wanted `yaml:",inline"`
	V15    *Wanted           // instead, on that release
	Late   *Wanted           // instead, on the later ones of v15 (15.60 and after)
	V16    *Wanted           // instead, on that release
	Keep   map[string]string // name: path into the answer, "cookie sid", or "text REGEXP"
}

// Wanted is an answer.
type Wanted struct {
	Want    int               // status
	Fails   string            // the class of the exception
	Message string            // pattern that one of the messages for the user fits
	Head    map[string]string // headers
	Body    any               // JSON: objects may hold more than is named
	Keys    []string          // of the JSON object, all of them
	Text    string            // the whole body, as it is
	Finds   []string          // first column of the rows, in order
}

// upload is a file on its way to the site.
type upload struct {
	Name, Content string
	Fields        map[string]any
}

// expect is what the release of the site should answer.
func (r row) expect(release string) Wanted {
	switch {
	case release == "v15 late" && r.Late != nil:
		return *r.Late
	case strings.HasPrefix(release, "v15") && r.V15 != nil:
		return *r.V15
	case release == "v16" && r.V16 != nil:
		return *r.V16
	}
	return r.Wanted
}

// conversation is a run of the table against one site.
type conversation struct {
	*testing.T
	site target
	vars map[string]any
	made []made
}

// play asks, compares, and keeps what later rows need.
func (c *conversation) play(r row) {
	c.Helper()
	switch {
	case r.Only != "" && !strings.HasPrefix(c.site.release, r.Only):
		return
	case r.Need == "erpnext" && !c.site.erpnext:
		c.Logf("left out, no ERPNext here: %s", r.Says)
		return
	case r.Need == "files" && !c.site.files:
		c.Logf("left out, nothing serves files here: %s", r.Says)
		return
	}
	if r.List != nil {
		r = r.list()
	}
	a := c.ask(r)
	c.note(r, a)
	if wrong := c.compare(r.expect(c.site.release), a); len(wrong) > 0 {
		c.Errorf("%s\n  %s %s\n  %s\n  answer: %d %.1500s", r.Says, c.fill(r.Do), encode(c.fill(r.Query)), strings.Join(wrong, "\n  "), a.status, a.text)
	}
	for name, path := range r.Keep {
		if v := a.at(path); v != nil {
			c.vars[name] = v
		} else {
			c.Errorf("%s\n  nothing to keep at %q", r.Says, path)
		}
	}
}

// list spells out the short form.
func (r row) list() row {
	q := map[string]any{"fields": []any{"title"}, "order_by": "title asc", "limit_page_length": 0}
	for k, v := range r.List {
		q[k] = v
	}
	r.Do, r.Query = "GET /api/resource/$Case", q
	if r.Want == 0 && r.Finds != nil {
		r.Want = 200
	}
	return r
}

var variable = regexp.MustCompile(`\$\{([A-Za-z]\w*)\}|\$([A-Za-z]\w*)`)

// fill puts kept values in place of their names, in text and in all below it.
func (c *conversation) fill(v any) any {
	switch v := v.(type) {
	case string:
		if m := variable.FindStringSubmatch(v); m != nil && m[0] == v {
			return c.value(m[1] + m[2])
		}
		return variable.ReplaceAllStringFunc(v, func(name string) string {
			if text, ok := c.value(strings.Trim(name, "${}")).(string); ok {
				return text
			}
			return encode(c.value(strings.Trim(name, "${}")))
		})
	case map[string]any:
		out := map[string]any{}
		for k, item := range v {
			key, _ := c.fill(k).(string)
			out[key] = c.fill(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = c.fill(v[i])
		}
		return out
	}
	return v
}

func (c *conversation) value(name string) any {
	v, ok := c.vars[name]
	if !ok {
		c.Errorf("$%s was not kept by an earlier row", name)
	}
	return v
}

// text is fill for what is text in the end.
func (c *conversation) text(v any) string {
	switch v := c.fill(v).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return encode(v)
	}
}

func encode(v any) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(out.String(), "\n")
}
