package erpnextsim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestHistory tells stories of what is kept about documents, on one site.
func TestHistory(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"versions", versions},
		{"renaming", renaming},
		{"deleting", deleting},
		{"beside", besideDocuments},
		{"amending", amending},
		{"namedByNumbers", namedByNumbers},
		{"cleaned", cleaned},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

func versions(b *bench) {
	t := b.T
	b.call(200, "POST", "/api/resource/DocType", `{"name":"Suivi","module":"Custom","custom":1,"track_changes":1,"track_seen":1,"allow_rename":1,
		"autoname":"field:code","title_field":"code","fields":[{"label":"Code","fieldtype":"Data"},{"label":"N","fieldtype":"Int"},
		{"label":"Next","fieldtype":"Link","options":"Suivi"},{"label":"Once","fieldtype":"Data","set_only_once":1}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}]}`)
	b.call(200, "POST", "/api/resource/Suivi", `{"code":"A","n":1}`)
	b.call(200, "PUT", "/api/resource/Suivi/A", `{"n":2}`)
	b.call(200, "PUT", "/api/resource/Suivi/A", `{"n":2}`) // nothing changes
	list := b.call(200, "GET", query("Version", "fields", `["data","ref_doctype"]`, "filters", `[["docname","=","A"]]`), "").list()
	if len(list) != 1 {
		t.Fatalf("%d versions, want one for the one change: %v", len(list), list)
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(list[0].(map[string]any)["data"].(string)), &data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{[]any{"n", 1.0, 2.0}}, data["changed"]); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	seen := b.call(200, "GET", query("Suivi", "fields", `["_seen"]`), "").list()[0].(map[string]any)
	if seen["_seen"] != `["hub@example.com"]` {
		t.Errorf("who changes a document has seen it: %v", seen)
	}
	b.call(417, "PUT", "/api/resource/Suivi/A", `{"once":""}`) // null is not the empty text
}

func renaming(b *bench) {
	t := b.T
	b.call(200, "POST", "/api/resource/Suivi", `{"code":"B","next":"A"}`)
	before := b.call(200, "GET", "/api/resource/Suivi/A", "").data()
	rename := func(old, to string, more string) answer {
		return b.as(hub, "POST", "/api/method/frappe.client.rename_doc", fmt.Sprintf(`{"doctype":"Suivi","old_name":%q,"new_name":%q%s}`, old, to, more))
	}
	for _, c := range []struct {
		old, to, more string
		status        int
		words         string
	}{
		{"A", "A", "", 417, "No changes made because old and new name are the same."},
		{"A", "B", "", 417, "Another Suivi with name B exists, select another name"},
		{"A", "Nobody", `,"merge":1`, 417, "Suivi Nobody does not exist, select a new target to merge"},
		{"Gone", "X", "", 404, "Suivi Gone not found"},
		{"A", "C<", "", 409, "special characters"},
	} {
		if a := rename(c.old, c.to, c.more); a.status != c.status || !strings.Contains(a.text, c.words) {
			t.Errorf("%s to %s: %d, want %d %q: %s", c.old, c.to, a.status, c.status, c.words, a.text)
		}
	}
	a := rename("A", "C", "")
	if a.status != 200 || a.body["message"] != "C" || len(a.messages(t)) != 1 || a.messages(t)[0]["alert"] != 1.0 {
		t.Fatalf("renamed: %s", a.text)
	}
	after := b.call(200, "GET", "/api/resource/Suivi/C", "").data()
	if after["code"] != "C" || after["modified"] != before["modified"] {
		t.Errorf("the naming field follows, the time of change stays: %v", after)
	}
	if next := b.call(200, "GET", "/api/resource/Suivi/B", "").data()["next"]; next != "C" {
		t.Errorf("links follow: %v", next)
	}
	if m := rename("C", "B", `,"merge":1`); m.status != 200 {
		t.Errorf("merged: %s", m.text)
	}
	b.call(404, "GET", "/api/resource/Suivi/C", "")
}

func deleting(b *bench) {
	t := b.T
	b.put("Suivi", map[string]any{"code": "D"})
	b.put("Suivi", map[string]any{"code": "E", "next": "D"})
	held := b.as(hub, "DELETE", "/api/resource/Suivi/D", "")
	if held.status != 417 || !strings.Contains(held.text, "/suivi/D") || !strings.Contains(held.text, "is linked with Suivi") {
		t.Errorf("held by a link: %s", held.text)
	}
	b.call(202, "DELETE", "/api/resource/Suivi/E", "")
	b.call(202, "DELETE", "/api/resource/Suivi/D", "")
	kept := b.call(200, "GET", query("Deleted Document", "fields", `["data"]`, "filters", `[["deleted_name","=","D"]]`), "").list()
	if len(kept) != 1 || !strings.Contains(fmt.Sprint(kept[0]), `"code": "D"`) {
		t.Errorf("what was deleted is kept as text: %v", kept)
	}
}

