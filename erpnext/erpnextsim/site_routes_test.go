package erpnextsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestRoutes tells stories that share one site, in this order.
func TestRoutes(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"procedures", procedures},
		{"deskSide", deskSide},
		{"files", files},
		{"secondVersion", secondVersion},
		{"verbsAndPages", verbsAndPages},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

func procedures(b *bench) {
	t := b.T
	b.put("Lieu", map[string]any{"label": "A", "port": 3})
	b.put("Issue", map[string]any{"subject": "S"})
	for _, c := range []struct{ name, args, want string }{
		{"frappe.client.get_time_zone", `{}`, `{"message":{"time_zone":"America/Toronto"}}`},
		{"frappe.client.get_count", `{"doctype":"Lieu","filters":{"port":[">",1]}}`, `{"message":1}`},
		{"frappe.client.get_value", `{"doctype":"Lieu","fieldname":"label","filters":"LOC-00001"}`, `{"message":{"label":"A"}}`},
		{"frappe.client.get_value", `{"doctype":"Lieu","fieldname":["label","port"],"filters":{"port":3}}`, `{"message":{"label":"A","port":3}}`},
		{"frappe.client.get_value", `{"doctype":"Lieu","fieldname":"label","filters":"none"}`, `{"message":{}}`},
		{"frappe.client.get_single_value", `{"doctype":"Selling Settings","field":"cust_master_name"}`, `{"message":"Customer Name"}`},
		{"frappe.client.get_list", `{"doctype":"Lieu","fields":["name"],"filters":[["port","=",3]],"order_by":"name asc"}`, `{"message":[{"name":"LOC-00001"}]}`},
		{"frappe.client.has_permission", `{"doctype":"Lieu","docname":"LOC-00001"}`, `{"message":{"has_permission":true}}`},
		{"frappe.client.insert_many", `{"docs":[{"doctype":"Lieu","label":"B"},{"doctype":"Lieu","label":"C"}]}`, `{"message":["LOC-00002","LOC-00003"]}`},
		{"frappe.client.delete", `{"doctype":"Lieu","name":"LOC-00003"}`, `{}`},
		{"frappe.desk.form.load.getdoc", `{"doctype":"Lieu","name":"none"}`, `{"message":[]}`},
	} {
		if a := b.call(200, "POST", "/api/method/"+c.name, c.args); a.text != c.want {
			t.Errorf("%s: got %s, want %s", c.name, a.text, c.want)
		}
	}
	if !strings.Contains(b.call(200, "GET", "/api/method/frappe.utils.change_log.get_versions", "").text, `"version":"16.`) {
		t.Error("versions do not name the release")
	}
	set := b.call(200, "POST", "/api/method/frappe.client.set_value", `{"doctype":"Lieu","name":"LOC-00001","fieldname":"port","value":0}`)
	if message := set.body["message"].(map[string]any); message["port"] != 0.0 || message["since"] != nil {
		t.Errorf("set_value: %v", message)
	}
	b.call(417, "POST", "/api/method/frappe.client.set_value", `{"doctype":"Lieu","name":"LOC-00001","fieldname":"owner","value":"x"}`)
	b.call(200, "GET", "/api/method/frappe.desk.form.load.getdoctype?doctype=Lieu", "")
	update := b.call(200, "POST", "/api/method/frappe.client.bulk_update",
		`{"docs":"[{\"doctype\":\"Lieu\",\"docname\":\"LOC-00001\",\"label\":\"Z\"},{\"doctype\":\"Lieu\",\"docname\":\"none\"}]"}`)
	if failed := update.body["message"].(map[string]any)["failed_docs"].([]any); len(failed) != 1 {
		t.Errorf("bulk_update: %s", update.text)
	}
	whole := b.call(200, "POST", "/api/method/frappe.client.get", `{"doctype":"Lieu","name":"LOC-00001"}`).body["message"].(map[string]any)
	whole["label"] = "saved whole"
	text, err := json.Marshal(map[string]any{"doc": whole})
	b.must(err)
	b.call(200, "POST", "/api/method/frappe.client.save", string(text))
	b.call(417, "POST", "/api/method/frappe.client.save", string(text)) // modified moved
}

