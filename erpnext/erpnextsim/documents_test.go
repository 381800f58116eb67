package erpnextsim_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestDocuments tells stories that share one site, in this order.
func TestDocuments(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"createAndRead", createAndRead},
		{"childTablesAreReplaced", childTablesAreReplaced},
		{"rowsThroughTheirParent", rowsThroughTheirParent},
		{"docstatus", docstatus},
		{"optimisticLock", optimisticLock},
		{"naming", naming},
		{"parallelInserts", parallelInserts},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

func createAndRead(b *bench) {
	t := b.T
	b.put("Customer", map[string]any{"customer_name": "Zoé Tremblay"})
	made := b.call(200, "POST", "/api/resource/Lieu", `{"label":"Duplex","customer":"Zoé Tremblay","customer_name":"lie",
		"name":"MINE","owner":"x","creation":"2001-01-01","idx":9,"unknown":1,"active":true,"port":"7","wifi":"hunter2","setup":{"a":1},
		"tags":[{"tag":"a"},{"tag":"b","level":2}]}`).data()
	want := map[string]any{
		"name": "LOC-00001", "owner": "hub@example.com", "modified_by": "hub@example.com", "idx": 9.0, "docstatus": 0.0, "status": "Actif",
		"customer_name": "Zoé Tremblay", "active": 1.0, "port": 7.0, "price": 0.0, "wifi": "*******", "doctype": "Lieu", "setup": `{"a":1}`,
		"customer": "Zoé Tremblay", "label": "Duplex",
	}
	got := map[string]any{}
	for k, v := range made {
		if k != "tags" && k != "creation" && k != "modified" {
			got[k] = v
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("created document (-want +got):\n%s", diff)
	}
	stamp := regexp.MustCompile(`^2026-03-10 09:00:0\d\.\d{6}$`)
	if made["creation"] != made["modified"] || !stamp.MatchString(made["creation"].(string)) {
		t.Errorf("creation %v, modified %v: want equal times in the site's zone", made["creation"], made["modified"])
	}
	rows := made["tags"].([]any)
	second := rows[1].(map[string]any)
	if !regexp.MustCompile(`^[0-9a-v]{10}$`).MatchString(second["name"].(string)) || second["idx"] != 2.0 || second["parent"] != "LOC-00001" ||
		second["parentfield"] != "tags" || second["parenttype"] != "Lieu" || second["__unsaved"] != 1.0 {
		t.Errorf("second row: %v", second)
	}
	read := b.call(200, "GET", "/api/resource/Lieu/LOC-00001", "").data()
	if _, ok := read["since"]; ok {
		t.Error("a single read leaves nulls out")
	}
	if _, ok := read["tags"].([]any)[0].(map[string]any)["__unsaved"]; ok {
		t.Error("a stored row is not marked as unsaved")
	}
}

func childTablesAreReplaced(b *bench) {
	t := b.T
	b.put("Lieu", map[string]any{"name": "KIDS", "label": "A", "tags": []any{
		map[string]any{"tag": "a", "remark": "first"}, map[string]any{"tag": "b"}, map[string]any{"tag": "c"},
	}})
	rows := func() []any { return b.call(200, "GET", "/api/resource/Lieu/KIDS", "").data()["tags"].([]any) }
	name := rows()[0].(map[string]any)["name"].(string)
	b.call(200, "PUT", "/api/resource/Lieu/KIDS", `{"label":"B"}`)
	if len(rows()) != 3 {
		t.Fatalf("a table that is not sent stays: %v", rows())
	}
	b.call(200, "PUT", "/api/resource/Lieu/KIDS", fmt.Sprintf(`{"tags":[{"name":%q,"tag":"a2"},{"tag":"new"},{"name":"gone000000","tag":"lost"}]}`, name))
	after := rows()
	if len(after) != 2 {
		t.Fatalf("listed rows stay, new ones come, unknown names are lost: %v", after)
	}
	kept := after[0].(map[string]any)
	if kept["name"] != name || kept["tag"] != "a2" || kept["remark"] != nil {
		t.Errorf("a row that is sent in part loses its other fields: %v", kept)
	}
	b.call(200, "PUT", "/api/resource/Lieu Tag/"+name, `{"remark":"by itself"}`)
	if got := rows()[0].(map[string]any)["remark"]; got != "by itself" {
		t.Errorf("a row saved by itself: remark %v", got)
	}
}

func rowsThroughTheirParent(b *bench) {
	t := b.T
	b.put("Lieu", map[string]any{"name": "ROWS", "label": "A", "tags": []any{map[string]any{"tag": "a"}, map[string]any{"tag": "b"}}})
	before := b.call(200, "GET", "/api/resource/Lieu/ROWS", "").data()
	row := before["tags"].([]any)[0].(map[string]any)["name"].(string)
	set := b.call(200, "POST", "/api/method/frappe.client.set_value", fmt.Sprintf(`{"doctype":"Lieu Tag","name":%q,"fieldname":"level","value":4}`, row))
	if set.body["message"].(map[string]any)["doctype"] != "Lieu" {
		t.Errorf("setting a row answers its parent: %s", set.text)
	}
	grown := b.call(200, "POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"Lieu Tag","parent":"ROWS","parenttype":"Lieu","parentfield":"tags","tag":"c"}}`)
	if n := len(grown.body["message"].(map[string]any)["tags"].([]any)); n != 3 {
		t.Errorf("inserting a row: %d rows, want 3", n)
	}
	b.call(200, "POST", "/api/method/frappe.client.delete", fmt.Sprintf(`{"doctype":"Lieu Tag","name":%q}`, row))
	after := b.call(200, "GET", "/api/resource/Lieu/ROWS", "").data()
	if len(after["tags"].([]any)) != 2 || after["modified"] == before["modified"] {
		t.Errorf("after deleting a row: %v", after)
	}
}

func docstatus(b *bench) {
	t := b.T
	made := b.call(200, "POST", "/api/resource/Visite", `{"subject":"A"}`).data()
	name := made["name"].(string)
	if name != "VIS-2026-00001" {
		t.Fatalf("named %s", name)
	}
	path := "/api/resource/Visite/" + name
	b.call(200, "PUT", path, `{"docstatus":1}`)
	b.call(200, "PUT", path, `{"result":"fait"}`)
	b.call(417, "DELETE", path, "")
	b.call(200, "POST", "/api/method/frappe.client.cancel", `{"doctype":"Visite","name":"`+name+`"}`)
	amended := b.call(200, "POST", "/api/resource/Visite", `{"subject":"A","amended_from":"`+name+`"}`).data()
	if amended["name"] != name+"-1" || amended["docstatus"] != 0.0 {
		t.Errorf("amended: %v", amended)
	}
	b.call(200, "POST", "/api/resource/Visite/"+name+"-1?run_method=submit", "")
	b.call(200, "PUT", "/api/resource/Visite/"+name+"-1", `{"docstatus":2}`)
	again := b.call(200, "POST", "/api/resource/Visite", `{"subject":"A","amended_from":"`+name+`-1","docstatus":1}`).data()
	if again["name"] != name+"-2" || again["docstatus"] != 1.0 {
		t.Errorf("amended again and submitted at once: %v", again)
	}
	b.call(404, "POST", path+"?run_method=explode", "")
	pointer := b.put("Visite", map[string]any{"subject": "B", "previous": name + "-2", "docstatus": 1})
	b.call(417, "PUT", "/api/resource/Visite/"+name+"-2", `{"docstatus":2}`)
	b.call(200, "PUT", "/api/resource/Visite/"+pointer, `{"docstatus":2}`)
	b.call(200, "PUT", "/api/resource/Visite/"+name+"-2", `{"docstatus":2}`)
}

func optimisticLock(b *bench) {
	t := b.T
	b.put("Lieu", map[string]any{"name": "LOCK", "label": "A"})
	read := b.call(200, "GET", "/api/resource/Lieu/LOCK", "").data()["modified"].(string)
	b.call(200, "PUT", "/api/resource/Lieu/LOCK", fmt.Sprintf(`{"label":"B","modified":%q}`, read))
	b.call(417, "PUT", "/api/resource/Lieu/LOCK", fmt.Sprintf(`{"label":"C","modified":%q}`, read))
	b.call(200, "PUT", "/api/resource/Lieu/LOCK", `{"label":"D"}`)
	if got := b.call(200, "GET", "/api/resource/Lieu/LOCK", "").data()["label"]; got != "D" {
		t.Errorf("label %v, want D", got)
	}
}

func naming(b *bench) {
	t := b.T
	b.put("Customer", map[string]any{"customer_name": "Ann Roy"})
	for _, c := range []struct{ doctype, body, want string }{
		{"Customer", `{"customer_name":"Ann Roy"}`, `^Ann Roy - 1$`},
		{"Item", `{"item_code":"ONT-1","item_group":"Products","stock_uom":"Nos"}`, `^ONT-1$`},
		{"Address", `{"address_type":"Billing","address_line1":"1 rue","city":"Laval","country":"Canada","links":[{"link_doctype":"Customer","link_name":"Ann Roy"}]}`, `^Ann Roy-Billing$`},
		{"Contact", `{"first_name":"Ann","links":[{"link_doctype":"Customer","link_name":"Ann Roy"}]}`, `^Ann-Ann Roy$`},
		{"Issue", `{"subject":"x"}`, `^ISS-2026-00001$`},
		{"Issue Priority", `{"name":"Urgent"}`, `^Urgent$`},
		{"Task", `{"subject":"x"}`, `^TASK-2026-00001$`},
		{"Comment", `{"comment_type":"Comment","content":"x"}`, `^[0-9a-v]{10}$`},
		{"Project", `{"project_name":"P","company":"TARGO"}`, `^PROJ-0001$`},
	} {
		if c.doctype == "Project" {
			b.put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
		}
		got := b.call(200, "POST", "/api/resource/"+strings.ReplaceAll(c.doctype, " ", "%20"), c.body).data()["name"].(string)
		if !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: named %q, want %s", c.doctype, got, c.want)
		}
	}
	b.call(202, "DELETE", "/api/resource/Issue/ISS-2026-00001", "")
	if got := b.call(200, "POST", "/api/resource/Issue", `{"subject":"x"}`).data()["name"]; got != "ISS-2026-00001" {
		t.Errorf("deleting the last of a series gives its number back, got %v", got)
	}
	b.call(417, "POST", "/api/resource/Issue", `{}`)
	if got := b.call(200, "POST", "/api/resource/Issue", `{"subject":"x"}`).data()["name"]; got != "ISS-2026-00002" {
		t.Errorf("a failed insert gives its number back, got %v", got)
	}
}

// parallelInserts counts one series from many clients at once.
func parallelInserts(b *bench) {
	t := b.T
	first, _ := b.call(200, "POST", "/api/resource/Visite", `{"subject":"first"}`).data()["name"].(string)
	last, err := strconv.ParseInt(first[len("VIS-2026-"):], 10, 64)
	b.must(err)
	var wg sync.WaitGroup
	names := make([]string, 24)
	for i := range names {
		wg.Go(func() {
			a := b.as(hub, "POST", "/api/resource/Visite", fmt.Sprintf(`{"subject":"v%d"}`, i))
			names[i], _ = a.data()["name"].(string)
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, n := range names {
		seen[n] = true
	}
	for i := range names {
		if want := fmt.Sprintf("VIS-2026-%05d", last+int64(i)+1); !seen[want] {
			t.Errorf("nobody got %s: %v", want, names)
		}
	}
}