func besideDocuments(b *bench) {
	t := b.T
	b.put("Suivi", map[string]any{"code": "F"})
	on := `"doctype":"Suivi","name":"F"`
	b.call(200, "POST", "/api/method/frappe.desk.form.assign_to.add", `{`+on+`,"assign_to":["sale@example.com"],"description":"Voir"}`)
	b.call(200, "POST", "/api/method/frappe.desk.like.toggle_like", `{`+on+`,"add":"Yes"}`)
	b.call(200, "POST", "/api/method/frappe.desk.doctype.tag.tag.add_tag", `{"dt":"Suivi","dn":"F","tag":"urgent"}`)
	row := b.call(200, "GET", query("Suivi", "fields", `["_assign","_liked_by","_user_tags"]`, "filters", `[["name","=","F"]]`), "").list()[0]
	want := map[string]any{"_assign": `["sale@example.com"]`, "_liked_by": `["hub@example.com"]`, "_user_tags": "urgent"}
	if diff := cmp.Diff(any(want), row); diff != "" {
		t.Errorf("beside the document (-want +got):\n%s", diff)
	}
	info, _ := b.call(200, "GET", "/api/method/frappe.desk.form.load.getdoc?doctype=Suivi&name=F", "").body["docinfo"].(map[string]any)
	for key, n := range map[string]int{"assignments": 1, "assignment_logs": 1, "like_logs": 1, "comments": 0} {
		if list, _ := info[key].([]any); len(list) != n {
			t.Errorf("%s: %v, want %d", key, info[key], n)
		}
	}
	b.call(200, "POST", "/api/method/frappe.desk.form.assign_to.remove", `{`+on+`,"assign_to":"sale@example.com"}`)
	if got := b.call(200, "GET", query("ToDo", "fields", `["status"]`, "filters", `[["reference_name","=","F"]]`), "").list()[0].(map[string]any)["status"]; got != "Cancelled" {
		t.Errorf("after the removal: %v", got)
	}
}

func amending(b *bench) {
	t := b.T
	name := b.call(200, "POST", "/api/resource/Visite", `{"subject":"A","docstatus":1}`).data()["name"].(string)
	early := b.as(hub, "POST", "/api/resource/Visite", `{"subject":"A","amended_from":"`+name+`"}`)
	if early.status != 417 || early.messages(t)[0]["title"] != "Amendment Not Allowed" {
		t.Errorf("amended before it was cancelled: %s", early.text)
	}
	b.call(200, "PUT", "/api/resource/Visite/"+name, `{"docstatus":2}`)
	b.call(200, "POST", "/api/resource/Visite", `{"subject":"A","amended_from":"`+name+`"}`)
	strange := b.as(hub, "POST", "/api/resource/Visite", `{"subject":"A","docstatus":7}`)
	if strange.status != 417 || strange.body["exception"] != "frappe.exceptions.ValidationError: ('Invalid docstatus', 7)" {
		t.Errorf("docstatus 7: %s", strange.text)
	}
}

func namedByNumbers(b *bench) {
	t := b.T
	b.call(200, "POST", "/api/resource/DocType", `{"name":"Ticket","module":"Custom","custom":1,"autoname":"autoincrement",
		"fields":[{"label":"T","fieldtype":"Data"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}]}`)
	for want := 1.0; want < 3; want++ {
		if got := b.call(200, "POST", "/api/resource/Ticket", `{"t":"x"}`).data()["name"]; got != want {
			t.Errorf("named %v, want the number %v", got, want)
		}
	}
	if got := b.call(200, "GET", "/api/resource/Ticket/2", "").data()["name"]; got != 2.0 {
		t.Errorf("read %v", got)
	}
	b.call(202, "DELETE", "/api/resource/Ticket/2", "")
	b.call(200, "POST", "/api/resource/DocType", `{"name":"Marque","module":"Custom","custom":1,"autoname":"Prompt",
		"fields":[{"label":"T","fieldtype":"Data"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}]}`)
	if a := b.as(hub, "POST", "/api/resource/Marque", `{"name":5}`); a.status != 409 || a.body["exc_type"] != "NameError" {
		t.Errorf("a number as a name: %s", a.text)
	}
	b.call(200, "POST", "/api/resource/Marque", `{"__newname":"Une"}`)
}

func cleaned(b *bench) {
	t := b.T
	made := b.call(200, "POST", "/api/resource/Issue", `{"subject":"a <b> c","description":"<p onclick=\"x()\">bon</p><script>alert(1)</script><a href=\"javascript:x\">y</a>"}`).data()
	if got := made["description"]; got != `<p>bon</p>&lt;script&gt;alert(1)&lt;/script&gt;<a>y</a>` {
		t.Errorf("cleaned: %v", got)
	}
}
