package erpnext

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// DocType is how a doctype is made: what Fixtures writes and Meta reads.
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

// Level says how much a finding matters.
type Level string

// The levels.
const (
	Fine    Level = "ok"
	Warning Level = "warning"
	Fault   Level = "fault" // the hub cannot do its work
)

// Finding is what Check has to say to an operator.
type Finding struct {
	Level Level
	About string // "ERPNext", a doctype, or a doctype and field
	Text  string // one sentence
	Hint  string // what to do; "" when nothing is to be done
}

// Check asks the site whether it is as the hub needs it: reachable, the token
// good, every doctype and field there in a form that fits. It changes nothing.
// Findings come in a fixed order; without a Fault the hub can work.
func Check(ctx context.Context, c *Client) []Finding {
	user, err := c.LoggedUser(ctx)
	if err != nil {
		return []Finding{unreachable(err)}
	}
	s := &survey{client: c, metas: map[string]DocType{}}
	s.whoAreWe(user)
	s.clock(ctx)
	needs := needed()
	for _, n := range needs {
		s.doctype(ctx, n)
	}
	if !slices.ContainsFunc(s.findings, func(f Finding) bool { return f.Level == Fault }) {
		s.add(Fine, "ERPNext", fmt.Sprintf("All %d doctypes are as the hub needs them.", len(needs)), "")
	}
	return s.findings
}

// survey is one Check under way.
type survey struct {
	client   *Client
	metas    map[string]DocType
	findings []Finding
}

func (s *survey) add(level Level, about, text, hint string) {
	s.findings = append(s.findings, Finding{level, about, text, hint})
}

func unreachable(err error) Finding {
	f := Finding{Level: Fault, About: "ERPNext"}
	switch e := find(err); {
	case IsAuth(err):
		f.Text, f.Hint = "ERPNext does not know the API key.", "Generate a new key pair for the hub's user and set erpnext.api_key and erpnext.api_secret."
	case IsPermission(err):
		f.Text, f.Hint = "The hub's user may not use the API.", "Enable the user in ERPNext and give it a role."
	case e != nil && e.Status == 0:
		f.Text, f.Hint = "ERPNext cannot be reached.", "Check erpnext.url and that the site is up."
	case e != nil && e.Retryable:
		f.Text, f.Hint = "ERPNext is not able to answer now.", "Look at the site: maintenance, overload or a failing database."
	default:
		f.Text, f.Hint = "What answers at this address is not an ERPNext site.", "Check erpnext.url; the host name selects the site."
	}
	return f
}

func (s *survey) whoAreWe(user string) {
	switch user {
	case "", "Guest":
		s.add(Fault, "ERPNext", "ERPNext takes the hub for a guest.", "Something in between drops the Authorization header.")
	case "Administrator":
		s.add(Warning, "ERPNext", "The hub is Administrator in ERPNext.", "Give the hub a user of its own with the roles that it needs.")
	default:
		s.add(Fine, "ERPNext", "The hub is "+user+" in ERPNext.", "")
	}
}

// clock compares zones: ERPNext writes times without one.
func (s *survey) clock(ctx context.Context) {
	var answer struct {
		TimeZone string `json:"time_zone"`
	}
	err := s.client.Call(ctx, "frappe.client.get_time_zone", nil, &answer)
	if err == nil && answer.TimeZone != "" && answer.TimeZone != hub.Zone {
		s.add(Fault, "ERPNext", "The site's clock is in "+answer.TimeZone+", the hub reads it as "+hub.Zone+".",
			"Set the time zone in System Settings.")
	}
}

// need is a doctype with the fields that the hub uses. Fields without a type
// are stock fields: being there is enough.
type need struct {
	doctype, parent string
	stock           bool
	fields          []Field
}

// needed lists the custom doctypes, then the stock ones: what is added to them
// and what the hub's own types read of them.
func needed() []need {
	var needs []need
	for _, d := range Schema() {
		needs = append(needs, need{doctype: d.Name, fields: d.Fields})
	}
	system := append(Fields(Doc{}), Fields(Row{})...)
	for _, s := range stock {
		n := need{doctype: s.doctype, parent: s.parent, stock: true}
		for _, f := range CustomFields() {
			if f.Dt == s.doctype {
				n.fields = append(n.fields, f.Field)
			}
		}
		for _, name := range Fields(s.reads) {
			if !slices.Contains(system, name) && !slices.ContainsFunc(n.fields, named(name)) {
				n.fields = append(n.fields, Field{Fieldname: name})
			}
		}
		needs = append(needs, n)
	}
	return needs
}

