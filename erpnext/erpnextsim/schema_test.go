package erpnextsim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestDoctypesByRequest makes, changes and removes doctypes the way a caller does.
func TestDoctypesByRequest(t *testing.T) {
	t.Parallel()
	for _, release := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		t.Run(release.String(), func(t *testing.T) {
			t.Parallel()
			b := open(t, erpnextsim.Options{Profile: release})
			doctypeLives(b)
			if release == erpnextsim.V16 {
				doctypeIsRefused(b)
			}
			customFields(b)
			propertySetters(b)
		})
	}
}

// text is JSON of a value.
func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const rule = `"module":"Custom","custom":1,"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1,"submit":1,"cancel":1,"amend":1}]`

func doctypeLives(b *bench) {
	t := b.T
	b.call(200, "POST", "/api/resource/DocType", `{"name":"Piece Row","module":"Custom","custom":1,"istable":1,
		"fields":[{"label":"What","fieldtype":"Data","reqd":1},{"label":"Many","fieldtype":"Int","default":"2"}]}`)
	made := b.call(200, "POST", "/api/resource/DocType", `{"name":"Piece",`+rule+`,"is_submittable":1,"autoname":"format:P-{code}-{###}",
		"fields":[{"label":"Code","fieldtype":"Data","reqd":1},{"fieldtype":"Section Break"},{"label":"Rows","fieldtype":"Table","options":"Piece Row"},
		{"label":"State","fieldtype":"Select","options":" Neuf \nUsé\n"}]}`).data()
	rows, _ := made["fields"].([]any)
	names := []string{}
	for _, r := range rows {
		names = append(names, fmt.Sprint(r.(map[string]any)["fieldname"]))
	}
	if len(names) != 5 || names[0] != "code" || !strings.HasPrefix(names[1], "section_break_") || names[4] != "amended_from" {
		t.Errorf("fields %v: names follow from labels, and what can be submitted can be amended", names)
	}
	if first := rows[0].(map[string]any); first["in_list_view"] != 1.0 || rows[3].(map[string]any)["options"] != "Neuf\nUsé" {
		t.Errorf("mandatory fields are listed, options trimmed: %v", rows)
	}
	doc := b.call(200, "POST", "/api/resource/Piece", `{"code":"A","rows":[{"what":"x"},{"what":"y","many":5}]}`).data()
	if doc["name"] != "P-A-001" || doc["state"] != "Neuf" || doc["rows"].([]any)[0].(map[string]any)["many"] != 2.0 {
		t.Errorf("a document of the new doctype: %v", doc)
	}
	rows = append(rows, map[string]any{"label": "Later", "fieldtype": "Int", "default": "7"})
	b.call(200, "PUT", "/api/resource/DocType/Piece", text(t, map[string]any{"fields": rows}))
	if got := b.call(200, "GET", "/api/resource/Piece/P-A-001", "").data()["later"]; got != 0.0 {
		t.Errorf("a field that came later: %v in an older document", got)
	}
	if got := b.call(200, "POST", "/api/resource/Piece", `{"code":"A"}`).data(); got["later"] != 7.0 || got["name"] != "P-A-002" {
		t.Errorf("a field that came later: %v", got)
	}
	grown := b.call(200, "PUT", "/api/resource/Piece/P-A-002", `{"rows":[{"what":"new"}]}`).data()["rows"].([]any)[0].(map[string]any)
	if grown["many"] != 2.0 || grown["__unsaved"] != 1.0 || grown["creation"] == grown["modified"] {
		t.Errorf("a row of an older document gets defaults, and its document's birthday: %v", grown)
	}
	b.call(202, "DELETE", "/api/resource/DocType/Piece", "")
	b.call(500, "GET", "/api/resource/Piece/P-A-001", "")
	b.call(417, "DELETE", "/api/resource/DocType/Customer", "")
}

