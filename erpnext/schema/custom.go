package schema

import "gigafibre.ca/targo-hub/erpnext/meta"

// CustomFields lists the fields added to stock doctypes. Quotation's may be
// written after it was submitted, and an amended quotation starts without the
// evidence of the former one.
func CustomFields() []meta.CustomField {
	var out []meta.CustomField
	add := func(doctype string, groups ...group) {
		for _, f := range join(groups) {
			out = append(out, meta.CustomField{Doctype: "Custom Field", Name: doctype + "-" + f.Fieldname, Dt: doctype, Field: f})
		}
	}
	add("Quotation",
		pick("custom_quote_type", Residential, Commercial, Project).late(), link("Service Location", "custom_service_location").late(),
		of("Small Text", "custom_docuseal_signing_url").late().own(), data("custom_docuseal_envelope_id").late().own().indexed(),
		of("Datetime", "custom_accepted_at").late().own(),
		pick("custom_acceptance_method", "", SignedByLink, SignedByDocuSeal, SignedInPerson).late().own(),
		data("custom_signer_ip").late().own(), of("Attach", "custom_signed_pdf").late().own(),
		link("Sales Invoice", "custom_deposit_invoice").late().own(), of("JSON", "custom_wizard_steps").late())
	add("Item", rhythm())
	for _, lines := range []string{"Quotation Item", "Sales Order Item", "Sales Invoice Item"} {
		add(lines, rhythm().fetched("item_code.custom_billing_frequency"))
	}
	add("Customer",
		data("legacy_customer_id").indexed(), data("cell_phone", "tel_home", "email_billing"),
		of("Check", "is_commercial", "is_vip", "ppa_enabled", "sms_opt_out", "email_opt_out"),
		data("stripe_customer_id", "referral_code", "consent_source"), of("Date", "consent_date"), of("Small Text", "notes"))
	add("Issue",
		link("Service Location", "service_location"), link("Service Contract", "service_contract"), link("Dispatch Job", "dispatch_job"),
		data("legacy_ticket_id").indexed(), data("assigned_group", "source", "sms_thread"), data("custom_hub_key").once().own())
	add("Communication", data("custom_hub_key").once().own())
	add("Sales Invoice",
		data("legacy_invoice_id").indexed(), link("Service Subscription", "service_subscription"), of("Date", "period_start", "period_end"),
		of("Small Text", "pay_link").late().own(), data("custom_hub_key").once().own())
	add("Sales Invoice Item", link("Service Location", "service_location"))
	add("Purchase Invoice", data("custom_hub_key").once().own())
	add("Comment", data("custom_hub_key").once().own())
	add("Stock Entry", data("custom_hub_key").once().own())
	return out
}