// stock lists ERPNext's own doctypes that the hub reads or extends, parents
// before their child tables.
var stock = [...]struct {
	doctype, parent string
	reads           any
}{
	{"Quotation", "", Quotation{}}, {"Quotation Item", "Quotation", QuotationItem{}},
	{"Sales Taxes and Charges", "Quotation", TaxRow{}}, {"Customer", "", Customer{}}, {"Issue", "", Issue{}},
	{"Communication", "", Communication{}}, {"File", "", File{}}, {"Item", "", Row{}}, {"Sales Order", "", Row{}},
	{"Sales Order Item", "Sales Order", Row{}}, {"Sales Invoice", "", Row{}}, {"Sales Invoice Item", "Sales Invoice", Row{}},
}

func named(name string) func(Field) bool {
	return func(f Field) bool { return f.Fieldname == name }
}

// doctype looks at one doctype. A child table mostly came with its parent.
func (s *survey) doctype(ctx context.Context, n need) {
	if _, ok := s.metas[n.doctype]; !ok {
		metas, err := s.client.Meta(ctx, n.doctype)
		if err != nil {
			s.unread(n, err)
			return
		}
		for _, m := range metas {
			s.metas[m.Name] = m
		}
	}
	meta := s.metas[n.doctype]
	for _, want := range n.fields {
		s.field(meta, want)
	}
	if n.stock {
		return
	}
	for _, f := range meta.Fields {
		i := slices.IndexFunc(n.fields, named(f.Fieldname))
		if bool(f.Reqd) && f.Default == "" && (i < 0 || !bool(n.fields[i].Reqd)) {
			s.add(Warning, n.doctype+"."+f.Fieldname, "The site requires a value that the hub may not send.", "Make the field optional.")
		}
	}
}

func (s *survey) unread(n need, err error) {
	e := find(err)
	switch {
	case IsNotFound(err) || (e != nil && e.ExcType == "ImportError"):
		hint := "Import the fixtures of targo-hub into the site."
		if n.stock {
			hint = "ERPNext is not installed on this site, or too old."
		}
		s.add(Fault, n.doctype, "The doctype does not exist.", hint)
	case IsPermission(err):
		s.add(Fault, n.doctype, "The hub's user may not read the doctype.", "Give the user a role with this right.")
	default:
		s.add(Fault, n.doctype, "ERPNext could not describe the doctype.", "Look at the site's error log, then check again.")
	}
}

// field compares one field.
func (s *survey) field(meta DocType, want Field) {
	about := meta.Name + "." + want.Fieldname
	i := slices.IndexFunc(meta.Fields, named(want.Fieldname))
	if i < 0 {
		hint := "Import the fixtures of targo-hub into the site."
		if want.Fieldtype == "" {
			hint = "This version of ERPNext names it differently; the hub has to be adapted."
		}
		s.add(Fault, about, "The field does not exist.", hint)
		return
	}
	have := meta.Fields[i]
	switch {
	case want.Fieldtype == "":
	case !fits(have.Fieldtype, want.Fieldtype):
		s.add(Fault, about, "The field is "+have.Fieldtype+", the hub needs "+want.Fieldtype+".", "Change the type of the field.")
	case want.Fieldtype == "Select" && have.Fieldtype == "Select":
		for value := range strings.SplitSeq(want.Options, "\n") {
			if !slices.Contains(strings.Split(have.Options, "\n"), value) && value != "" {
				s.add(Fault, about, "The value "+value+" is not among the choices.", "Add it, spelled exactly so.")
			}
		}
	case slices.Contains([]string{"Link", "Table", "Dynamic Link"}, want.Fieldtype) && have.Options != want.Options:
		s.add(Fault, about, "The field points at "+have.Options+", the hub needs "+want.Options+".", "Change the options of the field.")
	}
	if bool(want.Unique) && !bool(have.Unique) {
		s.add(Fault, about, "The field is not unique.", "Make it unique: it guards against doing a thing twice.")
	}
	if bool(want.AllowOnSubmit) && !bool(have.AllowOnSubmit) {
		s.add(Fault, about, "The field cannot be written after the document was submitted.", "Set Allow on Submit.")
	}
}

// fits tells whether a field of one type can do what the hub does with another.
// A line holds 140 characters: it cannot stand in for a text.
func fits(have, want string) bool {
	kinds := map[string]string{
		"Data": "line", "Read Only": "line", "Phone": "line", "Autocomplete": "line", "Color": "line",
		"Small Text": "text", "Text": "text", "Long Text": "text", "Code": "text", "JSON": "text", "Text Editor": "text",
		"Float": "number", "Currency": "number", "Percent": "number", "Int": "integer", "Long Int": "integer",
		"Attach": "file", "Attach Image": "file", "Select": "select",
	}
	is, need := kinds[have], kinds[want]
	switch {
	case have == want || (need != "" && is == need):
		return true
	case need == "line":
		return is == "text"
	default:
		return need == "select" && is == "line"
	}
}
