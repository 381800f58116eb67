package erpnextsim_test

import (
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// situation is one way to fail and the answer to it.
type situation struct {
	name, keys, method, path, body string
	status                         int
	class                          string // exc_type
	exception                      string // end of "exception", if there is one
	message                        string // part of a server message
	reason                         string // _error_message
	raised                         bool   // the message has raise_exception
}

func long(n int) string { return strings.Repeat("é", n) }

func common() []situation {
	return []situation{
		{name: "missing document", method: "GET", path: "/api/resource/Lieu/LOC-99999", status: 404, class: "DoesNotExistError", message: "Lieu LOC-99999 not found", raised: true},
		{name: "unknown doctype", method: "GET", path: "/api/resource/Rien/x", status: 500, class: "ImportError"},
		{name: "create in unknown doctype", method: "POST", path: "/api/resource/Rien", body: `{}`, status: 500, class: "ImportError"},
		{name: "list of unknown doctype", method: "GET", path: "/api/resource/Rien", status: 404, class: "DoesNotExistError", message: "DocType Rien not found", raised: true},
		{name: "delete missing", method: "DELETE", path: "/api/resource/Lieu/LOC-99999", status: 404, class: "DoesNotExistError"},
		{name: "delete linked", method: "DELETE", path: "/api/resource/Customer/Zoé", status: 417, class: "LinkExistsError", message: "Cannot delete or cancel because Customer", raised: true, exception: "You can disable this Customer instead of deleting it."},
		{name: "delete submitted", method: "DELETE", path: "/api/resource/Visite/VIS-2026-00001", status: 417, class: "ValidationError", message: "Submitted Record cannot be deleted", raised: true},
		{name: "primary key taken", method: "POST", path: "/api/resource/UOM", body: `{"uom_name":"Nos"}`, status: 409, class: "DuplicateEntryError", message: "UOM <strong>Nos</strong> already exists"},
		{name: "unique column", method: "POST", path: "/api/resource/Lieu", body: `{"label":"B","serial":"S1"}`, status: 417, class: "UniqueValidationError", message: "Serial must be unique"},
		{name: "mandatory", method: "POST", path: "/api/resource/Lieu", body: `{"tags":[{"level":2}]}`, status: 417, class: "MandatoryError", exception: "]: label, tag", message: "Error: Value missing for Lieu: Label"},
		{name: "mandatory in a row", method: "POST", path: "/api/resource/Lieu", body: `{"label":"x","tags":[{"level":2}]}`, status: 417, class: "MandatoryError", message: "Error: <strong>Lieu Tag</strong> Row #1: Value missing for: Tag"},
		{name: "link target missing", method: "POST", path: "/api/resource/Visite", body: `{"subject":"x","lieu":"Nul"}`, status: 417, class: "LinkValidationError", exception: "LinkValidationError: Could not find Lieu: Nul", message: "Could not find Lieu: Nul", raised: true},
		{name: "link to cancelled", method: "POST", path: "/api/resource/Visite", body: `{"subject":"x","previous":"VIS-2026-00002"}`, status: 417, class: "CancelledLinkError", message: "Cannot link cancelled document: Previous: VIS-2026-00002", raised: true},
		{name: "select value", method: "POST", path: "/api/resource/Lieu", body: `{"label":"x","status":"Cassé"}`, status: 417, class: "ValidationError", message: `Status cannot be "Cassé". It should be one of "Actif", "Résilié"`, raised: true},
		{name: "too long", method: "POST", path: "/api/resource/Lieu", body: `{"label":"` + long(141) + `"}`, status: 417, class: "CharacterLengthExceededError", message: "max characters allowed is 140", raised: true},
		{name: "mail address", method: "POST", path: "/api/resource/Lieu", body: `{"label":"x","mail":"not a mail"}`, status: 417, class: "InvalidEmailAddressError", message: "not a mail is not a valid Email Address", raised: true},
		{name: "negative", method: "POST", path: "/api/resource/Lieu", body: `{"label":"x","port":-1}`, status: 417, class: "NonNegativeError", message: "Value cannot be negative for Lieu", raised: true},
		{name: "bad date", method: "POST", path: "/api/resource/Lieu", body: `{"label":"x","since":"2026-13-41"}`, status: 500, class: "OperationalError"},
		{name: "stale", method: "PUT", path: "/api/resource/Lieu/LOC-00001", body: `{"modified":"2020-01-01 00:00:00.000001"}`, status: 417, class: "TimestampMismatchError", message: "has been modified after you have opened it", raised: true},
		{name: "not after submit", method: "PUT", path: "/api/resource/Visite/VIS-2026-00001", body: `{"subject":"y"}`, status: 417, class: "UpdateAfterSubmitError", message: "Not allowed to change <strong>Subject</strong> after submission from <strong>one</strong> to <strong>y</strong>", raised: true},
		{name: "0 to 2", method: "PUT", path: "/api/resource/Visite/VIS-2026-00003", body: `{"docstatus":2}`, status: 417, class: "DocstatusTransitionError", exception: "Cannot change docstatus from 0 (Draft) to 2 (Cancelled)"},
		{name: "1 to 0", method: "PUT", path: "/api/resource/Visite/VIS-2026-00001", body: `{"docstatus":0}`, status: 417, class: "DocstatusTransitionError", exception: "Cannot change docstatus from 1 (Submitted) to 0 (Draft)"},
		{name: "edit cancelled", method: "PUT", path: "/api/resource/Visite/VIS-2026-00002", body: `{"result":"x"}`, status: 417, class: "ValidationError", exception: "Cannot edit cancelled document"},
		{name: "set only once", method: "PUT", path: "/api/resource/Lieu/LOC-00001", body: `{"contract_no":"C2"}`, status: 417, class: "CannotChangeConstantError", message: "Value cannot be changed for <strong>Contract No</strong>", raised: true},
		{name: "special characters", method: "POST", path: "/api/resource/UOM", body: `{"uom_name":"a<b"}`, status: 409, class: "NameError", message: "Name cannot contain special characters", raised: true},
		{name: "named like the doctype", method: "POST", path: "/api/resource/UOM", body: `{"uom_name":"UOM"}`, status: 409, class: "NameError", message: "Name of UOM cannot be UOM", raised: true},
		{name: "unknown procedure", method: "POST", path: "/api/method/frappe.nothing", status: 417, class: "ValidationError", message: "Failed to get method for command frappe.nothing", raised: true},
		{name: "guest on a procedure", keys: nobody, method: "GET", path: "/api/method/frappe.auth.get_logged_user", status: 403, class: "PermissionError", message: "is not whitelisted", raised: true},
		{name: "wrong verb of a procedure", method: "GET", path: "/api/method/frappe.client.insert", status: 403, class: "PermissionError", message: "Not permitted", raised: true},
		{name: "argument missing", method: "POST", path: "/api/method/frappe.client.get_value", body: `{"doctype":"Lieu"}`, status: 500, class: "TypeError", exception: "get_value() missing 1 required positional argument: 'fieldname'"},
		{name: "fields are no JSON", method: "GET", path: query("Lieu", "fields", "name"), status: 500, class: "JSONDecodeError"},
		{name: "filters are no JSON", method: "GET", path: query("Lieu", "filters", "status"), status: 500, class: "JSONDecodeError"},
		{name: "unknown field in fields", method: "GET", path: query("Lieu", "fields", `["nope"]`), status: 417, class: "DataError", message: "Field not permitted in query: nope", raised: true},
		{name: "unknown field in filters", method: "GET", path: query("Lieu", "filters", `[["nope","=","1"]]`), status: 417, class: "DataError", message: "Field not permitted in query: nope", raised: true},
		{name: "filter of two", method: "GET", path: query("Lieu", "filters", `[["status","Actif"]]`), status: 404, class: "DoesNotExistError", message: "DocType status not found", raised: true},
		{name: "unknown operator alone", method: "GET", path: query("Lieu", "filters", `[["status","~","1"]]`), status: 417, class: "ValidationError"},
		{name: "no such route", method: "GET", path: "/api/nowhere", status: 404, class: "DoesNotExistError"},
		{name: "wrong secret", keys: wrong, method: "GET", path: "/api/resource/Lieu", status: 401, class: "AuthenticationError"},
		{name: "unknown key", keys: stray, method: "GET", path: "/api/resource/Lieu", status: 401, class: "AuthenticationError"},
		{name: "a body that is a scalar", method: "POST", path: "/api/resource/Lieu", body: `5`, status: 417, class: "ValidationError"},
		{name: "unknown part of a list value", method: "POST", path: "/api/resource/Lieu", body: `{"label":["a"]}`, status: 417, class: "ValidationError", message: "Value for Label cannot be a list", raised: true},
	}
}

func v15() []situation {
	return []situation{
		{name: "delete without the right", keys: seller, method: "DELETE", path: "/api/resource/Lieu/LOC-00001", status: 403, class: "PermissionError", message: "User not allowed to delete Lieu: LOC-00001", raised: true},
		{name: "read without right", keys: visitor, method: "GET", path: "/api/resource/Lieu/LOC-00001", status: 403, class: "PermissionError"},
		{name: "missing and no right", keys: visitor, method: "GET", path: "/api/resource/Lieu/LOC-99999", status: 404, class: "DoesNotExistError", message: "not found", raised: true},
		{name: "list without right", keys: visitor, method: "GET", path: "/api/resource/Lieu", status: 403, class: "PermissionError", reason: "No permission for Lieu", message: "does not have doctype access"},
		{name: "admin lists unknown doctype", keys: admin, method: "GET", path: "/api/resource/Rien", status: 404, class: "DoesNotExistError"},
		{name: "rows without parent", keys: admin, method: "GET", path: "/api/resource/Lieu Tag", status: 403, class: "PermissionError"},
		{name: "count star", method: "GET", path: query("Lieu", "fields", `["count(*) as n"]`), status: 417, class: "DataError"},
		{name: "restricted function", method: "GET", path: query("Lieu", "fields", `["concat(name) as n"]`), status: 417, class: "DataError"},
		{name: "aggregate as object", method: "GET", path: query("Lieu", "fields", `[{"COUNT":"*","as":"n"}]`), status: 500, class: "TypeError"},
		{name: "unknown operator among others", method: "GET", path: query("Lieu", "filters", `[["status","~","1"],["name","=","x"]]`), status: 417, class: "ValidationError"},
		{name: "broken JSON body", method: "POST", path: "/api/resource/Lieu", body: `{"label":`, status: 500, class: "JSONDecodeError"},
		{name: "order by unknown", method: "GET", path: query("Lieu", "order_by", "nope asc"), status: 500, class: "OperationalError"},
	}
}

func v16() []situation {
	return []situation{
		{name: "read without right", keys: visitor, method: "GET", path: "/api/resource/Lieu/LOC-00001", status: 403, class: "PermissionError", reason: "No permission for Lieu", message: "does not have doctype access"},
		{name: "delete without the right", keys: seller, method: "DELETE", path: "/api/resource/Lieu/LOC-00001", status: 403, class: "PermissionError", reason: "No permission for Lieu"},
		{name: "missing and no right", keys: visitor, method: "GET", path: "/api/resource/Lieu/LOC-99999", status: 403, class: "PermissionError"},
		{name: "list without right", keys: visitor, method: "GET", path: "/api/resource/Lieu", status: 403, class: "PermissionError", message: "Insufficient Permission for <strong>Lieu</strong>", raised: true},
		{name: "rows without parent", method: "GET", path: "/api/resource/Lieu Tag", status: 403, class: "PermissionError"},
		{name: "count as text", method: "GET", path: query("Lieu", "fields", `["count(name) as n"]`), status: 417, class: "ValidationError"},
		{name: "unknown operator among others", method: "GET", path: query("Lieu", "filters", `[["status","~","1"],["name","=","x"]]`), status: 500, class: "KeyError"},
		{name: "strange field", method: "GET", path: query("Lieu", "fields", `["name; drop"]`), status: 403, class: "PermissionError"},
		{name: "broken JSON body", method: "POST", path: "/api/resource/Lieu", body: `{"label":`, status: 417, class: "DataError"},
		{name: "order by unknown", method: "GET", path: query("Lieu", "order_by", "nope asc"), status: 403, class: "PermissionError"},
		{name: "GET on logout", method: "GET", path: "/api/method/logout", status: 403, class: "PermissionError"},
	}
}

func TestSituations(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		profile erpnextsim.Profile
		own     []situation
	}{{erpnextsim.V15, v15()}, {erpnextsim.V16, v16()}} {
		t.Run(p.profile.String(), func(t *testing.T) {
			t.Parallel()
			b := open(t, erpnextsim.Options{Profile: p.profile})
			b.put("Customer", map[string]any{"customer_name": "Zoé"})
			b.put("Lieu", map[string]any{"label": "A", "customer": "Zoé", "serial": "S1", "contract_no": "C1"})
			b.put("Visite", map[string]any{"subject": "one", "docstatus": 1})
			b.put("Visite", map[string]any{"subject": "two", "docstatus": 1})
			b.put("Visite", map[string]any{"name": "VIS-2026-00002", "docstatus": 2})
			b.put("Visite", map[string]any{"subject": "three"})
			for _, s := range append(common(), p.own...) {
				t.Run(s.name, func(t *testing.T) { check(b.in(t), s) })
			}
		})
	}
}

