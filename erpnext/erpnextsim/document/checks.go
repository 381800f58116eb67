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
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
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
	if doc.IsNew {
		for _, c := range meta.OptionalColumns() {
			if doc.Type.Field(c) == nil {
				delete(doc.Values, c)
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
		return len(d.Tables[f.Name]) > 0
	}
	text := paper.Plain(d.Values[f.Name])
	if f.Type == "Text Editor" && strings.Contains(text, "<img") {
		return true
	}
	return strings.TrimSpace(tags.ReplaceAllString(text, "")) != ""
}

func missingText(d *Doc, f *meta.Field) string {
	switch {
	case f.IsTable():
		return "Error: Data missing in table: " + f.Label
	case d.Up != nil:
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
		if f.Type != "Select" || f.Name == "naming_series" || meta.Falsy(d.Values[f.Name]) {
			continue
		}
		choices := f.Choices()
		if strings.Join(choices, "") == "" {
			continue
		}
		value := strings.TrimSpace(d.Text(f.Name))
		d.Values[f.Name] = value
		if slices.Contains(choices, value) {
			continue
		}
		prefix := ""
		if d.Up != nil {
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
		if d.Up != nil {
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
		v, err := d.Cast(f.Name)
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
		if d.Up != nil {
			where = fmt.Sprintf("%s, Row %d", d.Type.Name, d.Int("idx"))
		}
		return exception.Titled("CharacterLengthExceededError", "Value too big",
			"%s: '<strong>%s</strong>' (%s) will get truncated, as max characters allowed is %d", where, f.Label, meta.Text(v), limit)
	}
	return nil
}
