package erpnext

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/hub"
)

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
	s := &survey{client: c, metas: map[string]meta.DocType{}}
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
	metas    map[string]meta.DocType
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
	fields          []meta.Field
}

// needed lists the custom doctypes, then the stock ones: what is added to them
// and what the hub's own types read of them.
func needed() []need {
	var needs []need
	for _, d := range Schema() {
		needs = append(needs, need{doctype: d.Name, fields: d.Fields})
	}
	system := append(rest.Columns(Doc{}), rest.Columns(Row{})...)
	for _, s := range stock {
		n := need{doctype: s.doctype, parent: s.parent, stock: true}
		for _, f := range CustomFields() {
			if f.Dt == s.doctype {
				n.fields = append(n.fields, f.Field)
			}
		}
		for _, name := range rest.Columns(s.reads) {
			if !slices.Contains(system, name) && !slices.ContainsFunc(n.fields, meta.Named(name)) {
				n.fields = append(n.fields, meta.Field{Fieldname: name})
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
	have := s.metas[n.doctype]
	for _, want := range n.fields {
		for _, gap := range have.Gaps(want) {
			s.add(Fault, n.doctype+"."+want.Fieldname, gap.Text, gap.Hint)
		}
	}
	if n.stock {
		return
	}
	for _, f := range have.Fields {
		i := slices.IndexFunc(n.fields, meta.Named(f.Fieldname))
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
