package erpnext

import (
	"encoding/json"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

// The custom doctypes of the field service and the fields added to stock
// doctypes, declared once: Fixtures gives them to a site, Check compares a
// site with them.

const (
	billing  = "\nMonthly\nQuarterly\nSemi-annual\nAnnual\nOne-time"
	jobTypes = "Installation\nRepair\nMaintenance\nRemoval\nMove\nTV\nTelephony\nSurvey"
	results  = "check\ntext\nnumber\nphoto\nselect"
)

// Schema lists the custom doctypes, child tables first.
func Schema() []meta.DocType {
	return append(append(childTables(), serviceDoctypes()...), append(dispatchDoctypes(), otherDoctypes()...)...)
}

func childTables() []meta.DocType {
	return []meta.DocType{
		child("Equipment Move Log",
			of("Datetime", "moved_on").must(), pick("action", "install", "remove", "swap_out", "swap_in", "return", "transfer", "defect", "scrap"),
			data("from_location", "to_location"), link("Warehouse", "from_warehouse", "to_warehouse"),
			link("Dispatch Technician", "technician"), link("Dispatch Job", "dispatch_job"),
			pick("condition", "", "good", "damaged", "unknown"), of("Small Text", "notes"), data("source_key").once()),
		child("Service Contract Benefit",
			data("description").must(), pick("kind", "", "goods_rebate", "service_discount", "install_waiver", "gift"),
			of("Currency", "regular_price", "granted_price", "economy"), of("Date", "recognised_to_date"),
			of("Currency", "residual_value")),
		child("Dispatch Job Predecessor", link("Dispatch Job", "job").must()),
		child("Dispatch Job Equipment",
			link("Service Equipment", "equipment", "replaced_by"), pick("action", "installed", "removed", "replaced"),
			data("serial_number", "mac_address"), of("Check", "scanned"), pick("scan_source", "", "barcode", "label", "manual")),
		child("Dispatch Job Material",
			link("Item", "item").must(), of("Float", "qty"), link("UOM", "uom"), link("Warehouse", "warehouse"),
			of("Small Text", "serials"), link("Stock Entry", "stock_entry")),
		child("Dispatch Job Checklist Item",
			data("label").must(), of("Check", "required"), pick("answer_type", strings.Split(results, "\n")...),
			of("Small Text", "value"), of("Datetime", "done_at"), data("done_by")),
		child("Dispatch Job Photo",
			of("Attach", "file").must(), pick("kind", "before", "after", "label", "signature", "other"),
			of("Datetime", "taken_at"), of("Float", "latitude", "longitude"), data("sha256")),
		child("Dispatch Job Assistant",
			link("Dispatch Technician", "technician").must(), of("Check", "confirmed"), of("Float", "hours")),
		child("Dispatch Tag Link",
			link("Dispatch Tag", "tag").must(), of("Int", "level"), of("Check", "required")),
		child("Dispatch Arrival Window", data("label").must(), of("Time", "start_time", "end_time")),
	}
}

func serviceDoctypes() []meta.DocType {
	return []meta.DocType{
		doctype("Service Location", "LOC-.#####",
			link("Customer", "customer"), data("location_name"), pick("status", "Active", "Inactive", "Pending Install"),
			data("address_line", "city"), data("province").preset("QC"), data("postal_code"),
			of("Float", "latitude", "longitude"), pick("connection_type", "", "FTTH", "FTTB", "Cable", "DSL", "Wireless"),
			data("olt_name"), of("Int", "olt_slot", "olt_port", "onu_id", "vlan"), of("Text", "network_notes"),
			of("Small Text", "access_notes"), data("contact_name", "contact_phone"),
			of("Int", "legacy_delivery_id"), data("fibre_port_reservation")),
		doctype("Service Equipment", "EQP-.#####",
			pick("equipment_type", "ONT", "Modem", "Router", "TV Box", "IP Phone", "Switch", "AP/Mesh", "Battery", "Other"),
			data("brand", "model"), data("serial_number").once(), data("mac_address", "barcode", "gpon_serial", "cwmp_serial"),
			data("wifi_ssid"), of("Password", "wifi_password"), data("sip_username"), of("Password", "sip_password"),
			data("radius_username"), of("Password", "radius_password"), data("ip_address", "firmware_version"),
			data("login_user"), of("Password", "login_password"),
			pick("status", "inventory", "active", "defective", "returned", "scrapped"),
			link("Customer", "customer"), link("Service Location", "service_location"), link("Service Subscription", "subscription"),
			data("olt_name"), of("Int", "olt_slot", "olt_port", "onu_id"),
			link("Warehouse", "warehouse"), link("Dispatch Technician", "held_by_technician"),
			rows("Equipment Move Log", "move_log"), of("Int", "legacy_device_id")),
		doctype("Service Subscription", "SUB-.##########",
			link("Customer", "customer").must(), link("Service Location", "service_location"),
			pick("service_category", "Internet", "IPTV", "VoIP", "Bundle", "Other").must(), data("plan_name").must(),
			link("Item", "item"), of("Int", "speed_down", "speed_up"), of("Currency", "monthly_price"),
			pick("billing_cycle", BilledMonthly, BilledQuarterly, BilledSemiAnnual, BilledAnnual),
			of("Int", "contract_duration"), of("Date", "promo_end_date"), of("Currency", "promo_amount"),
			pick("status", StatusPending, StatusActive, StatusSuspended, StatusCancelled),
			of("Date", "start_date", "end_date", "cancellation_date"), link("Service Contract", "service_contract"),
			link("Dispatch Job", "activation_job"), of("Int", "display_order"), data("radius_user"), of("Int", "vlan"), data("static_ip")),
		doctype("Service Contract", "CTR-.#####",
			link("Customer", "customer").must(), link("Service Location", "service_location"), link("Quotation", "quotation"),
			link("Service Subscription", "service_subscription"), pick("install_template", "",
				InstallFiber, InstallPhone, InstallMove, InstallRepair, InstallSingle, InstallParallel),
			pick("contract_type", Residential, Commercial),
			pick("status", ContractDraft, ContractSent, ContractSigned, ContractActive, ContractCompleted, ContractTerminated),
			of("Date", "start_date", "end_date"), of("Int", "duration_months", "months_elapsed"),
			of("Currency", "monthly_rate", "install_fee"), rows("Service Contract Benefit", "benefits"),
			of("Currency", "total_benefits", "residual_total"),
			pick("signature_method", "", SignedByLink, SignedByDocuSeal, SignedInPerson), of("Datetime", "signed_at"),
			data("signer_name", "signer_ip"), of("Small Text", "signer_user_agent"), data("document_sha256"), of("Attach", "signed_pdf"),
			of("Currency", "termination_fee_benefits", "termination_fee_remaining", "termination_fee_total"),
			of("Date", "termination_date"), of("Small Text", "termination_reason"), link("Sales Invoice", "termination_invoice")),
	}
}

func dispatchDoctypes() []meta.DocType {
	return []meta.DocType{
		doctype("Dispatch Job", "DJ-.#####",
			data("subject").must(), of("Text", "description"), of("Small Text", "notes"),
			pick("job_type", strings.Split(jobTypes, "\n")...),
			pick("priority", PriorityLow, PriorityMedium, PriorityHigh, PriorityUrgent).preset(PriorityMedium),
			pick("status", JobOpen, JobAssigned, JobScheduled, JobEnRoute, JobInProgress, JobPaused, JobOnHold, JobCompleted, JobCancelled),
			link("Issue", "source_issue"), link("Customer", "customer"), link("Service Location", "service_location"),
			link("Project", "project"), link("Service Contract", "service_contract"), link("Service Subscription", "subscription"),
			link("Dispatch Technician", "assigned_tech"), rows("Dispatch Job Assistant", "assistants"), data("assigned_group"),
			of("Date", "scheduled_date").preset("Today").must(), of("Time", "start_time"), of("Float", "duration_h"), of("Int", "route_order"),
			link("Dispatch Job", "parent_job", "depends_on"), rows("Dispatch Job Predecessor", "predecessors"),
			of("Int", "step_order"), data("step_id"), of("Small Text", "on_open_webhook", "on_close_webhook"),
			rows("Dispatch Tag Link", "tags"), data("legacy_ticket_id").once(), data("legacy_dept"),
			of("Float", "latitude", "longitude"), of("Small Text", "address"), of("Check", "published"),
			data("recurrence_rule"), link("Dispatch Job", "recurrence_parent"),
			of("Datetime", "actual_start", "actual_end"), of("Int", "travel_minutes"),
			rows("Dispatch Job Equipment", "equipment_items"), rows("Dispatch Job Material", "materials_used"),
			rows("Dispatch Job Checklist Item", "checklist"), rows("Dispatch Job Photo", "photos"), of("Attach", "customer_signature"),
			of("Text", "completion_notes"), data("completion_code", "disconnection_reason"),
			of("Datetime", "eta_at", "en_route_at", "last_notified_at")),
		doctype("Dispatch Technician", "field:technician_id",
			data("technician_id").must().once(), data("full_name"), link("User", "user"), link("Employee", "employee"),
			pick("status", "available", "en route", "busy", "paused", "off"), data("phone", "email", "color", "assigned_group"),
			rows("Dispatch Tag Link", "tags"), data("traccar_device_id"), of("Float", "home_base_latitude", "home_base_longitude"),
			of("Small Text", "home_base_address"), of("Float", "end_point_latitude", "end_point_longitude"), of("Small Text", "end_point_address"),
			of("Currency", "cost_per_hour"), of("Float", "max_daily_hours").preset("8"),
			pick("resource_type", "human", "material"), of("Check", "active").preset("1"), of("Attach Image", "photo")),
		doctype("Dispatch Tag", "field:label",
			data("label").must().once(), data("color"), pick("category", "skill", "certification", "zone", "equipment", "other")),
		single("Dispatch Settings",
			of("Time", "default_start_time").preset("08:00:00"), of("Float", "default_duration_h").preset("1"),
			of("Int", "max_travel_minutes").preset("40"), of("Int", "slot_step_minutes").preset("15"),
			rows("Dispatch Arrival Window", "arrival_windows"), of("Float", "office_latitude", "office_longitude"),
			of("Int", "planning_horizon_days").preset("14"), of("JSON", "score_weights"), data("working_days"),
			link("Holiday List", "holidays")),
		doctype("Dispatch Preset", "DP-.#####",
			data("label").must(), pick("kind", "filter", "template"), of("JSON", "content"), link("User", "preset_user"), of("Check", "shared")),
		doctype("Dispatch Offer", "DO-.#####",
			link("Dispatch Job", "job").must(), link("Dispatch Technician", "technician"), data("assigned_group"),
			pick("status", "open", "accepted", "declined", "expired", "withdrawn"),
			of("Datetime", "offered_at", "expires_at"), of("Currency", "incentive")),
		doctype("Checklist Template", "field:template_name",
			data("template_name").must().once(), pick("job_type", strings.Split(jobTypes, "\n")...), rows("Dispatch Job Checklist Item", "items")),
	}
}

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
	add("Item", pick("custom_billing_frequency", strings.Split(billing, "\n")...))
	for _, lines := range []string{"Quotation Item", "Sales Order Item", "Sales Invoice Item"} {
		add(lines, pick("custom_billing_frequency", strings.Split(billing, "\n")...).fetched("item_code.custom_billing_frequency"))
	}
	add("Customer",
		data("legacy_customer_id").indexed(), data("cell_phone", "tel_home", "email_billing"),
		of("Check", "is_commercial", "is_vip", "ppa_enabled", "sms_opt_out", "email_opt_out"),
		data("stripe_customer_id", "referral_code"), of("Small Text", "notes"))
	add("Issue",
		link("Service Location", "service_location"), link("Service Contract", "service_contract"), link("Dispatch Job", "dispatch_job"),
		data("legacy_ticket_id").indexed(), data("assigned_group", "source", "sms_thread"), data("custom_hub_key").once().own())
	add("Sales Invoice",
		data("legacy_invoice_id").indexed(), link("Service Subscription", "service_subscription"), of("Date", "period_start", "period_end"),
		of("Small Text", "pay_link").late().own(), data("custom_hub_key").once().own())
	add("Sales Invoice Item", link("Service Location", "service_location"))
	return out
}

