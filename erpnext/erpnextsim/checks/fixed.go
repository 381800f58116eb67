package checks

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
)

// OnceOnly refuses changes of fields that are set with the insert and never again.
// Values are compared as they are: the text "7" is not the number 7.
func OnceOnly(doc *paper.Doc) error {
	if doc.Before == nil {
		return nil
	}
	for _, f := range doc.Type.OnceOnly() {
		changed := !equal(f, doc.Values[f.Name], doc.Before.Values[f.Name])
		if f.IsTable() {
			changed = !sameRows(doc.Tables[f.Name], doc.Before.Tables[f.Name])
		}
		if changed {
			return exception.Throw("CannotChangeConstantError", "Value cannot be changed for <strong>%s</strong>", f.Label)
		}
	}
	for _, column := range []string{"creation", "owner"} {
		whole := func(d *paper.Doc) string { return strings.TrimSuffix(d.Text(column), ".000000") }
		if !doc.Type.Single && whole(doc) != whole(doc.Before) {
			return exception.Throw("CannotChangeConstantError", "Value cannot be changed for <strong>%s</strong>", doc.Type.Label(column))
		}
	}
	return nil
}

func equal(f *meta.Field, a, b any) bool {
	if f.IsTime() {
		return paper.Same(f, a, b)
	}
	switch {
	case a == nil || b == nil:
		return a == nil && b == nil
	case f.IsNumber():
		_, textA := a.(string)
		_, textB := b.(string)
		return textA == textB && meta.Float(a) == meta.Float(b)
	}
	return paper.Plain(a) == paper.Plain(b)
}

func sameRows(rows, before []*paper.Doc) bool {
	return slices.EqualFunc(rows, before, func(a, b *paper.Doc) bool {
		for _, f := range a.Type.Stored() {
			if !paper.Same(f, a.Values[f.Name], b.Values[f.Name]) {
				return false
			}
		}
		return a.Name() == b.Name() && a.Int("idx") == b.Int("idx")
	})
}

// Submitted refuses changes of a submitted document outside of the fields that
// allow them.
func Submitted(doc *paper.Doc) error {
	if err := unchanged(doc, doc.Before); err != nil {
		return err
	}
	for _, row := range doc.Children() {
		field := row.Text("parentfield")
		if row.IsNew {
			if doc.Type.Field(field).AllowOnSubmit {
				continue
			}
			return exception.Missing(row.Type.Name, row.Name())
		}
		i := slices.IndexFunc(doc.Before.Tables[field], func(o *paper.Doc) bool { return o.Name() == row.Name() })
		if i < 0 {
			return exception.Missing(row.Type.Name, row.Name())
		}
		if err := unchanged(row, doc.Before.Tables[field][i]); err != nil {
			return err
		}
	}
	return nil
}

func unchanged(d, before *paper.Doc) error {
	for _, f := range d.Type.Fields {
		if f.AllowOnSubmit || !f.IsTable() && !f.Stored() {
			continue
		}
		if f.IsTable() {
			if was, is := len(before.Tables[f.Name]), len(d.Tables[f.Name]); was != is {
				return notAfterSubmit(d, f.Label, fmt.Sprint(was), fmt.Sprint(is))
			}
			continue
		}
		is, was := d.Values[f.Name], before.Values[f.Name]
		if meta.Falsy(is) && meta.Falsy(was) || paper.Same(f, is, was) {
			continue
		}
		return notAfterSubmit(d, f.Label, python(f, was), python(f, is))
	}
	return nil
}

// python is a value as the server's language prints it.
func python(f *meta.Field, v any) string {
	switch {
	case v == nil:
		return "None"
	case f.IsFloat():
		return meta.Text(meta.Float(v))
	case f.IsInt():
		return fmt.Sprint(meta.Int(v))
	}
	return paper.Plain(v)
}

func notAfterSubmit(d *paper.Doc, label, was, is string) error {
	prefix := ""
	if d.Text("parent") != "" {
		prefix = fmt.Sprintf("Row #%d:", d.Int("idx"))
	}
	return exception.Titled("UpdateAfterSubmitError", "Cannot Update After Submit",
		"%s Not allowed to change <strong>%s</strong> after submission from <strong>%s</strong> to <strong>%s</strong>", prefix, label, was, is)
}