func doctypeIsRefused(b *bench) {
	t := b.T
	with := func(fields string) string {
		return `{"name":"Bad One","module":"Custom","custom":1,"fields":[` + fields + `]}`
	}
	for _, c := range []struct {
		body   string
		status int
		class  string
		words  string
	}{
		{`{"name":"Bad One","module":"Custom","fields":[]}`, 417, "CannotCreateStandardDoctypeError", "Not in Developer Mode!"},
		{`{"module":"Custom","custom":1}`, 417, "ValidationError", "Please set the document name"},
		{`{"name":"1st",` + rule + `}`, 409, "NameError", "should start with a letter"},
		{`{"name":"` + strings.Repeat("a", 62) + `",` + rule + `}`, 409, "NameError", "limited to 61 characters"},
		{`{"name":"Bad One","custom":1,"module":"Nowhere"}`, 417, "LinkValidationError", "Could not find Module: Nowhere"},
		{`{"name":"Bad One","custom":1}`, 417, "MandatoryError", "Value missing for DocType: Module"},
		{with(`{"label":"A","fieldtype":"Data"},{"label":"A","fieldtype":"Data"}`), 417, "UniqueFieldnameError", "Fieldname a appears multiple times in rows 1, 2"},
		{with(`{"label":"A","fieldtype":"Link"}`), 417, "DoctypeLinkError", "Options required for Link or Table type field A in row 1"},
		{with(`{"label":"A","fieldtype":"Link","options":"Nothing"}`), 417, "WrongOptionsDoctypeLinkError", "Options must be a valid DocType for field A in row 1"},
		{with(`{"label":"A","fieldtype":"Table","options":"Customer"}`), 417, "ValidationError", "is not a child table"},
		{with(`{"label":"A","fieldtype":"Wrong"}`), 417, "ValidationError", `Type cannot be "Wrong". It should be one of`},
		{with(`{"label":"A","fieldname":"name","fieldtype":"Data"}`), 417, "InvalidFieldNameError", "Fieldname name is restricted"},
		{with(`{"label":"A","fieldname":"a-b","fieldtype":"Data"}`), 417, "InvalidColumnName", "cannot have special characters like"},
		{with(`{"fieldtype":"Data"}`), 417, "ValidationError", "Fieldname is required"},
		{with(`{"label":"A","fieldtype":"Text","unique":1}`), 417, "NonUniqueError", "Fieldtype Text for A cannot be unique"},
		{with(`{"label":"A","fieldtype":"Data","hidden":1,"reqd":1}`), 417, "HiddenAndMandatoryWithoutDefaultError", "cannot be hidden and mandatory"},
		{with(`{"label":"A","fieldtype":"HTML","reqd":1}`), 417, "IllegalMandatoryError", "cannot be mandatory"},
		{with(`{"label":"A","fieldtype":"Select","options":"x\ny","default":"z"}`), 417, "ValidationError", "must be in the list of options"},
		{with(`{"label":"A","fieldtype":"Dynamic Link","options":"b"}`), 417, "ValidationError", "must point to another Link Field"},
		{`{"name":"Bad One",` + rule + `,"autoname":"field:none","fields":[]}`, 417, "ValidationError", "Invalid fieldname 'none' in autoname"},
		{`{"name":"Bad One",` + rule + `,"title_field":"none","fields":[]}`, 417, "InvalidFieldNameError", "Title field must be a valid fieldname"},
		{`{"name":"Bad One","module":"Custom","custom":1,"permissions":[{"role":"System Manager","read":0,"write":0,"create":0}]}`, 417, "ValidationError", "No basic permissions set"},
		{`{"name":"Bad One","module":"Custom","custom":1,"permissions":[{"role":"System Manager","write":1,"submit":1}]}`, 417, "ValidationError", "Cannot set Assign Submit if not Submittable"},
	} {
		a := b.as(hub, "POST", "/api/resource/DocType", c.body)
		if a.status != c.status || a.body["exc_type"] != c.class || !strings.Contains(a.text, strings.ReplaceAll(c.words, `"`, `\\\"`)) {
			t.Errorf("%s:\n got %d %v, want %d %s %q\n%s", c.body, a.status, a.body["exc_type"], c.status, c.class, c.words, a.text)
		}
		if e, _ := a.body["exception"].(string); c.class == "UniqueFieldnameError" && !strings.HasPrefix(e, "frappe.core.doctype.doctype.doctype.UniqueFieldnameError: ") {
			t.Errorf("the exception says where its class is declared: %s", e)
		}
	}
}

func customFields(b *bench) {
	t := b.T
	made := b.call(200, "POST", "/api/resource/Custom Field", `{"dt":"Issue","label":"Étage no.","fieldtype":"Int","insert_after":"subject"}`).data()
	if made["name"] != "Issue-custom_étage_no" || made["fieldname"] != "custom_étage_no" {
		t.Errorf("a custom field is named after its label: %v", made)
	}
	b.put("Issue", map[string]any{"subject": "S", "custom_étage_no": 3})
	path := "/api/resource/Custom Field/Issue-custom_%C3%A9tage_no"
	b.call(200, "PUT", path, `{"reqd":1}`)
	b.call(417, "POST", "/api/resource/Issue", `{"subject":"T","custom_étage_no":null}`)
	b.call(417, "PUT", path, `{"fieldtype":"Date"}`)
	b.call(417, "POST", "/api/resource/Custom Field", `{"dt":"Issue","fieldname":"subject","label":"S","fieldtype":"Data"}`)
	b.call(417, "POST", "/api/resource/Custom Field", `{"dt":"Issue","label":"L","fieldtype":"Link"}`)
	b.call(202, "DELETE", path, "")
	if _, there := b.call(200, "GET", "/api/resource/Issue/ISS-2026-00001", "").data()["custom_étage_no"]; there {
		t.Error("a field that went is shown")
	}
}

func propertySetters(b *bench) {
	t := b.T
	set := `{"doctype_or_field":"DocField","doc_type":"Issue","field_name":"description","property":"reqd","property_type":"Check","value":"1"}`
	made := b.call(200, "POST", "/api/resource/Property Setter", set).data()
	if made["name"] != "Issue-description-reqd" {
		t.Errorf("named %v", made["name"])
	}
	b.call(200, "POST", "/api/resource/Property Setter", set) // takes the place of the first
	b.call(417, "POST", "/api/resource/Issue", `{"subject":"T"}`)
	b.call(202, "DELETE", "/api/resource/Property Setter/Issue-description-reqd", "")
	b.call(200, "POST", "/api/resource/Issue", `{"subject":"T"}`)
}
