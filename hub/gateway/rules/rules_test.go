package rules_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/address"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
	"gigafibre.ca/targo-hub/hub/gateway/rules"
)

const fixtures = `[
 {"doctype":"DocType","name":"Service Equipment","fields":[
   {"fieldname":"wifi_password","fieldtype":"Password"},{"fieldname":"admin_pin","fieldtype":"Data"},{"fieldname":"customer","fieldtype":"Link","options":"Customer"},
   {"fieldname":"lines","fieldtype":"Table","options":"Line"},{"fieldname":"user","fieldtype":"Link","options":"User"}]},
 {"doctype":"DocType","name":"Line","istable":1,"fields":[{"fieldname":"sip_secret","fieldtype":"Data"}]},
 {"doctype":"DocType","name":"Flow Run","fields":[]},
 {"doctype":"Custom Field","dt":"Customer","fieldname":"portal_token","fieldtype":"Data"}]`

func policy(t testing.TB, l rules.Lists) *rules.Policy {
	t.Helper()
	l.Schema = []byte(fixtures)
	p, err := rules.New(l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func staff(p *rules.Policy) *rules.Class { return p.ClassOf(hub.Actor{Role: hub.RoleStaff}) }

func TestSecretsComeFromTheSchema(t *testing.T) {
	t.Parallel()
	p := policy(t, rules.Lists{Secrets: []string{"Service Equipment:pppoe_key", "Issue:code"}})
	for doctype, fields := range map[string][]string{
		"Service Equipment": {"wifi_password", "admin_pin", "sip_secret", "pppoe_key"}, "Line": {"sip_secret"}, "Customer": {"portal_token"}, "Issue": {"code"},
	} {
		d, ok := p.Doctype(doctype)
		if !ok || len(d.Secrets) != len(fields) {
			t.Errorf("%s hides %v", doctype, d.Secrets)
		}
		for _, f := range fields {
			if !d.Secrets.Has(strings.ToUpper(f)) {
				t.Errorf("%s shows %s", doctype, f)
			}
		}
	}
	if d, _ := p.Doctype("Item"); d == nil || d.Secrets != nil {
		t.Error("an item has secrets")
	}
}

func TestNobodyElseHasAnything(t *testing.T) {
	t.Parallel()
	p := policy(t, rules.Lists{})
	for _, role := range []hub.Role{hub.RolePublic, hub.RoleCustomer, hub.RoleTechnician, hub.RoleSigned, ""} {
		c := p.ClassOf(hub.Actor{Role: role, Scopes: []string{"staff", "service", "all"}})
		if c.May("Customer", rules.Read) || c.MayCall("ping") {
			t.Errorf("something is open to %q", role)
		}
	}
	if c := staff(p); !c.May("Flow Run", rules.Read) || c.May("Flow Run", rules.Write) || c.May("Line", rules.Write) || c.May("Customer", 0) {
		t.Error("the built-in list is not as it should be")
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	p := policy(t, rules.Lists{Doctypes: []string{"defaults", "a/Vehicle:read", "b/Vehicle:write", "Customer:read"}})
	of := func(role hub.Role, scopes ...string) *rules.Class {
		return p.ClassOf(hub.Actor{Role: role, Scopes: scopes})
	}
	if of(hub.RoleService, "a", "x") != of(hub.RoleService, "y", "a") || of(hub.RoleService, "a") == of(hub.RoleStaff, "a") || of(hub.RoleStaff, "service") != of(hub.RoleStaff) {
		t.Error("classes are mixed up")
	}
	if c := of(hub.RoleService, "a", "b"); !c.May("Vehicle", rules.Read|rules.Write) || c.Name != "service+a+b" {
		t.Errorf("%s may not", c.Name)
	}
	if of(hub.RoleService, "b").May("Vehicle", rules.Read) || of(hub.RoleStaff).May("Customer", rules.Write) {
		t.Error("more is open than the list says")
	}
}

// TestNoWayToNameASecret builds expressions around a secret in every way that
// the grammars of both versions know, and none gets through.
func TestNoWayToNameASecret(t *testing.T) {
	t.Parallel()
	c := staff(policy(t, rules.Lists{}))
	secret := rapid.SampledFrom([]string{"wifi_password", "admin_pin", "sip_secret", "Wifi_Password", "SIP_SECRET"})
	shape := rapid.SampledFrom([]string{
		"%", "`%`", "% as x", "max(%)", "name, %", "`tabService Equipment`.`%`", "tabLine.%", "lines.%", "customer.%", "% desc", " % ", "count(distinct %)", "(%)", "%+0", "name,%,name",
	})
	place := rapid.SampledFrom([]string{
		`fields=["~"]`, `fields=[{"MAX":"~"}]`, `fields=[{"~":["x"]}]`, `filters={"~":"x"}`, `filters=[["~","like","h%"]]`, `filters=[["Service Equipment","~","=","x"]]`,
		`or_filters=[["name","=","x"],["~","is","set"]]`, `order_by=~`, `group_by=~`, `filters=[[["~","=","x"]],"or",["name","=","x"]]`, `filters=["~","=","x"]`,
	})
	rapid.Check(t, func(rt *rapid.T) {
		expression := strings.ReplaceAll(shape.Draw(rt, "shape"), "%", secret.Draw(rt, "secret"))
		key, value, _ := strings.Cut(place.Draw(rt, "place"), "=")
		if value != "~" {
			quoted, _ := json.Marshal(expression)
			value = strings.ReplaceAll(value, `"~"`, string(quoted))
		} else {
			value = expression
		}
		raw, _ := papers.Quote(value)
		_, err := c.Check(rules.Request{
			Method: http.MethodGet, Place: address.Place{Doctype: "Service Equipment"}, Query: papers.Args{{Key: key, Value: raw}},
		})
		if !hub.HasCode(err, "field-forbidden") {
			rt.Fatalf("%s=%s: %v", key, value, err)
		}
	})
}

func TestKeeping(t *testing.T) {
	t.Parallel()
	c := staff(policy(t, rules.Lists{Keep: []string{"Item:10s+1m", "frappe.client.get_count:5s", "Line:1h"}}))
	check := func(place address.Place, args ...string) rules.Keep {
		var query papers.Args
		for _, arg := range args {
			key, value, _ := strings.Cut(arg, "=")
			raw, _ := papers.Quote(value)
			query = append(query, papers.Arg{Key: key, Value: raw})
		}
		v, err := c.Check(rules.Request{Method: http.MethodGet, Place: place, Query: query})
		if err != nil {
			t.Error(err)
		}
		return v.Keep
	}
	kept, none := check(address.Place{Doctype: "Item"}, `fields=["name"]`), rules.Keep{}
	if kept.Fresh.Seconds() != 10 || kept.Stale.Minutes() != 1 || kept.Away != 0 {
		t.Errorf("an item is kept %+v", kept)
	}
	if check(address.Place{Kind: address.Call, Method: "frappe.client.get_count"}, "doctype=Item") == none {
		t.Error("a count is not kept")
	}
	for name, keep := range map[string]rules.Keep{
		"fields of another doctype": check(address.Place{Doctype: "Item"}, `fields=["item_group.name"]`),
		"rows":                      check(address.Place{Doctype: "Line"}, "parent=Service Equipment"),
		"another doctype":           check(address.Place{Doctype: "Customer"}),
	} {
		if keep != none {
			t.Errorf("%s: kept though news of it does not come here", name)
		}
	}
}
