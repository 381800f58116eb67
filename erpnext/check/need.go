package check

import (
	"context"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/schema"
)

// Need is a doctype with the fields that the hub uses. Fields without a type
// are stock fields: being there is enough.
type Need struct {
	Doctype string
	Stock   bool
	Fields  []meta.Field
}

// Stock is one of ERPNext's own doctypes with the type that the hub reads it
// into.
type Stock struct {
	Doctype string
	Reads   any
}

// Needs lists the custom doctypes, then the stock ones: what is added to them
// and what the hub's own types read of them. system lists the columns that
// every document and row has.
func Needs(stock []Stock, system []string) []Need {
	var needs []Need
	for _, d := range schema.Schema() {
		needs = append(needs, Need{Doctype: d.Name, Fields: d.Fields})
	}
	for _, s := range stock {
		n := Need{Doctype: s.Doctype, Stock: true}
		for _, f := range schema.CustomFields() {
			if f.Dt == s.Doctype {
				n.Fields = append(n.Fields, f.Field)
			}
		}
		for _, name := range rest.Columns(s.Reads) {
			if !slices.Contains(system, name) && !slices.ContainsFunc(n.Fields, meta.Named(name)) {
				n.Fields = append(n.Fields, meta.Field{Fieldname: name})
			}
		}
		needs = append(needs, n)
	}
	return needs
}

// doctype looks at one doctype. A child table mostly came with its parent.
func (s *Survey) doctype(ctx context.Context, n Need) {
	if _, ok := s.metas[n.Doctype]; !ok {
		metas, err := s.Site.Meta(ctx, n.Doctype)
		if err != nil {
			s.unread(n, err)
			return
		}
		for _, m := range metas {
			s.metas[m.Name] = m
		}
	}
	have := s.metas[n.Doctype]
	for _, want := range n.Fields {
		for _, gap := range have.Gaps(want) {
			s.add(Fault, n.Doctype+"."+want.Fieldname, gap.Text, gap.Hint)
		}
	}
	if n.Stock {
		return
	}
	for _, f := range have.Fields {
		i := slices.IndexFunc(n.Fields, meta.Named(f.Fieldname))
		if bool(f.Reqd) && f.Default == "" && (i < 0 || !bool(n.Fields[i].Reqd)) {
			s.add(Warning, n.Doctype+"."+f.Fieldname, "The site requires a value that the hub may not send.", "Make the field optional.")
		}
	}
}

func (s *Survey) unread(n Need, err error) {
	switch s.Cause(err) {
	case Missing:
		hint := "Import the fixtures of targo-hub into the site."
		if n.Stock {
			hint = "ERPNext is not installed on this site, or too old."
		}
		s.add(Fault, n.Doctype, "The doctype does not exist.", hint)
	case Forbidden:
		s.add(Fault, n.Doctype, "The hub's user may not read the doctype.", "Give the user a role with this right.")
	default:
		s.add(Fault, n.Doctype, "ERPNext could not describe the doctype.", "Look at the site's error log, then check again.")
	}
}
