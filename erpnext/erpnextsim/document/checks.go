package document

import (
	"fmt"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// validate runs the checks that every document passes, in their order.
func (s *Session) validate(doc *Doc) error {
	if !doc.Lenient {
		if err := mandatory(doc); err != nil {
			return err
		}
	}
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		for _, check := range []func(*Session, *Doc) error{formats, selects, negatives, lengths, (*Session).syncName, (*Session).passwords} {
			if err := check(s, d); err != nil {
				return err
			}
		}
	}
	if doc.fresh {
		for _, c := range meta.OptionalColumns() {
			if doc.Type.Field(c) == nil {
				delete(doc.values, c)
			}
		}
		return nil
	}
	return onceOnly(doc)
}

var tags = regexp.MustCompile(`<[^>]*>`)

func mandatory(doc *Doc) error {
	var missing []string
	var notes []exception.Message
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		for _, f := range d.Type.Fields {
			if !f.Reqd || hasContent(d, f) {
				continue
			}
			missing = append(missing, f.Name)
			notes = append(notes, exception.Message{Text: missingText(d, f)})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e := exception.Raise("MandatoryError", "[%s, %s]: %s", doc.Type.Name, doc.Name(), strings.Join(missing, ", "))
	e.Notes = notes
	return e
}

func hasContent(d *Doc, f *meta.Field) bool {
	if f.IsTable() {
		return len(d.tables[f.Name]) > 0
	}
	text := plainText(d.values[f.Name])
	if f.Type == "Text Editor" && strings.Contains(text, "<img") {
		return true
	}
	return strings.TrimSpace(tags.ReplaceAllString(text, "")) != ""
}

func missingText(d *Doc, f *meta.Field) string {
	switch {
	case f.IsTable():
		return "Error: Data missing in table: " + f.Label
	case d.parent != nil:
		return fmt.Sprintf("Error: <strong>%s</strong> Row #%d: Value missing for: %s", d.Type.Name, d.Int("idx"), f.Label)
	}
	return fmt.Sprintf("Error: Value missing for %s: %s", d.Type.Name, f.Label)
}

var phonePattern = regexp.MustCompile(`^[0-9 +_\-,.*#()]{1,20}$`)

// formats checks Data fields that say what they hold.
func formats(_ *Session, d *Doc) error {
	for _, f := range d.Type.Stored() {
		text := d.Text(f.Name)
		if f.Type != "Data" || text == "" {
			continue
		}
		switch f.Options {
		case "Email":
			for one := range strings.SplitSeq(text, ",") {
				if err := email(strings.TrimSpace(one)); err != nil {
					return err
				}
			}
		case "Phone":
			if !phonePattern.MatchString(text) {
				return exception.Titled("InvalidPhoneNumberError", "Invalid Phone Number", "%s is not a valid Phone Number", text)
			}
		case "URL":
			if u, err := url.Parse(text); err != nil || u.Scheme == "" || u.Host == "" {
				return exception.Invalid("'<strong>%s</strong>' is not a valid URL", text)
			}
		}
	}
	return nil
}

func email(text string) error {
	if text == "" || text == "Administrator" || text == "Guest" {
		return nil
	}
	if a, err := mail.ParseAddress(text); err == nil && strings.Contains(a.Address, ".") {
		return nil
	}
	return exception.Titled("InvalidEmailAddressError", "Invalid Email", "%s is not a valid Email Address", text)
}

func selects(s *Session, d *Doc) error {
	if s.Import {
		return nil
	}
	for _, f := range d.Type.Stored() {
		if f.Type != "Select" || f.Name == "naming_series" || meta.Falsy(d.values[f.Name]) {
			continue
		}
		choices := f.Choices()
		if strings.Join(choices, "") == "" {
			continue
		}
		value := strings.TrimSpace(d.Text(f.Name))
		d.values[f.Name] = value
		if slices.Contains(choices, value) {
			continue
		}
		prefix := ""
		if d.parent != nil {
			prefix = fmt.Sprintf("Row #%d:", d.Int("idx"))
		}
		return exception.Invalid(`%s %s cannot be "%s". It should be one of "%s"`, prefix, f.Label, value, strings.Join(choices, `", "`))
	}
	return nil
}

func negatives(_ *Session, d *Doc) error {
	for _, f := range d.Type.Stored() {
		if !f.NonNegative || !f.IsNumber() || d.Float(f.Name) >= 0 {
			continue
		}
		if d.parent != nil {
			return exception.Titled("NonNegativeError", "Negative Value", "<strong>%s</strong> Row #%d: Value cannot be negative for <strong>%s</strong>",
				d.Type.Name, d.Int("idx"), f.Label)
		}
		return exception.Titled("NonNegativeError", "Negative Value", "Value cannot be negative for %s: <strong>%s</strong>", d.Type.Name, f.Label)
	}
	return nil
}

func lengths(_ *Session, d *Doc) error {
	if d.Type.Single {
		return nil
	}
	for _, f := range d.Type.Stored() {
		v, err := d.cast(f.Name)
		if err != nil {
			return err
		}
		limit := f.MaxLength()
		long := limit > 0 && int64(len([]rune(meta.Text(v)))) > limit
		if f.Type == "Int" && f.Length <= 11 && math.Abs(float64(meta.Int(v))) > math.MaxInt32 {
			limit, long = math.MaxInt32, true
		}
		if !long {
			continue
		}
		where := d.Type.Name + " " + d.Name()
		if d.parent != nil {
			where = fmt.Sprintf("%s, Row %d", d.Type.Name, d.Int("idx"))
		}
		return exception.Titled("CharacterLengthExceededError", "Value too big",
			"%s: '<strong>%s</strong>' (%s) will get truncated, as max characters allowed is %d", where, f.Label, meta.Text(v), limit)
	}
	return nil
}

// syncName keeps the field that names the document equal to its name.
func (s *Session) syncName(d *Doc) error {
	if _, field, ok := strings.Cut(d.Type.Autoname, "field:"); ok && d.Type.Field(field) != nil && d.parent == nil {
		d.values[field] = d.Name()
	}
	return nil
}

// passwords moves secrets out of the document: the row keeps asterisks. A value
// of asterisks leaves the secret as it is, an empty one removes it.
func (s *Session) passwords(d *Doc) error {
	for _, f := range d.Type.Stored() {
		if f.Type != "Password" {
			continue
		}
		secret := d.Text(f.Name)
		if secret != "" && strings.Trim(secret, "*") == "" {
			continue
		}
		if err := s.Tx.SetSecret(d.Type.Name, d.Name(), f.Name, secret); err != nil {
			return fmt.Errorf("storing %s: %w", f.Name, err)
		}
		if secret != "" {
			d.values[f.Name] = strings.Repeat("*", len([]rune(secret)))
		}
	}
	return nil
}

func onceOnly(doc *Doc) error {
	if doc.Before == nil {
		return nil
	}
	for _, f := range doc.Type.OnceOnly() {
		changed := !same(f, doc.values[f.Name], doc.Before.values[f.Name])
		if f.IsTable() {
			changed = len(doc.tables[f.Name]) != len(doc.Before.tables[f.Name])
		}
		if changed {
			return exception.Throw("CannotChangeConstantError", "Value cannot be changed for %s", f.Label)
		}
	}
	return nil
}

// checkSubmitted refuses changes of a submitted document outside of the fields
// that allow them.
func (s *Session) checkSubmitted(doc *Doc) error {
	if err := unchanged(doc, doc.Before); err != nil {
		return err
	}
	for _, row := range doc.Children() {
		if row.fresh {
			if doc.Type.Field(row.Text("parentfield")).AllowOnSubmit {
				continue
			}
			return notAfterSubmit(row, row.Text("parentfield"), "", row.Name())
		}
		i := slices.IndexFunc(doc.Before.tables[row.Text("parentfield")], func(o *Doc) bool { return o.Name() == row.Name() })
		if i < 0 {
			return exception.Missing(row.Type.Name, row.Name())
		}
		if err := unchanged(row, doc.Before.tables[row.Text("parentfield")][i]); err != nil {
			return err
		}
	}
	return nil
}

func unchanged(d, before *Doc) error {
	for _, f := range d.Type.Fields {
		if f.AllowOnSubmit || !f.IsTable() && !f.Stored() {
			continue
		}
		was, is := plainText(before.values[f.Name]), plainText(d.values[f.Name])
		equal := same(f, d.values[f.Name], before.values[f.Name])
		if f.IsTable() {
			was, is = fmt.Sprint(len(before.tables[f.Name])), fmt.Sprint(len(d.tables[f.Name]))
			equal = was == is
		}
		if !equal {
			return notAfterSubmit(d, f.Label, was, is)
		}
	}
	return nil
}

func notAfterSubmit(d *Doc, label, was, is string) error {
	prefix := ""
	if d.parent != nil {
		prefix = fmt.Sprintf("Row #%d:", d.Int("idx"))
	}
	return exception.Titled("UpdateAfterSubmitError", "Cannot Update After Submit",
		"%s Not allowed to change <strong>%s</strong> after submission from <strong>%s</strong> to <strong>%s</strong>", prefix, label, was, is)
}
