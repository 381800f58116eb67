package erpnextsim_test

import (
	"fmt"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestRights tells who may do what with one document, on both releases.
func TestRights(t *testing.T) {
	t.Parallel()
	for _, release := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		t.Run(release.String(), func(t *testing.T) {
			t.Parallel()
			b := open(t, erpnextsim.Options{Profile: release})
			b.must(b.site.AddUser("ann@example.com", "annkey", "annsecret", "Sales User"))
			ownDocuments(b, release)
			restrictions(b)
			shares(b)
			users(b)
		})
	}
}

const ann = "annkey:annsecret"

// ownDocuments: rights on what one made oneself, and the words of a refusal.
func ownDocuments(b *bench, release erpnextsim.Profile) {
	t := b.T
	b.call(200, "POST", "/api/resource/DocType", `{"name":"Carnet","module":"Custom","custom":1,"fields":[{"label":"T","fieldtype":"Data"}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1},{"role":"Sales User","read":1,"write":1,"create":1,"delete":0,"if_owner":1}]}`)
	mine := b.as(ann, "POST", "/api/resource/Carnet", `{"t":"mine"}`).data()["name"].(string)
	theirs := b.call(200, "POST", "/api/resource/Carnet", `{"t":"theirs"}`).data()["name"].(string)
	for _, c := range []struct {
		method, name string
		want         int
	}{{"GET", mine, 200}, {"PUT", mine, 200}, {"DELETE", mine, 403}, {"GET", theirs, 403}, {"PUT", theirs, 403}} {
		if a := b.as(ann, c.method, "/api/resource/Carnet/"+c.name, `{}`); a.status != c.want {
			t.Errorf("%s of %s: %d, want %d: %s", c.method, c.name, a.status, c.want, a.text)
		}
	}
	refused := b.as(ann, "PUT", "/api/resource/Carnet/"+theirs, `{"t":"x"}`)
	reason, said := refused.body["_error_message"], refused.messages(t)
	want, first := "You need the 'write' permission on <strong>Carnet</strong> "+theirs+" to perform this action.",
		"User <strong>ann@example.com</strong> does not have access to this document: Carnet - "+theirs
	if release == erpnextsim.V16 { // rights on own documents are none on the doctype
		want, first = "No permission for Carnet", "User <strong>ann@example.com</strong> does not have doctype access via role permission for document <strong>Carnet</strong>"
	}
	if reason != want || len(said) != 1 || said[0]["message"] != first {
		t.Errorf("refused with %v %v", reason, said)
	}
	if n := len(b.as(ann, "GET", "/api/resource/Carnet", "").list()); n != 1 {
		t.Errorf("%d rows listed, want the own one", n)
	}
}

// restrictions: user permissions close documents and links to them.
func restrictions(b *bench) {
	t := b.T
	b.put("Customer", map[string]any{"customer_name": "Open"})
	b.put("Customer", map[string]any{"customer_name": "Closed"})
	b.put("Issue", map[string]any{"subject": "A", "customer": "Open"})
	b.put("Issue", map[string]any{"subject": "B", "customer": "Closed"})
	body := `{"user":"ann@example.com","allow":"Customer","for_value":"Open","apply_to_all_doctypes":1}`
	made := b.call(200, "POST", "/api/resource/User Permission", body).data()["name"].(string)
	b.call(409, "POST", "/api/resource/User Permission", body)
	for path, want := range map[string]int{"Customer/Open": 200, "Customer/Closed": 403} {
		if a := b.as(ann, "GET", "/api/resource/"+path, ""); a.status != want {
			t.Errorf("%s: %d, want %d: %s", path, a.status, want, a.text)
		}
	}
	lieu := `{"label":"x","customer":"%s"}`
	if a := b.as(seller, "POST", "/api/resource/Lieu", fmt.Sprintf(lieu, "Closed")); a.status != 403 && a.status != 200 {
		t.Errorf("another user is not restricted: %d %s", a.status, a.text)
	}
	b.call(202, "DELETE", "/api/resource/User Permission/"+made, "")
	if a := b.as(ann, "GET", "/api/resource/Customer/Closed", ""); a.status != 200 {
		t.Errorf("without the restriction: %d %s", a.status, a.text)
	}
}

