package board_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/dispatch/board"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

var releases = map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16}

// TestBoardJoins looks at what comes from elsewhere: the issue, the customer, the
// people, the checklist, the tree and the chain.
func TestBoardJoins(t *testing.T) {
	t.Parallel()
	for name, profile := range releases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, profile, 0)
			p.put(t, "Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
			van := p.put(t, "Warehouse", map[string]any{"warehouse_name": "Camion 7", "company": "TARGO", "parent_warehouse": "All Warehouses - T"})
			p.put(t, "Dispatch Technician", map[string]any{"technician_id": "T1", "full_name": "Rémi", "phone": "514 555-0101", "warehouse": van})
			p.put(t, "Dispatch Technician", map[string]any{"technician_id": "T2", "full_name": "Zoé", "phone": "poste 12"})
			customer := p.put(t, "Customer", map[string]any{"customer_name": "Ève Untel", "customer_type": "Individual", "language": "fr", "cell_phone": "450-555-0100"})
			issue := p.put(t, "Issue", map[string]any{"subject": "Panne de fibre"})
			parent := p.put(t, "Dispatch Job", map[string]any{"subject": "Toit", "scheduled_date": "2026-11-23", "route_order": 1})
			p.put(t, "Dispatch Job", map[string]any{"subject": "Visite", "scheduled_date": "2026-11-23", "route_order": 2, "parent_job": parent, "source_issue": issue,
				"customer": customer, "assigned_tech": "T1", "status": "Assigned", "pinned": 1, "published": 1,
				"assistants": []any{map[string]any{"technician": "T2", "confirmed": 1}},
				"checklist": []any{
					map[string]any{"label": "Niveau", "required": 1, "answer_type": "number", "value": "-19"},
					map[string]any{"label": "Photo", "required": 1, "answer_type": "photo"},
					map[string]any{"label": "Client formé", "answer_type": "check", "done_at": "2026-11-23 08:00:00"},
				}})
			sheet := p.read(t, board.Of{})
			roof, visit := sheet.Jobs[0], sheet.Jobs[1]
			got := map[string]any{
				"children": roof.Children, "parent": visit.ParentJob == parent, "issue": visit.IssueSubject, "lang": visit.CustomerLang, "sms": visit.CustomerSMS,
				"pinned": visit.Pinned, "published": visit.Published, "assistants": visit.Assistants, "checklist": visit.Checklist, "pool": sheet.Unassigned,
				"van": sheet.Technicians[0].Van, "phones": []bool{sheet.Technicians[0].HasPhone, sheet.Technicians[1].HasPhone},
			}
			want := map[string]any{
				"children": []string{visit.Name}, "parent": true, "issue": "Panne de fibre", "lang": "fr", "sms": true,
				"pinned": 1, "published": 1, "assistants": []board.Assistant{{Technician: "T2", Confirmed: true}}, "checklist": board.Progress{Total: 3, Done: 2, Missing: 1},
				"pool": []board.Pool{{Date: "2026-11-23", Jobs: []string{parent}}}, "van": van, "phones": []bool{true, false},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBoardSaysWhatBlocks: jobs name the predecessors that are not done, wherever
// they are, and that costs one call more at most. One that can be taken before its
// turn is blocked as well, unless a person let it go or it is under way.
func TestBoardSaysWhatBlocks(t *testing.T) {
	t.Parallel()
	for name, profile := range releases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, profile, 0)
			job := func(subject, day, status string, waitsFor ...string) string {
				rows := []any{}
				for _, other := range waitsFor {
					rows = append(rows, map[string]any{"job": other})
				}
				return p.put(t, "Dispatch Job", map[string]any{"subject": subject, "scheduled_date": day, "status": status, "predecessors": rows,
					"depends_on": strings.Join(waitsFor[:min(1, len(waitsFor))], "")})
			}
			done, later := job("done", "2026-11-01", "Completed"), job("later", "2026-12-24", "Open")
			given, here := job("cancelled", "2026-11-02", "Cancelled"), job("here", "2026-11-23", "Open")
			job("waits", "2026-11-24", "On Hold", done, later, given, here)
			job("stuck", "2026-11-25", "On Hold", done)
			job("free", "2026-11-26", "Open", done)
			released := job("let go", "2026-11-27", "Open", here)
			if err := p.erp.Update(t.Context(), "Dispatch Job", released, erpnext.Values{"reopen_reason": "le client attend"}, nil); err != nil {
				t.Fatal(err)
			}
			job("ahead", "2026-11-27", "Scheduled", later)
			job("driven to", "2026-11-27", "En Route", here)
			job("orphaned", "2026-11-28", "Open", given)
			p.calls.Store(0)
			got := map[string][]string{}
			for _, card := range p.read(t, board.Of{}).Jobs {
				if card.Blocked {
					card.Subject += ", blocked"
				}
				got[card.Subject] = card.BlockedBy
			}
			want := map[string][]string{"here": {}, "waits, blocked": {later, given, here}, "stuck, blocked": {}, "free": {}, "let go": {here},
				"ahead, blocked": {later}, "driven to": {here}, "orphaned": {given}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if n := p.calls.Load(); n > 8 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestBoardInTheSitesWords: the site spells the states its own way, clients see
// those of the hub.
func TestBoardInTheSitesWords(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, 0)
	words, err := machine.ParseWords("Completed=Terminé,On Hold=En attente")
	if err != nil {
		t.Fatal(err)
	}
	p.put(t, "Property Setter", map[string]any{"doctype_or_field": "DocField", "doc_type": "Dispatch Job", "field_name": "status", "property": "options",
		"property_type": "Text", "value": strings.Join(words.All(machine.Statuses()...), "\n")})
	first := p.put(t, "Dispatch Job", map[string]any{"subject": "first", "scheduled_date": "2026-11-20", "status": "Terminé"})
	second := p.put(t, "Dispatch Job", map[string]any{"subject": "second", "scheduled_date": "2026-11-20", "status": "En attente",
		"depends_on": first, "predecessors": []any{map[string]any{"job": first}}})
	sheet, err := board.New(p.erp, words, p.clock).Read(t.Context(), board.Of{})
	if err != nil {
		t.Fatal(err)
	}
	if len(sheet.Jobs) != 1 || sheet.Jobs[0].Name != second || sheet.Jobs[0].Status != "On Hold" || len(sheet.Jobs[0].BlockedBy) != 0 || !sheet.Jobs[0].Late {
		t.Errorf("%+v", sheet.Jobs)
	}
}

// TestBoardOfABacklog: years of work that nobody closed do not hide this week's.
func TestBoardOfABacklog(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, 0)
	board.Short(p.board, 3)
	for _, day := range []string{"2024-02-29", "2026-11-23", "2025-01-01", "2026-11-25"} {
		p.put(t, "Dispatch Job", map[string]any{"subject": day, "scheduled_date": day})
	}
	sheet := p.read(t, board.Of{})
	var got []string
	for _, job := range sheet.Jobs {
		got = append(got, job.Subject)
	}
	if diff := cmp.Diff([]string{"2025-01-01", "2026-11-23", "2026-11-25"}, got); diff != "" || !sheet.More {
		t.Errorf("%s, more: %v", diff, sheet.More)
	}
}
