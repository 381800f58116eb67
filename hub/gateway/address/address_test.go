package address_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/gateway/address"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path, method string
		want         address.Place
	}{
		{"/api/resource/Customer", "GET", address.Place{Doctype: "Customer", Path: "/api/resource/Customer"}},
		{"/api/resource/Customer/", "GET", address.Place{Doctype: "Customer", Path: "/api/resource/Customer"}},
		{"/api/resource/Sales%20Invoice/ACC-1", "GET", address.Place{Kind: address.Document, Doctype: "Sales Invoice", Name: "ACC-1", Path: "/api/resource/Sales%20Invoice/ACC-1"}},
		{
			"/api/resource/Issue/Facture%20%C3%89%2F2026", "GET",
			address.Place{Kind: address.Document, Doctype: "Issue", Name: "Facture É/2026", Path: "/api/resource/Issue/Facture%20%C3%89%2F2026"},
		},
		{
			"/api/resource/Issue/Facture É/2026", "PUT",
			address.Place{Kind: address.Document, Doctype: "Issue", Name: "Facture É/2026", Path: "/api/resource/Issue/Facture%20%C3%89/2026"},
		},
		{"/api/resource/Item/5%25%20off", "GET", address.Place{Kind: address.Document, Doctype: "Item", Name: "5% off", Path: "/api/resource/Item/5%25%20off"}},
		{"/api/method/frappe.client.get_list", "POST", address.Place{Kind: address.Call, Method: "frappe.client.get_list", Path: "/api/method/frappe.client.get_list"}},
		{"/api/method/frappe%2Eclient.get", "GET", address.Place{Kind: address.Call, Method: "frappe.client.get", Path: "/api/method/frappe%2Eclient.get"}},
		{"/api/v2/document/Item/A/copy", "GET", address.Place{Kind: address.Copy, V2: true, Doctype: "Item", Name: "A", Path: "/api/v2/document/Item/A/copy"}},
		{"/api/v2/document/Item/A/copy", "DELETE", address.Place{Kind: address.Document, V2: true, Doctype: "Item", Name: "A/copy", Path: "/api/v2/document/Item/A/copy"}},
		{"/api/v2/document/Item/A%2Fmethod%2Fsubmit", "POST", address.Place{Kind: address.DocMethod, V2: true, Doctype: "Item", Name: "A", Method: "submit", Path: "/api/v2/document/Item/A%2Fmethod%2Fsubmit"}},
		{"/api/v2/document/Item/bulk_update", "POST", address.Place{Kind: address.Bulk, V2: true, Doctype: "Item", Method: "bulk_update", Path: "/api/v2/document/Item/bulk_update"}},
		{"/api/v2/document/Item/bulk_update", "GET", address.Place{Kind: address.Document, V2: true, Doctype: "Item", Name: "bulk_update", Path: "/api/v2/document/Item/bulk_update"}},
		{"/api/v2/doctype/Item/meta", "GET", address.Place{Kind: address.Meta, V2: true, Doctype: "Item", Path: "/api/v2/doctype/Item/meta"}},
		{"/api/v2/doctype/Item/count", "GET", address.Place{Kind: address.Count, V2: true, Doctype: "Item", Path: "/api/v2/doctype/Item/count"}},
		{"/api/v2/method/ping", "GET", address.Place{Kind: address.Call, V2: true, Method: "ping", Path: "/api/v2/method/ping"}},
	} {
		got, err := address.Parse(test.path, test.method)
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s: %s", test.method, test.path, diff)
		}
	}
}

func TestTricksAreRefused(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/api/resource/../method/login", "/api/resource/Customer/..", "/api/resource/Customer/../User", "/api/resource/Customer/%2e%2e/User",
		"/api/resource/Customer/%2E%2e%2FUser", "/api/resource/Customer/.", "/api/resource//User", "/api/resource/Customer//A", "/api/resource/Customer/A//",
		"/api/resource/Customer%2FA", "/api/resource/%2FUser", "/api/resource/Customer\\A", "/api/resource/Customer/a%5Cb", "/api/resource/Customer/a%00b",
		"/api/resource/Customer/a%0d%0ab", "/api/resource/Customer/%ff", "/api/resource/Customer/%c0%ae%c0%ae", "/api/resource/Customer/%", "/api/resource/Customer/%4",
		"/api/resource/Customer/%zz", "/api/resource/Customer/%252e%252e", "/api/resource/Customer/a%252fb", "/api/resource/", "/api/resource", "/api/resource/Customer/" + strings.Repeat("x", 2100),
		"/api/method/", "/api/method/frappe.client.get/x", "/api/method/frappe.client.get%2Fx", "/api/method/a b", "/api/method/a;b", "/api/method/é", "/api/v2/method/User/reset",
		"/api/v2/doctype/Item", "/api/v2/doctype/Item/other", "/api/v2/doctype/Item/meta/x", "/api/v2/unknown/Item", "/api/v1/resource/Customer", "/api/v2/document/", "/elsewhere", "",
	} {
		if got, err := address.Parse(path, "GET"); err == nil {
			t.Errorf("%s was read as %+v", path, got)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	got, err := address.Query("a=1&b=x;y+z%26&&c&a=2&=d&é=%C3%A9")
	want := []address.Pair{{"a", "1"}, {"b", "x;y z&"}, {"c", ""}, {"a", "2"}, {"", "d"}, {"é", "é"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, raw := range []string{"a=%", "a=%zz", "%=1", "a=%ff", "a=%00", "a=\xff"} {
		if _, err := address.Query(raw); err == nil {
			t.Errorf("%q was read", raw)
		}
	}
	if got := address.Sendable(`a=[["é","=", "x"]]&b=#`); got != `a=[["%C3%A9","=",%20"x"]]&b=%23` {
		t.Errorf("sendable: %s", got)
	}
	if got := address.Sendable("a=%20b"); got != "a=%20b" {
		t.Errorf("sendable: %s", got)
	}
}
