package schema

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

// declared lists every custom doctype and every extended stock one.
func declared() map[string][]meta.Field {
	all := map[string][]meta.Field{}
	for _, d := range Schema() {
		all[d.Name] = d.Fields
	}
	for _, f := range CustomFields() {
		all[f.Dt] = append(all[f.Dt], f.Field)
	}
	return all
}

func TestSchemaIsSound(t *testing.T) {
	t.Parallel()
	all := declared()
	tables := map[string]bool{}
	for _, d := range Schema() {
		tables[d.Name] = bool(d.IsTable)
		i := slices.IndexFunc(d.Fields, meta.Named("hub_key"))
		if plain := !bool(d.IsTable) && !bool(d.IsSingle); plain != (i >= 0) || (i >= 0 && !bool(d.Fields[i].Unique)) {
			t.Errorf("%s: a doctype of its own has a unique hub_key, others have none", d.Name)
		}
		if by, ok := strings.CutPrefix(d.Autoname, "field:"); ok {
			if i := slices.IndexFunc(d.Fields, meta.Named(by)); i < 0 || !bool(d.Fields[i].Reqd) {
				t.Errorf("%s is named after a field that is not required", d.Name)
			}
		}
	}
	for doctype, fields := range all {
		seen := map[string]bool{"name": true, "owner": true, "creation": true, "modified": true, "docstatus": true, "idx": true, "parent": true, "doctype": true, "flags": true}
		for _, f := range fields {
			if seen[f.Fieldname] {
				t.Errorf("%s.%s is declared twice or reserved", doctype, f.Fieldname)
			}
			seen[f.Fieldname] = true
			if f.Label == "" || strings.Contains(f.Label, "_") {
				t.Errorf("%s.%s has the label %q", doctype, f.Fieldname, f.Label)
			}
			values := strings.Split(f.Options, "\n")
			switch {
			case f.Fieldtype == "Table" && !tables[f.Options]:
				t.Errorf("%s.%s: %q is no child table", doctype, f.Fieldname, f.Options)
			case f.Fieldtype == "Link" && f.Options == "Subscription":
				t.Errorf("%s.%s points at the stock Subscription", doctype, f.Fieldname)
			case f.Fieldtype == "Select" && f.Default != "" && !slices.Contains(values, f.Default):
				t.Errorf("%s.%s: the default %q is not a choice", doctype, f.Fieldname, f.Default)
			case f.Fieldtype == "Select" && len(slices.Compact(slices.Sorted(slices.Values(values)))) != len(values):
				t.Errorf("%s.%s has a choice twice", doctype, f.Fieldname)
			case bool(f.Unique) && f.Fieldtype != "Data", bool(f.SearchIndex) && f.Fieldtype == "Small Text":
				t.Errorf("%s.%s: %s cannot have an index", doctype, f.Fieldname, f.Fieldtype)
			}
		}
	}
	for _, f := range all["Quotation"] {
		if !bool(f.AllowOnSubmit) {
			t.Errorf("Quotation.%s cannot be written after the quotation was submitted", f.Fieldname)
		}
	}
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	raw, err := Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	var docs []map[string]any
	if err := json.Unmarshal(raw, &docs); err != nil {
		t.Fatal(err)
	}
	byName := map[string]map[string]any{}
	for _, d := range docs {
		name, _ := d["name"].(string)
		if byName[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		byName[name] = d
	}
	if len(docs) != len(Schema())+len(CustomFields()) {
		t.Errorf("%d documents", len(docs))
	}
	subscription := byName["Service Subscription"]
	for key, want := range map[string]any{
		"doctype": "DocType", "custom": 1.0, "istable": 0.0, "issingle": 0.0, "autoname": "SUB-.##########", "module": "Custom",
	} {
		if subscription[key] != want {
			t.Errorf("Service Subscription: %s is %v, want %v", key, subscription[key], want)
		}
	}
	url := byName["Quotation-custom_docuseal_signing_url"]
	for key, want := range map[string]any{
		"doctype": "Custom Field", "dt": "Quotation", "fieldname": "custom_docuseal_signing_url", "label": "DocuSeal Signing URL",
		"fieldtype": "Small Text", "allow_on_submit": 1.0, "no_copy": 1.0, // longer than the 140 characters of Data
	} {
		if url[key] != want {
			t.Errorf("custom_docuseal_signing_url: %s is %v, want %v", key, url[key], want)
		}
	}
	if !strings.Contains(string(raw), `En attente\nActif\nSuspendu\nAnnulé`) {
		t.Error("the states of a subscription are not byte-exact")
	}
	predecessor := byName["Dispatch Job Predecessor"]
	if perms, ok := predecessor["permissions"].([]any); !ok || len(perms) != 0 || predecessor["istable"] != 1.0 {
		t.Errorf("a child table is written as %v", predecessor)
	}
}