// Fixtures renders the doctypes and custom fields as a JSON list of Frappe
// documents, which a site imports as fixtures.
func Fixtures() ([]byte, error) {
	var docs []any
	for _, d := range Schema() {
		docs = append(docs, d)
	}
	for _, f := range CustomFields() {
		docs = append(docs, f)
	}
	return json.MarshalIndent(docs, "", " ")
}

// group is some fields declared together; its methods say what all of them are.
type group []meta.Field

func of(fieldtype string, names ...string) group {
	g := make(group, len(names))
	for i, name := range names {
		g[i] = meta.Field{Fieldname: name, Label: label(name), Fieldtype: fieldtype}
	}
	return g
}

func data(names ...string) group { return of("Data", names...) }

func link(to string, names ...string) group { return of("Link", names...).form(to).indexed() }

func rows(table, name string) group { return of("Table", name).form(table) }

func dynamic(by, name string) group { return of("Dynamic Link", name).form(by) }

// pick is a select. Without an empty first value ERPNext picks the first.
func pick(name string, values ...string) group {
	return of("Select", name).form(strings.Join(values, "\n"))
}

func (g group) each(set func(*meta.Field)) group {
	for i := range g {
		set(&g[i])
	}
	return g
}

func (g group) form(options string) group { return g.each(func(f *meta.Field) { f.Options = options }) }
func (g group) preset(value string) group { return g.each(func(f *meta.Field) { f.Default = value }) }
func (g group) fetched(from string) group {
	return g.each(func(f *meta.Field) { f.FetchFrom, f.FetchIfEmpty = from, true })
}
func (g group) must() group    { return g.each(func(f *meta.Field) { f.Reqd, f.InListView = true, true }) }
func (g group) once() group    { return g.each(func(f *meta.Field) { f.Unique = true }) }
func (g group) late() group    { return g.each(func(f *meta.Field) { f.AllowOnSubmit = true }) }
func (g group) own() group     { return g.each(func(f *meta.Field) { f.ReadOnly, f.NoCopy = true, true }) }
func (g group) indexed() group { return g.each(func(f *meta.Field) { f.SearchIndex = true }) }