func deskSide(b *bench) {
	t := b.T
	b.put("Issue", map[string]any{"subject": "S"})
	side := func() map[string]any {
		return b.call(200, "GET", query("Issue", "fields", `["modified","_assign","_comments"]`), "").list()[0].(map[string]any)
	}
	before := side()["modified"]
	assign := `{"doctype":"Issue","name":"ISS-2026-00001","assign_to":"[\"hub@example.com\"]"}`
	b.call(200, "POST", "/api/method/frappe.desk.form.assign_to.add", assign)
	again := b.call(200, "POST", "/api/method/frappe.desk.form.assign_to.add", assign)
	if len(again.body["message"].([]any)) != 1 || len(again.messages(t)) != 1 {
		t.Errorf("assigning twice only says so: %s", again.text)
	}
	b.call(200, "POST", "/api/method/frappe.desk.form.utils.add_comment",
		`{"reference_doctype":"Issue","reference_name":"ISS-2026-00001","comment_email":"hub@example.com","comment_by":"Hub","content":"<p onclick=\"x\">bon</p><script>1</script>"}`)
	got := side()
	if got["_assign"] != `["hub@example.com"]` || !strings.Contains(got["_comments"].(string), `"comment": "<p>bon</p>&lt;script&gt;1&lt;/script&gt;"`) || got["modified"] != before {
		t.Errorf("beside the document: %v", got)
	}
	b.call(200, "POST", "/api/method/frappe.desk.form.assign_to.remove", `{"doctype":"Issue","name":"ISS-2026-00001","assign_to":"hub@example.com"}`)
	if got := side()["_assign"]; got != "" {
		t.Errorf("after removing: _assign %q", got)
	}
	b.call(200, "POST", "/api/resource/Communication",
		`{"subject":"re","communication_medium":"SMS","sent_or_received":"Sent","reference_doctype":"Issue","reference_name":"ISS-2026-00001","content":"x"}`)
	if doc := b.call(200, "GET", "/api/resource/Issue/ISS-2026-00001", "").data(); doc["first_responded_on"] == nil {
		t.Error("a sent message is the first answer")
	}
}

