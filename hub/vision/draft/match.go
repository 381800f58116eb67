package draft

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/bill"
)

const mostCandidates = 10

// match finds the supplier: the one that the caller names, else the only one with
// a tax number of the invoice, else the only one with its name. Else it lists who
// it could be.
func (d *Desk) match(ctx context.Context, e *Entry, b bill.Bill, named string) error {
	if named != "" {
		s, err := d.Named(ctx, named)
		e.Supplier, e.MatchedBy = s, "caller"
		return err
	}
	byNumber, err := d.byTaxID(ctx, b.TaxIDs)
	if err != nil {
		return err
	}
	if len(byNumber) == 1 {
		e.Supplier, e.MatchedBy = byNumber[0].Name, "tax_id"
		return nil
	}
	byName, err := d.byName(ctx, b.Supplier)
	if err != nil {
		return err
	}
	exact := slices.DeleteFunc(slices.Clone(byName), func(s erpnext.Supplier) bool { return plain(s.SupplierName) != plain(b.Supplier) })
	if len(byNumber) > 1 { // branches of one company: the name decides among them
		exact = slices.DeleteFunc(exact, func(s erpnext.Supplier) bool { return !slices.ContainsFunc(byNumber, same(s)) })
	}
	if len(exact) == 1 {
		e.Supplier, e.MatchedBy = exact[0].Name, "name"
		return nil
	}
	for _, s := range append(byNumber, byName...) {
		c := Candidate{s.Name, s.SupplierName}
		if !slices.Contains(e.Candidates, c) && len(e.Candidates) < mostCandidates {
			e.Candidates = append(e.Candidates, c)
		}
	}
	issue := IssueUnknown
	if len(e.Candidates) > 0 {
		issue = IssueAmbiguous
	}
	e.Issues = append(e.Issues, issue)
	return nil
}

func same(s erpnext.Supplier) func(erpnext.Supplier) bool {
	return func(o erpnext.Supplier) bool { return o.Name == s.Name }
}

// Named finds the supplier that a caller names; Invalid when there is none.
func (d *Desk) Named(ctx context.Context, name string) (string, error) {
	s, err := erpnext.Get[erpnext.Supplier](ctx, d.erp, "Supplier", name)
	switch {
	case err != nil && erpnext.IsNotFound(err):
		return "", hub.Fail(hub.Invalid, "invalid", "There is no such supplier.", err, hub.WithField("/supplier", "expected the name of a Supplier"))
	case err != nil:
		return "", fmt.Errorf("reading supplier: %w", err)
	case bool(s.Disabled):
		return "", hub.Fail(hub.Invalid, "invalid", "The supplier is disabled.", nil, hub.WithField("/supplier", "expected a Supplier that is not disabled"))
	}
	return s.Name, nil
}

var (
	digits   = regexp.MustCompile(`\d+`)
	notAlnum = regexp.MustCompile(`[^0-9A-Za-z]`)
)

// byTaxID compares the digits that name the business; people write the rest of a
// number in many ways.
func (d *Desk) byTaxID(ctx context.Context, ids bill.TaxIDs) ([]erpnext.Supplier, error) {
	var out []erpnext.Supplier
	for _, id := range []string{ids.GST, ids.QST} {
		number := digits.FindString(id)
		if len(number) < 9 {
			continue
		}
		found, err := d.suppliers(ctx, erpnext.Where("tax_id", "like", "%"+number[:3]+"%"+number[len(number)-3:]+"%"))
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if slices.Contains(runs(s.TaxID), number) && !slices.ContainsFunc(out, same(s)) {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// runs gives the runs of digits of the tax numbers in a field that may hold several.
func runs(field string) (out []string) {
	for _, one := range strings.FieldsFunc(field, func(c rune) bool { return strings.ContainsRune("/,;|&\n\r", c) }) {
		out = append(out, digits.FindAllString(notAlnum.ReplaceAllString(one, ""), -1)...)
	}
	return out
}

// byName asks for the longest word of a name: firms print theirs in many ways.
func (d *Desk) byName(ctx context.Context, name string) ([]erpnext.Supplier, error) {
	word := ""
	for w := range strings.FieldsSeq(name) {
		if w = strings.Trim(w, ".,;:()%_\\\"'"); len(w) > len(word) {
			word = w
		}
	}
	if len(word) < 3 {
		return nil, nil
	}
	return d.suppliers(ctx, erpnext.Where("supplier_name", "like", "%"+word+"%"))
}

func (d *Desk) suppliers(ctx context.Context, f erpnext.Filter) ([]erpnext.Supplier, error) {
	found, err := erpnext.List[erpnext.Supplier](ctx, d.erp, erpnext.Query{
		Doctype: "Supplier", Fields: []string{"name", "supplier_name", "tax_id"}, OrderBy: "supplier_name", Limit: 50,
		Filters: []erpnext.Filter{f, erpnext.Eq("disabled", 0)},
	})
	if err != nil {
		return nil, fmt.Errorf("looking for supplier: %w", err)
	}
	return found, nil
}

var legalForms = regexp.MustCompile(`\b(inc|ltee|ltd|limitee|limited|corp|corporation|enr|senc|sencrl|llc)\b`)

// plain is a firm's name for comparing: no accents, signs or legal form.
func plain(name string) string {
	var b strings.Builder
	for _, c := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == ' ', c == '-', c == '&', c == '/':
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(legalForms.ReplaceAllString(b.String(), "")), " ")
}
