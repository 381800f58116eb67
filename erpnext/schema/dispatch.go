package schema

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

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