// upload sends a file the way browsers do.
func (b *bench) upload(name, content string, fields map[string]string) answer {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	b.must(err)
	_, err = io.WriteString(part, content)
	b.must(err)
	for k, v := range fields {
		b.must(form.WriteField(k, v))
	}
	b.must(form.Close())
	r := httptest.NewRequest("POST", "/api/method/upload_file", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Authorization", "token "+hub)
	return b.send(r)
}

func files(b *bench) {
	t := b.T
	b.put("Lieu", map[string]any{"label": "A"})
	onLieu := map[string]string{"doctype": "Lieu", "docname": "LOC-00001", "is_private": "1", "total_file_size": "5"}
	first, _ := b.upload("plan.pdf", "bytes", onLieu).body["message"].(map[string]any)
	if first["file_url"] != "/private/files/plan.pdf" || first["attached_to_name"] != "LOC-00001" || first["folder"] != "Home" ||
		first["file_size"] != 5.0 || len(first["name"].(string)) != 10 {
		t.Fatalf("upload: %v", first)
	}
	same, _ := b.upload("copy.pdf", "bytes", onLieu).body["message"].(map[string]any)
	if same["file_url"] != first["file_url"] || same["name"] == first["name"] {
		t.Errorf("equal content shares its address: %v", same)
	}
	clash, _ := b.upload("plan.pdf", "other", onLieu).body["message"].(map[string]any)
	if url, _ := clash["file_url"].(string); !strings.HasPrefix(url, "/private/files/plan") || url == first["file_url"] {
		t.Errorf("another file of that name: %v", clash["file_url"])
	}
	for keys, want := range map[string]int{hub: 200, nobody: 403, visitor: 403} {
		if a := b.as(keys, "GET", "/private/files/plan.pdf", ""); a.status != want || want == 200 && a.text != "bytes" {
			t.Errorf("private file by %q: %d, want %d", keys, a.status, want)
		}
	}
	b.site.Configure(func(c *erpnextsim.Settings) { c.SizedUploads = true })
	if a := b.upload("x.txt", "y", nil); a.status != 500 || a.body["exc_type"] != "TypeError" {
		t.Errorf("without total_file_size: %d %s", a.status, a.text)
	}
	b.site.Configure(func(c *erpnextsim.Settings) { c.SizedUploads = false })
	b.upload("logo.svg", "<svg/>", map[string]string{"total_file_size": "6"})
	if a := b.as(nobody, "GET", "/files/logo.svg", ""); a.text != "<svg/>" || a.header.Get("Content-Disposition") == "" {
		t.Errorf("a public drawing is a download for everybody: %d %v", a.status, a.header)
	}
	b.call(200, "POST", "/api/resource/File", `{"file_name":"n.txt","content":"Ym9u","decode":1,"is_private":0}`)
	if a := b.as(nobody, "GET", "/files/n.txt", ""); a.text != "bon" {
		t.Errorf("content through the document: %q", a.text)
	}
	notes, err := b.site.All("Comment", map[string]any{"comment_type": "Attachment"})
	if err != nil || len(notes) != 3 {
		t.Errorf("%d attachment notes (%v), want 3", len(notes), err)
	}
}

func secondVersion(b *bench) {
	t := b.T
	named := b.call(200, "POST", "/api/v2/document/Lieu", `{"name":"MY-OWN","label":"!"}`).data()
	if since, ok := named["since"]; named["name"] != "MY-OWN" || !ok || since != nil {
		t.Errorf("create keeps the name and shows nulls: %v", named)
	}
	for n := range 3 {
		b.put("Lieu", map[string]any{"name": fmt.Sprint("Z", n), "label": fmt.Sprint("zz", n)})
	}
	page := b.call(200, "GET", `/api/v2/document/Lieu?limit=2&order_by=label`, "")
	if len(page.list()) != 2 || page.body["has_next_page"] != true || page.list()[0].(map[string]any)["name"] != "Z2" {
		t.Errorf("a page, downwards: %s", page.text)
	}
	if zero := b.call(200, "GET", `/api/v2/document/Lieu?limit=0`, ""); zero.text != `{"has_next_page":true,"data":[]}` {
		t.Errorf("a limit of 0 is no rows: %s", zero.text)
	}
	b.call(200, "PATCH", "/api/v2/document/Lieu/MY-OWN", `{"label":"B"}`)
	if n := b.call(200, "GET", "/api/v2/doctype/Lieu/count?filters="+url.QueryEscape(`[["label","like","zz%"]]`), "").body["data"]; n != 3.0 {
		t.Errorf("count %v, want 3", n)
	}
	b.call(200, "GET", "/api/v2/doctype/Lieu/meta", "")
	if copied := b.call(200, "GET", "/api/v2/document/Lieu/MY-OWN/copy", "").data(); copied["label"] != "B" || copied["name"] != nil || copied["owner"] != nil {
		t.Errorf("copy: %v", copied)
	}
	bulk := b.call(200, "POST", "/api/v2/document/Lieu/bulk_delete", `{"names":["Z0","none"]}`).data()
	if bulk["success_count"] != 1.0 || bulk["failure_count"] != 1.0 {
		t.Errorf("bulk_delete: %v", bulk)
	}
	b.call(202, "DELETE", "/api/v2/document/Lieu/MY-OWN", "")
	missing := b.call(404, "GET", "/api/v2/document/Lieu/MY-OWN", "").body["errors"].([]any)[0].(map[string]any)
	if missing["type"] != "DoesNotExistError" || missing["message"] == nil {
		t.Errorf("error: %v", missing)
	}
}

func verbsAndPages(b *bench) {
	t := b.T
	a := b.as(hub, "PATCH", "/api/resource/Lieu/x/", `{}`)
	if a.status != 405 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("Allow") == "" {
		t.Errorf("PATCH in the first version: %d %v", a.status, a.header)
	}
	big := b.as(hub, "POST", "/api/resource/Lieu", `{"label":"`+strings.Repeat("x", 26<<20)+`"}`)
	if big.status != 413 || !strings.HasPrefix(big.header.Get("Content-Type"), "text/html") {
		t.Errorf("a body of 26 MiB: %d", big.status)
	}
	got := b.as(hub, "GET", "/api/method/frappe.client.get_time_zone", "")
	if ids := got.header.Values("Set-Cookie"); len(ids) == 0 || !strings.HasPrefix(ids[0], "sid=Guest") {
		t.Errorf("a key pair stays on the guest's session: %v", ids)
	}
}

// TestSchemaChanges imports, drops, adds a field by request, and opens the file again.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "site.db")
	first, err := erpnextsim.New(erpnextsim.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, site: first}
	b.must(first.Import([]byte(fsm)))
	b.must(first.Import([]byte(fsm))) // the same again changes nothing
	b.must(first.AddUser("hub@example.com", "hubkey", "hubsecret", "System Manager"))
	b.put("Lieu", map[string]any{"label": "A", "serial": "S"})
	b.call(200, "POST", "/api/resource/Custom Field", `{"dt":"Lieu","label":"Note Interne","fieldtype":"Data"}`)
	b.call(200, "PUT", "/api/resource/Lieu/LOC-00001", `{"custom_note_interne":"là"}`)
	b.must(first.DropField("Lieu", "serial"))
	b.call(417, "GET", query("Lieu", "fields", `["serial"]`), "")
	if _, shown := b.call(200, "GET", "/api/resource/Lieu/LOC-00001", "").data()["serial"]; shown {
		t.Error("a dropped field is still shown")
	}
	b.must(first.Close())
	second, err := erpnextsim.New(erpnextsim.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { b.must(second.Close()) }()
	b.site = second
	if got := b.call(200, "GET", "/api/resource/Lieu/LOC-00001", "").data(); got["custom_note_interne"] != "là" {
		t.Errorf("after opening again: %v", got)
	}
}
