// Package schema declares once what the hub needs of a site: the custom doctypes
// of the field service, the fields added to stock doctypes, and the values of
// their select fields, byte-exact. Fixtures gives all of it to a site. It calls
// nothing and remembers nothing.
package schema

import (
	"encoding/json"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

// Schema lists the custom doctypes, child tables first.
func Schema() []meta.DocType {
	return append(append(childTables(), serviceDoctypes()...), append(dispatchDoctypes(), otherDoctypes()...)...)
}

func childTables() []meta.DocType {
	return []meta.DocType{
		child("Equipment Move Log",
			of("Datetime", "moved_on").must(), pick("action", MoveInstall, MoveRemove, MoveSwapOut, MoveSwapIn, MoveReturn, MoveTransfer, MoveDefect, MoveScrap),
			data("from_location", "to_location"), link("Warehouse", "from_warehouse", "to_warehouse"),
			link("Dispatch Technician", "technician"), link("Dispatch Job", "dispatch_job"),
			pick("condition", "", "good", "damaged", "unknown"), of("Small Text", "notes"), data("source_key").once()),
		child("Service Contract Benefit",
			data("description").must(), pick("kind", "", BenefitGoods, BenefitService, BenefitInstall, BenefitGift),
			of("Currency", "regular_price", "granted_price", "economy"), of("Date", "recognised_to_date"),
			of("Currency", "residual_value")),
		child("Dispatch Job Predecessor", link("Dispatch Job", "job").must()),
		child("Dispatch Job Equipment",
			link("Service Equipment", "equipment", "replaced_by"), pick("action", EquipmentInstalled, EquipmentRemoved, EquipmentReplaced),
			data("serial_number", "mac_address"), of("Check", "scanned"), pick("scan_source", "", "barcode", "label", "manual"), cause()),
		child("Dispatch Job Material",
			link("Item", "item").must(), of("Float", "qty"), link("UOM", "uom"), link("Warehouse", "warehouse"),
			of("Small Text", "serials"), link("Stock Entry", "stock_entry"), cause()),
		child("Dispatch Job Checklist Item",
			data("label").must(), of("Check", "required"), pick("answer_type", "check", "text", "number", "photo", "select"),
			of("Small Text", "value", "choices"), of("Datetime", "done_at"), data("done_by"), cause()),
		child("Dispatch Job Photo",
			of("Attach", "file").must(), pick("kind", PhotoKinds()...), of("Datetime", "taken_at", "received_at"), of("Float", "latitude", "longitude"),
			data("sha256", "caption"), link("Dispatch Technician", "technician"), cause()),
		child("Dispatch Job Assistant",
			link("Dispatch Technician", "technician").must(), of("Check", "confirmed"), of("Float", "hours")),
		child("Dispatch Tag Link",
			link("Dispatch Tag", "tag").must(), of("Int", "level"), of("Check", "required")),
		child("Dispatch Arrival Window", data("label").must(), of("Time", "start_time", "end_time")),
	}
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
