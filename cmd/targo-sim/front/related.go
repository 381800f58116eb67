package front

import (
	"cmp"
	"context"
	"net/http"
	"slices"
)

// related is a document that hangs together with the one that is shown.
type related struct {
	reference
	Path, Title, Status string
}

// relation says which field of another doctype names a document.
type relation struct{ doctype, field string }

// relations are those that lead to a document of the doctype, in the order of
// the story: what was offered, signed, planned, installed.
func relations(doctype string) []relation {
	return map[string][]relation{
		"Customer": {
			{"Service Location", "customer"}, {"Quotation", "party_name"}, {"Service Contract", "customer"}, {"Issue", "customer"},
			{"Dispatch Job", "customer"}, {"Service Subscription", "customer"}, {"Service Equipment", "customer"}, {"Sales Invoice", "customer"},
		},
		"Service Location": {
			{"Quotation", "custom_service_location"}, {"Service Contract", "service_location"}, {"Dispatch Job", "service_location"},
			{"Service Subscription", "service_location"}, {"Service Equipment", "service_location"},
		},
		"Quotation":            {{"Service Contract", "quotation"}},
		"Service Contract":     {{"Issue", "service_contract"}, {"Dispatch Job", "service_contract"}, {"Service Subscription", "service_contract"}},
		"Issue":                {{"Dispatch Job", "source_issue"}},
		"Service Subscription": {{"Service Contract", "service_subscription"}, {"Dispatch Job", "subscription"}, {"Service Equipment", "subscription"}},
		"Dispatch Job":         {{"Dispatch Job", "depends_on"}},
		"Dispatch Technician":  {{"Dispatch Job", "assigned_tech"}, {"Service Equipment", "held_by_technician"}},
		"Supplier":             {{"Purchase Invoice", "supplier"}},
	}[doctype]
}

// related lists the documents that this one names, then those that name it.
func (f *page) related(ctx context.Context, doctype string, values map[string]any) []related {
	name := text("name", values)
	seen := []reference{{doctype, name}}
	var out []related
	add := func(r related) {
		if r.Path = r.path(); r.Path != "" && !slices.Contains(seen, r.reference) {
			seen, out = append(seen, r.reference), append(out, r)
		}
	}
	for _, each := range fields(values) {
		add(related{reference: linkOf(each.Name, values)})
	}
	for _, each := range relations(doctype) {
		f.eachNaming(ctx, each.doctype, [][]any{{each.field, "=", name}}, add)
	}
	f.eachNaming(ctx, "File", [][]any{{"attached_to_doctype", "=", doctype}, {"attached_to_name", "=", name}}, add)
	f.eachNaming(ctx, "Communication", [][]any{{"reference_doctype", "=", doctype}, {"reference_name", "=", name}}, add)
	f.eachNaming(ctx, "Comment", [][]any{{"reference_doctype", "=", doctype}, {"reference_name", "=", name}, {"comment_type", "=", "Comment"}}, add)
	return out
}

// eachNaming reads documents, oldest first. One that cannot be read is left out:
// the document itself is worth showing.
func (f *page) eachNaming(ctx context.Context, doctype string, conditions [][]any, add func(related)) {
	var list struct{ Data []map[string]any }
	if f.ask(ctx, http.MethodGet, f.list(doctype, conditions...), nil, &list) != nil {
		return
	}
	slices.Reverse(list.Data)
	for _, d := range list.Data {
		title := cmp.Or(text("subject", d), text("plan_name", d), text("file_name", d), text("custom_quote_type", d), text("contract_type", d), text("equipment_type", d))
		add(related{reference: reference{doctype, text("name", d)}, Title: title, Status: text("status", d)})
	}
}
