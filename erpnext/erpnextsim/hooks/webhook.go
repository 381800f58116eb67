package hooks

import (
	"net/url"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks/expr"
)

// Rules is what Webhook documents check when they are saved.
func Rules() map[string]document.Controller {
	return map[string]document.Controller{"Webhook": {Events: map[string]document.Hook{"validate": validate}}}
}

func validate(s *document.Session, d *document.Doc) error {
	for _, check := range []document.Hook{checkEvent, checkCondition, checkAddress, checkBody, checkFields, checkSecret} {
		if err := check(s, d); err != nil {
			return err
		}
	}
	return nil
}

func checkEvent(s *document.Session, d *document.Doc) error {
	target := s.Set.Get(d.Text("webhook_doctype"))
	submitting := slices.Contains([]string{"on_submit", "on_cancel", "on_update_after_submit"}, d.Text("webhook_docevent"))
	if target != nil && !target.Submittable && submitting {
		return exception.Invalid("DocType must be Submittable for the selected Doc Event")
	}
	return nil
}

// checkCondition evaluates the condition on a blank document.
func checkCondition(s *document.Session, d *document.Doc) error {
	if d.Text("condition") == "" {
		return nil
	}
	blank, err := s.New(d.Text("webhook_doctype"), nil)
	if err != nil {
		return err
	}
	for _, f := range blank.Type.Stored() {
		if f.Default != "" {
			blank.Default(f.Name, f.Default)
		}
	}
	condition, err := expr.Parse(d.Text("condition"))
	if err == nil {
		_, err = condition.True(scope(blank))
	}
	if err != nil {
		return exception.Invalid("Invalid Condition: %s", err)
	}
	return nil
}

func checkAddress(_ *document.Session, d *document.Doc) error {
	address, err := url.Parse(d.Text("request_url"))
	if err != nil || address.Host == "" {
		return exception.Invalid("Check Request URL")
	}
	if d.Int("is_dynamic_url") != 0 {
		if _, err := expr.ParseTemplate(d.Text("request_url")); err != nil {
			return exception.Invalid("Check Request URL: %s", err)
		}
	}
	return nil
}

// checkBody keeps one of the two ways to say what is sent.
func checkBody(_ *document.Session, d *document.Doc) error {
	switch d.Text("request_structure") {
	case "Form URL-Encoded":
		d.Set("webhook_json", nil)
	case "JSON":
		for _, row := range slices.Clone(d.Rows("webhook_data")) {
			d.Remove(row)
		}
	}
	if _, err := expr.ParseTemplate(d.Text("webhook_json")); err != nil {
		return exception.Invalid("Error in the template: %s", err)
	}
	return nil
}

func checkFields(_ *document.Session, d *document.Doc) error {
	seen := map[string]bool{}
	for _, row := range d.Rows("webhook_data") {
		if seen[row.Text("fieldname")] {
			return exception.Invalid("Same Field is entered more than once")
		}
		seen[row.Text("fieldname")] = true
	}
	return nil
}

func checkSecret(s *document.Session, d *document.Doc) error {
	if d.Int("enable_security") == 0 || d.Text("webhook_secret") != "" {
		return nil
	}
	if secret, err := s.Tx.Secret("Webhook", d.Name(), "webhook_secret"); err != nil || secret != "" {
		return err
	}
	return exception.Invalid("Invalid Webhook Secret")
}
