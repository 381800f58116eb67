package expr_test

import (
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks/expr"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

func scope() expr.Scope {
	return expr.Scope{Doctype: "Dispatch Job", Doc: wire.Object{
		{Key: "status", Value: "Open"}, {Key: "total", Value: 12.5}, {Key: "count", Value: int64(2)}, {Key: "note", Value: nil},
		{Key: "title", Value: "Zoé's <b>"}, {Key: "items", Value: []wire.Object{{{Key: "a", Value: int64(1)}}}},
	}}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`doc.status == "Open"`:                                true,
		`doc.status != 'Open' or doc.total > 12`:              true,
		`not (doc.status == "Open" and doc.count >= 2)`:       false,
		`doc.status in ("Open", "Done")`:                      true,
		`doc.status not in ["Done"] and doc.note is None`:     true,
		`doc.note is not None`:                                false,
		`doc.get("status") == "Open" and doc["count"] == 2.0`: true,
		`doc.get("absent", "x") == "x"`:                       true,
		`doc.get("absent")`:                                   false,
		`len(doc.items) < 2`:                                  true,
		`"pe" in doc.status`:                                  true,
		`doc.total == -1`:                                     false,
		`doc.count == True`:                                   false,
		`doc.note`:                                            false,
	} {
		e, err := expr.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := e.True(scope()); got != want || err != nil {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`doc.status.startswith("O")`, `frappe.db.get_value("A", "b")`, `doc.total + 1 > 2`, `1 < doc.count < 3`, `doc.run()`,
		`doc.status ==`, `"open`, `(doc.status`, `__import__("os")`, `doc.items[0]`, `x if y else z`, `doc.status = "Open"`, `utils.now()`,
	} {
		if _, err := expr.Parse(text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
	for text, want := range map[string]string{
		`doc.absent == 1`: "'DispatchJob' object has no attribute 'absent'",
		`doc.note > 1`:    "'>' not supported between instances of 'NoneType' and 'int'",
		`1 in doc.note`:   "argument of type 'NoneType' is not iterable",
		`len(doc.note)`:   "object of type 'NoneType' has no len()",
	} {
		e, err := expr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.True(scope()); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"s": "{{ doc.status }}", "n": {{ doc.count }}}`: `{"s": "Open", "n": 2}`,
		`{{ doc.title | tojson }}`:                        `"Zo\u00e9\u0027s \u003cb\u003e"`,
		`{{doc.note}}/{{ doc.absent }}/{{ doc.total }}`:   `None/None/12.5`,
		`{# not this #}{{- doc.items | tojson -}} { }`:    `[{"a": 1}] { }`,
		`{% if doc.status == "Done" %}a{% elif doc.count > 1 %}b{% if doc.note %}c{% else %}d{% endif %}{% endif %}!`: `bd!`,
		`{%- if doc.note -%}x{% else %}{{ (doc.get("absent") or "") | tojson }}{% endif %}`:                           `""`,
		`{{ doc.items | json }}`: "[\n {\n  \"a\": 1\n }\n]",
	} {
		p, err := expr.ParseTemplate(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.Fill(scope()); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`{% if doc.status %}x`, `{% endif %}`, `{% if x %}{% endif %}`, `{% for r in doc.items %}{% endfor %}`,
		`{% if doc.status %}{% else %}{% else %}{% endif %}`, `{{ doc.status | upper }}`, `{{ doc.status`, `{# open`, `{{ frappe.now() }}`} {
		if _, err := expr.ParseTemplate(text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}
