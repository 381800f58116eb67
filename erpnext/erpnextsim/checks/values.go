package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

func selects(d *paper.Doc) error {
	for _, f := range d.Type.Stored() {
		if f.Type != "Select" || f.Name == "naming_series" || meta.Falsy(d.Values[f.Name]) || f.Options == "" {
			continue
		}
		choices := f.Choices()
		value := strings.TrimSpace(d.Text(f.Name))
		d.Values[f.Name] = value
		if slices.Contains(choices, value) {
			continue
		}
		prefix := ""
		if d.Text("parentfield") != "" {
			prefix = fmt.Sprintf("Row #%d:", d.Int("idx"))
		}
		return exception.Invalid(`%s %s cannot be "%s". It should be one of "%s"`, prefix, f.Label, value, strings.Join(choices, `", "`))
	}
	return nil
}

func negatives(d *paper.Doc, release profile.Profile) error {
	for _, f := range d.Type.Stored() {
		counts := f.Type == "Int" || f.Type == "Float" || f.Type == "Currency" || f.Type == "Percent" && release == profile.V16
		if !f.NonNegative || !counts || d.Float(f.Name) >= 0 {
			continue
		}
		if d.Text("parentfield") != "" {
			return exception.Titled("NonNegativeError", "Negative Value", "<strong>%s</strong> Row #%d: Value cannot be negative for <strong>%s</strong>",
				d.Type.Name, d.Int("idx"), f.Label)
		}
		return exception.Titled("NonNegativeError", "Negative Value", "Value cannot be negative for %s: <strong>%s</strong>", d.Type.Name, f.Label)
	}
	return nil
}

func lengths(d *paper.Doc) error {
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
		if d.Text("parentfield") != "" {
			where = fmt.Sprintf("%s, Row %d", d.Type.Name, d.Int("idx"))
		}
		return exception.Titled("CharacterLengthExceededError", "Value too big",
			"%s: '<strong>%s</strong>' (%s) will get truncated, as max characters allowed is %d", where, f.Label, meta.Text(v), limit)
	}
	return nil
}
