package meta

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCopy(t *testing.T) {
	t.Parallel()
	doc := `{"doctype":"Quotation","name":"Q-1","owner":"a","creation":"x","modified":"x","modified_by":"a","docstatus":2,"idx":0,
	 "amended_from":"Q-0","party_name":"C-1","net_total":1234567890123.45,"custom_signer_ip":"192.0.2.7","valid_till":null,"_assign":"[]",
	 "items":[{"name":"r1","parent":"Q-1","parentfield":"items","parenttype":"Quotation","idx":1,"docstatus":2,"item_code":"F","ordered_qty":3,"qty":1.0}],
	 "odd":[1,2]}`
	metas := []DocType{
		{Name: "Quotation", Fields: []Field{{Fieldname: "items", Fieldtype: "Table", Options: "Quotation Item"},
			{Fieldname: "custom_signer_ip", NoCopy: true}, {Fieldname: "odd"}}},
		{Name: "Quotation Item", Fields: []Field{{Fieldname: "ordered_qty", NoCopy: true}}},
	}
	got, err := Copy(json.RawMessage(doc), metas)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"party_name": "C-1", "net_total": json.Number("1234567890123.45"), "odd": []any{json.Number("1"), json.Number("2")},
		"items": []any{map[string]any{"item_code": "F", "qty": json.Number("1.0")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("copy (-want +got):\n%s", diff)
	}
	if _, err := Copy(json.RawMessage(`[]`), metas); err == nil {
		t.Error("a list was copied")
	}
}

func TestGapsOfAField(t *testing.T) {
	t.Parallel()
	have := DocType{Fields: []Field{
		{Fieldname: "status", Fieldtype: "Select", Options: "Open\nClosed"}, {Fieldname: "customer", Fieldtype: "Link", Options: "Lead"},
		{Fieldname: "note", Fieldtype: "Small Text"}, {Fieldname: "key", Fieldtype: "Data"}, {Fieldname: "n", Fieldtype: "Int"},
	}}
	for name, tc := range map[string]struct {
		want Field
		gaps int
	}{
		"missing":           {Field{Fieldname: "x", Fieldtype: "Data"}, 1},
		"missing stock":     {Field{Fieldname: "x"}, 1},
		"there":             {Field{Fieldname: "key"}, 0},
		"a choice is gone":  {Field{Fieldname: "status", Fieldtype: "Select", Options: "Open\nEn attente"}, 1},
		"points elsewhere":  {Field{Fieldname: "customer", Fieldtype: "Link", Options: "Customer"}, 1},
		"text for a line":   {Field{Fieldname: "note", Fieldtype: "Data"}, 0},
		"line for a text":   {Field{Fieldname: "key", Fieldtype: "Text"}, 1},
		"number for a line": {Field{Fieldname: "n", Fieldtype: "Data"}, 1},
		"not unique, late":  {Field{Fieldname: "key", Fieldtype: "Data", Unique: true, AllowOnSubmit: true}, 2},
	} {
		if got := have.Gaps(tc.want); len(got) != tc.gaps {
			t.Errorf("%s: %v", name, got)
		}
	}
}
