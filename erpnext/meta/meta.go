// Package meta describes doctypes in Frappe's form, as JSON fixtures hold it and
// as a site tells it, and finds what a site's doctype lacks. It calls nothing and
// remembers nothing.
package meta

import "bytes"

// DocType is how a doctype is made: a fixture is written like this, and a site
// describes its doctypes like this.
type DocType struct {
	Doctype      string       `json:"doctype"` // "DocType"
	Name         string       `json:"name"`
	Module       string       `json:"module"`
	Custom       Flag         `json:"custom"`
	Autoname     string       `json:"autoname,omitempty"`
	NamingRule   string       `json:"naming_rule,omitempty"`
	IsTable      Flag         `json:"istable"`
	IsSingle     Flag         `json:"issingle"`
	TrackChanges Flag         `json:"track_changes"`
	Fields       []Field      `json:"fields"`
	Permissions  []Permission `json:"permissions"`
}

// Field is a field of a doctype.
type Field struct {
	Fieldname     string `json:"fieldname"`
	Label         string `json:"label"`
	Fieldtype     string `json:"fieldtype"`
	Options       string `json:"options,omitempty"` // a doctype, or the values of a select, one a line
	Default       string `json:"default,omitempty"`
	FetchFrom     string `json:"fetch_from,omitempty"`
	FetchIfEmpty  Flag   `json:"fetch_if_empty,omitempty"`
	Reqd          Flag   `json:"reqd,omitempty"`
	Unique        Flag   `json:"unique,omitempty"`
	ReadOnly      Flag   `json:"read_only,omitempty"`
	AllowOnSubmit Flag   `json:"allow_on_submit,omitempty"`
	NoCopy        Flag   `json:"no_copy,omitempty"`
	SearchIndex   Flag   `json:"search_index,omitempty"`
	InListView    Flag   `json:"in_list_view,omitempty"`
}

// CustomField is a field added to a stock doctype.
type CustomField struct {
	Doctype string `json:"doctype"` // "Custom Field"
	Name    string `json:"name"`
	Dt      string `json:"dt"` // the stock doctype
	Field
}

// Permission is what a role may do with a doctype.
type Permission struct {
	Role   string `json:"role"`
	Read   Flag   `json:"read"`
	Write  Flag   `json:"write"`
	Create Flag   `json:"create"`
	Delete Flag   `json:"delete"`
	Report Flag   `json:"report"`
	Export Flag   `json:"export"`
}

// Named is the question whether a field has this name.
func Named(name string) func(Field) bool {
	return func(f Field) bool { return f.Fieldname == name }
}

// Flag is a box that is ticked or not: 1 or 0 on the wire.
type Flag bool

// MarshalJSON writes 1 or 0.
func (c Flag) MarshalJSON() ([]byte, error) {
	if c {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// UnmarshalJSON takes anything but 0, false, null and "" for a tick.
func (c *Flag) UnmarshalJSON(raw []byte) error {
	switch string(bytes.Trim(raw, `"`)) {
	case "0", "0.0", "false", "null", "":
		*c = false
	default:
		*c = true
	}
	return nil
}
