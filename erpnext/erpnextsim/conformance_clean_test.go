package erpnextsim_test

import (
	"net/url"
	"slices"
	"strings"
)

// made is a document that the run made and has to remove.
type made struct{ doctype, name string }

// note remembers what a request has made, whether or not the answer was expected.
func (c *conversation) note(r row, a said) {
	if a.status != 200 || strings.HasPrefix(r.Do, "GET ") {
		return
	}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			doctype, _ := v["doctype"].(string)
			name, _ := v["name"].(string)
			if doctype != "" && name != "" && v["parentfield"] == nil {
				c.remember(doctype, name)
			}
		case []any:
			for _, item := range v {
				look(item)
			}
		}
	}
	look(a.at("data"))
	look(a.at("message"))
}

func (c *conversation) remember(doctype, name string) {
	if !slices.Contains(c.made, made{doctype, name}) {
		c.made = append(c.made, made{doctype, name})
	}
}

// clean removes what the run made, the youngest first. Doctypes of the run go
// with all their documents. What is left over after three rounds is an error.
func (c *conversation) clean() {
	for range 3 {
		var left []made
		for _, m := range slices.Backward(c.made) {
			if !c.removed(m) {
				left = append([]made{m}, left...)
			}
		}
		c.made = left
	}
	for _, m := range c.made {
		c.Errorf("left behind on the site: %s %s", m.doctype, m.name)
	}
}

// removed cancels and deletes, and tells whether the document is gone.
func (c *conversation) removed(m made) bool {
	if m.doctype == "DocType" {
		c.empty(m.name)
	}
	at := "/api/resource/" + url.PathEscape(m.doctype) + "/" + url.PathEscape(m.name)
	if c.ask(row{As: "owner", Do: "GET " + at}).at("data.docstatus") == 1.0 {
		c.ask(row{As: "owner", Do: "PUT " + at, JSON: map[string]any{"docstatus": 2}})
	}
	status := c.ask(row{As: "owner", Do: "DELETE " + at}).status
	return status == 202 || status == 404
}

// empty removes the documents of a doctype of this run.
func (c *conversation) empty(doctype string) {
	a := c.ask(row{As: "owner", Do: "GET /api/resource/" + url.PathEscape(doctype), Query: map[string]any{"limit_page_length": 0, "order_by": "creation desc"}})
	for _, item := range a.rows() {
		if doc, ok := item.(map[string]any); ok {
			name, isText := doc["name"].(string)
			if !isText {
				name = encode(doc["name"])
			}
			c.removed(made{doctype, name})
		}
	}
}