func join(groups []group) []meta.Field {
	var fields []meta.Field
	for _, g := range groups {
		fields = append(fields, g...)
	}
	return fields
}

// doctype declares a custom doctype. Each carries hub_key: unique, written by
// the hub at creation, so that a create whose reply was lost can be found.
func doctype(name, autoname string, groups ...group) meta.DocType {
	d := single(name, append(groups, data("hub_key").once().own())...)
	d.IsSingle, d.Autoname, d.NamingRule = false, autoname, "Expression (old style)"
	switch {
	case strings.HasPrefix(autoname, "field:"):
		d.NamingRule = "By fieldname"
	case autoname == "hash":
		d.NamingRule = "Random"
	}
	return d
}

func single(name string, groups ...group) meta.DocType {
	return meta.DocType{
		Doctype: "DocType", Name: name, Module: "Custom", Custom: true, IsSingle: true, TrackChanges: true,
		Fields: join(groups),
		Permissions: []meta.Permission{{Role: "System Manager",
			Read: true, Write: true, Create: true, Delete: true, Report: true, Export: true}},
	}
}

func child(name string, groups ...group) meta.DocType {
	return meta.DocType{
		Doctype: "DocType", Name: name, Module: "Custom", Custom: true, IsTable: true,
		Fields: join(groups), Permissions: []meta.Permission{},
	}
}

// label makes what people see out of a field name.
func label(name string) string {
	words := strings.Split(strings.TrimPrefix(name, "custom_"), "_")
	for i, w := range words {
		switch w {
		case "url", "id", "ip", "mac", "gpon", "olt", "onu", "vlan", "cwmp", "sip", "sms", "pdf", "ppa", "eta", "ssid", "radius":
			words[i] = strings.ToUpper(w)
		case "docuseal":
			words[i] = "DocuSeal"
		case "wifi":
			words[i] = "Wi-Fi"
		default:
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
