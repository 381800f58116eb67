package schema

import "gigafibre.ca/targo-hub/erpnext/meta"

func otherDoctypes() []meta.DocType {
	return []meta.DocType{
		doctype("Flow Template", "FT-.#####",
			data("template_name").must(), data("category"),
			pick("applies_to", "Customer", "Quotation", "Service Contract", "Issue", "Service Subscription"), data("trigger_event"),
			of("Code", "trigger_condition"), of("JSON", "flow_definition"), of("Check", "is_system"), of("Check", "is_active").preset("1"),
			of("Int", "version").preset("1"), of("Small Text", "description"), data("icon", "color")),
		doctype("Flow Run", "FR-.##########",
			link("Flow Template", "template"), of("Int", "template_version"), data("trigger_event"),
			link("DocType", "trigger_doctype"), dynamic("trigger_doctype", "trigger_docname"), link("Customer", "customer"),
			pick("status", "running", "waiting", "completed", "failed", "cancelled"), of("JSON", "context", "step_states"),
			of("Datetime", "started_at", "finished_at"), of("Text", "error"), data("dedupe_key").once()),
		doctype("Flow Step Pending", "hash",
			link("Flow Run", "run").must(), data("step_id"), of("Datetime", "trigger_at").indexed(),
			pick("status", "pending", "executing", "completed", "failed", "cancelled"), of("Int", "attempts"),
			of("Text", "last_error"), of("JSON", "context_snapshot")),
		doctype("Payment Method", "PM-.#####",
			link("Customer", "customer").must(), pick("provider", "Stripe", "Bank PAD", "Cash"),
			data("provider_customer_id", "provider_method_id"), pick("kind", "", "card", "acss_debit", "klarna"),
			data("brand", "last4"), of("Int", "exp_month", "exp_year"), of("Check", "is_default", "ppa_enabled"),
			of("Datetime", "ppa_authorised_at"), data("ppa_authorisation_text_sha256"),
			pick("status", "active", "failing", "expired", "removed"), data("last_failure_code"), of("Int", "consecutive_failures")),
		doctype("Shift Template", "field:label",
			data("label").must().once(), of("Time", "start_time", "end_time"), data("color"), pick("kind", "work", "on-call"), data("days")),
		doctype("Shift Assignment", "SHA-.#####",
			link("Dispatch Technician", "technician").must(), of("Date", "shift_date").must(), link("Shift Template", "template"),
			of("Time", "start_time", "end_time"), pick("status", "draft", "published", "cancelled")),
		doctype("Availability", "AVL-.#####",
			link("Dispatch Technician", "technician").must(), data("days"), of("Date", "from_date", "to_date"), of("Time", "start_time", "end_time")),
		doctype("Leave Request", "LVR-.#####",
			link("Dispatch Technician", "technician").must(), of("Date", "from_date", "to_date").must(),
			pick("kind", "vacation", "sick", "other"), pick("status", "requested", "approved", "refused", "cancelled"), of("Small Text", "notes")),
	}
}
