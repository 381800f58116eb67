package trade

import (
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/parties"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/plans"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rules"
)

// support is issues and what arrives on them.
func support() map[string]document.Controller {
	return map[string]document.Controller{
		"Issue":         {Events: hooks{"validate": document.Chain(fillIssue, agreement)}, Methods: map[string]document.Method{}},
		"Communication": {Events: hooks{"validate": document.Chain(fillCommunication, knownSender), "after_insert": answerIssue}},
		"Lead":          {Events: hooks{"before_insert": parties.Introduce, "validate": parties.Introduce}},
		"Task":          {Events: hooks{"validate": plans.Progress, "on_update": document.Chain(rules.Grow, plans.Advance), "after_delete": document.Chain(rules.Grow, plans.Advance)}},
		"Supplier":      {Events: hooks{"autoname": nameSupplier}},
	}
}

// fillIssue sets who raised it and, by mail address, for whom.
func fillIssue(s *document.Session, d *document.Doc) error {
	d.Default("raised_by", s.User.Name)
	if d.Fresh() {
		d.Default("opening_date", s.Today())
	}
	if mail := d.Text("raised_by"); mail != "" && !d.Holds("contact") && !d.Holds("customer") {
		contact, err := s.Tx.Value(`SELECT name FROM tabContact WHERE email_id = ? LIMIT 1`, mail)
		if err != nil {
			return err
		}
		if name := meta.Text(contact); name != "" {
			d.Default("contact", name)
			customer, err := s.Tx.Value(`SELECT link_name FROM "tabDynamic Link" WHERE parenttype = 'Contact' AND parent = ? AND link_doctype = 'Customer' LIMIT 1`, name)
			if err != nil {
				return err
			}
			if customer != nil {
				d.Default("customer", customer)
			}
		}
	}
	return nil
}

// agreement applies the default service level agreement, counting all hours of
// all days.
func agreement(s *document.Session, d *document.Doc) error {
	open := d.Text("status") == "Open"
	if d.Fresh() && !d.Holds("service_level_agreement") {
		name, err := s.Tx.Value(`SELECT name FROM "tabService Level Agreement" WHERE document_type = 'Issue' AND enabled = 1 AND default_service_level_agreement = 1 LIMIT 1`)
		if err != nil {
			return err
		}
		d.Default("service_level_agreement", name)
	}
	if !d.Holds("service_level_agreement") {
		return nil
	}
	if d.Before != nil && d.Before.Text("status") == "Open" && !open && !d.Holds("first_responded_on") {
		d.Set("first_responded_on", s.Now())
	}
	sla, err := s.Load("Service Level Agreement", d.Text("service_level_agreement"))
	if err != nil {
		return err
	}
	return times(s, d, sla)
}

func times(s *document.Session, d, sla *document.Doc) error {
	d.Default("priority", sla.Get("default_priority"))
	for _, row := range sla.Rows("priorities") {
		if row.Int("default_priority") != 0 {
			d.Default("priority", row.Get("priority"))
		}
	}
	if !d.Holds("service_level_agreement_creation") {
		d.Set("service_level_agreement_creation", s.Now())
	}
	began, ok := paper.ParseTime(d.Text("service_level_agreement_creation"))
	for _, row := range sla.Rows("priorities") {
		if !ok || row.Text("priority") != d.Text("priority") {
			continue
		}
		at := func(seconds float64) string {
			return began.Add(time.Duration(seconds) * time.Second).Format(paper.Datetime)
		}
		d.Set("response_by", at(row.Float("response_time")))
		d.Set("sla_resolution_by", at(row.Float("resolution_time")))
	}
	fulfilled := false
	for _, row := range sla.Rows("sla_fulfilled_on") {
		fulfilled = fulfilled || row.Text("status") == d.Text("status")
	}
	switch {
	case fulfilled:
		d.Default("sla_resolution_date", s.Now())
		d.Set("agreement_status", "Fulfilled")
		if d.Text("sla_resolution_date") > d.Text("sla_resolution_by") && d.Holds("sla_resolution_by") {
			d.Set("agreement_status", "Failed")
		}
	case d.Holds("first_responded_on"):
		d.Set("agreement_status", "Resolution Due")
	default:
		d.Set("agreement_status", "First Response Due")
	}
	return nil
}

func fillCommunication(_ *document.Session, d *document.Doc) error {
	if d.Text("reference_doctype") == "Communication" && d.Text("reference_name") == d.Name() {
		return exception.Throw("CircularLinkingError", "Please make sure the Reference Communication Docs are not circularly linked.")
	}
	if d.Fresh() {
		switch {
		case d.Holds("reference_doctype") && d.Holds("reference_name"):
			d.Set("status", "Linked")
		case d.Text("communication_type") == "Communication":
			d.Set("status", "Open")
		default:
			d.Set("status", "Closed")
		}
	}
	return nil
}

// answerIssue opens an issue again when the customer wrote, and notes the first
// answer when we did.
func answerIssue(s *document.Session, d *document.Doc) error {
	if d.Text("reference_doctype") != "Issue" || d.Text("communication_type") != "Communication" {
		return nil
	}
	name, known, err := s.Exists("Issue", d.Text("reference_name"))
	if err != nil || !known {
		return err // a missing link was reported before
	}
	issue, err := s.Load("Issue", name)
	if err != nil {
		return err
	}
	switch d.Text("sent_or_received") {
	case "Received":
		if status := issue.Text("status"); status == "Replied" || status == "Resolved" || status == "On Hold" {
			return s.SetValue("Issue", issue.Name(), map[string]any{"status": "Open"}, true)
		}
	case "Sent":
		if !issue.Holds("first_responded_on") {
			return s.SetValue("Issue", issue.Name(), map[string]any{"first_responded_on": s.Now()}, true)
		}
	}
	return nil
}

// knownSender notes the name of a sender who is a contact, and puts the message on
// the timelines of the contact and of whom he stands for.
func knownSender(s *document.Session, d *document.Doc) error {
	sender := d.Text("sender")
	if !d.Fresh() || sender == "" || s.Import {
		return nil
	}
	rows, err := s.Tx.Rows(`SELECT name, first_name, last_name FROM tabContact WHERE email_id = ? LIMIT 1`, sender)
	if err != nil || len(rows) == 0 {
		return err
	}
	contact := meta.Text(rows[0]["name"])
	d.Default("sender_full_name", meta.Text(rows[0]["first_name"])+meta.Text(rows[0]["last_name"]))
	links, err := s.Tx.Rows(`SELECT link_doctype, link_name FROM "tabDynamic Link" WHERE parenttype = 'Contact' AND parent = ? ORDER BY idx`, contact)
	if err != nil {
		return err
	}
	links = append(links, map[string]any{"link_doctype": "Contact", "link_name": contact})
	for _, link := range links {
		if err := s.Append(d, "timeline_links", map[string]any{"link_doctype": link["link_doctype"], "link_name": link["link_name"]}); err != nil {
			return err
		}
	}
	return nil
}

// nameSupplier names a supplier by his name, unless the site counts suppliers.
func nameSupplier(s *document.Session, d *document.Doc) error {
	d.Default("represents_company", "")
	rule, err := s.Value("Buying Settings", "Buying Settings", "supp_master_name")
	if err == nil && meta.Text(rule) != "Naming Series" && d.Holds("supplier_name") {
		d.Set("name", d.Get("supplier_name"))
	}
	return err
}