func check(b *bench, s situation) {
	b.Helper()
	keys := s.keys
	if keys == "" && !strings.HasPrefix(s.name, "guest") {
		keys = hub
	}
	a := b.as(keys, s.method, s.path, s.body)
	if a.status != s.status || a.body["exc_type"] != s.class {
		b.Fatalf("got %d %v, want %d %s: %s", a.status, a.body["exc_type"], s.status, s.class, a.text)
	}
	exc, _ := a.body["exception"].(string)
	if s.exception != "" && !strings.HasSuffix(exc, s.exception) {
		b.Errorf("exception %q, want an end of %q", exc, s.exception)
	}
	if s.status == http.StatusNotFound && exc != "" {
		b.Errorf("a 404 carries no exception, got %q", exc)
	}
	if reason, _ := a.body["_error_message"].(string); !strings.Contains(reason, s.reason) {
		b.Errorf("_error_message %q, want %q", reason, s.reason)
	}
	if s.message == "" {
		return
	}
	for _, m := range a.messages(b.T) {
		if text, _ := m["message"].(string); strings.Contains(text, s.message) {
			if _, raised := m["raise_exception"]; raised != s.raised {
				b.Errorf("raise_exception is %v, want %v", raised, s.raised)
			}
			return
		}
	}
	b.Errorf("no message with %q in %s", s.message, a.text)
}