// shares: a document that was shared is open, as far as it was.
func shares(b *bench) {
	t := b.T
	name := b.call(200, "POST", "/api/resource/Carnet", `{"t":"shared"}`).data()["name"].(string)
	b.call(200, "POST", "/api/method/frappe.share.add", `{"doctype":"Carnet","name":"`+name+`","user":"ann@example.com"}`)
	if a := b.as(ann, "GET", "/api/resource/Carnet/"+name, ""); a.status != 200 {
		t.Errorf("read a shared document: %d %s", a.status, a.text)
	}
	if a := b.as(ann, "PUT", "/api/resource/Carnet/"+name, `{"t":"x"}`); a.status != 403 {
		t.Errorf("write a document shared for reading: %d %s", a.status, a.text)
	}
	b.call(200, "POST", "/api/method/frappe.share.add", `{"doctype":"Carnet","name":"`+name+`","user":"ann@example.com","write":1}`)
	if a := b.as(ann, "PUT", "/api/resource/Carnet/"+name, `{"t":"x"}`); a.status != 200 {
		t.Errorf("write a document shared for writing: %d %s", a.status, a.text)
	}
	notes := b.call(200, "GET", query("Comment", "filters", `[["comment_type","=","Shared"],["reference_name","=","`+name+`"]]`), "").list()
	if len(notes) != 1 {
		t.Errorf("sharing is noted once: %v", notes)
	}
	if a := b.as(ann, "POST", "/api/method/frappe.share.add", `{"doctype":"Carnet","name":"`+name+`","user":"visit@example.com"}`); a.status != 403 {
		t.Errorf("share without the right to: %d %s", a.status, a.text)
	}
}

// users: what a User document does of its own.
func users(b *bench) {
	t := b.T
	made := b.call(200, "POST", "/api/resource/User", `{"email":" Zoe.Roy@Example.com","first_name":"Zoé","last_name":"Roy","send_welcome_email":0,
		"roles":[{"role":"Sales User"},{"role":"Sales User"}]}`).data()
	if made["name"] != "zoe.roy@example.com" || made["full_name"] != "Zoé Roy" || made["user_type"] != "System User" ||
		len(made["roles"].([]any)) != 1 || made["username"] != "zoé" {
		t.Errorf("user: %v", made)
	}
	plain := b.call(200, "POST", "/api/resource/User", `{"email":"web@example.com","first_name":"Web","send_welcome_email":0}`).data()
	if plain["user_type"] != "Website User" {
		t.Errorf("without a role that opens the desk: %v", plain["user_type"])
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"POST", "/api/resource/User", `{"email":"nothing","first_name":"X"}`, 417, "is not a valid Email Address"},
		{"POST", "/api/resource/User", `{"email":"x@example.com"}`, 417, "Value missing for User: First Name"},
		{"POST", "/api/resource/User", `{"email":"web@example.com","first_name":"X"}`, 409, "already exists"},
		{"DELETE", "/api/resource/User/Guest", ``, 403, ""},
		{"PUT", "/api/resource/Role/System Manager", `{"disabled":1}`, 417, "Standard roles cannot be disabled"},
	} {
		if a := b.as(hub, c.method, c.path, c.body); a.status != c.status || !strings.Contains(a.text, c.words) {
			t.Errorf("%s %s: %d, want %d %q: %s", c.method, c.path, a.status, c.status, c.words, a.text)
		}
	}
	if a := b.as(admin, "DELETE", "/api/resource/User/Guest", ""); a.status != 417 || !strings.Contains(a.text, "User Guest cannot be deleted") {
		t.Errorf("delete a standard user: %s", a.text)
	}
	b.call(202, "DELETE", "/api/resource/User/web@example.com", "")
}
