package schema

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

// group is some fields declared together; its methods say what all of them are.
type group []meta.Field

func of(fieldtype string, names ...string) group {
	g := make(group, len(names))
	for i, name := range names {
		g[i] = meta.Field{Fieldname: name, Label: label(name), Fieldtype: fieldtype}
	}
	return g
}

func data(names ...string) group { return of("Data", names...) }

func link(to string, names ...string) group { return of("Link", names...).form(to).indexed() }

func rows(table, name string) group { return of("Table", name).form(table) }

func dynamic(by, name string) group { return of("Dynamic Link", name).form(by) }

// pick is a select. Without an empty first value ERPNext picks the first.
func pick(name string, values ...string) group {
	return of("Select", name).form(strings.Join(values, "\n"))
}

func (g group) each(set func(*meta.Field)) group {
	for i := range g {
		set(&g[i])
	}
	return g
}

func (g group) form(options string) group { return g.each(func(f *meta.Field) { f.Options = options }) }
func (g group) preset(value string) group { return g.each(func(f *meta.Field) { f.Default = value }) }
func (g group) fetched(from string) group {
	return g.each(func(f *meta.Field) { f.FetchFrom, f.FetchIfEmpty = from, true })
}
func (g group) must() group    { return g.each(func(f *meta.Field) { f.Reqd, f.InListView = true, true }) }
func (g group) once() group    { return g.each(func(f *meta.Field) { f.Unique = true }) }
func (g group) late() group    { return g.each(func(f *meta.Field) { f.AllowOnSubmit = true }) }
func (g group) own() group     { return g.each(func(f *meta.Field) { f.ReadOnly, f.NoCopy = true, true }) }
func (g group) indexed() group { return g.each(func(f *meta.Field) { f.SearchIndex = true }) }

// cause is what a row of a job was written for, so that it is written once.
func cause() group { return data("source_key").indexed().own() }

func join(groups []group) []meta.Field {
	var fields []meta.Field
	for _, g := range groups {
		fields = append(fields, g...)
	}
	return fields
}

// doctype declares a custom doctype. Each carries hub_key: unique, written by
// the hub at creation, so that a create whose reply was lost can be found.
func doctype(name, autoname string, groups ...group) meta.DocType {
	d := single(name, append(groups, data("hub_key").once().own())...)
	d.IsSingle, d.Autoname, d.NamingRule = false, autoname, "Expression (old style)"
	switch {
	case strings.HasPrefix(autoname, "field:"):
		d.NamingRule = "By fieldname"
	case autoname == "hash":
		d.NamingRule = "Random"
	}
	return d
}

func single(name string, groups ...group) meta.DocType {
	return meta.DocType{
		Doctype: "DocType", Name: name, Module: "Custom", Custom: true, IsSingle: true, TrackChanges: true,
		Fields: join(groups),
		Permissions: []meta.Permission{{Role: "System Manager",
			Read: true, Write: true, Create: true, Delete: true, Report: true, Export: true}},
	}
}

func child(name string, groups ...group) meta.DocType {
	return meta.DocType{
		Doctype: "DocType", Name: name, Module: "Custom", Custom: true, IsTable: true,
		Fields: join(groups), Permissions: []meta.Permission{},
	}
}

// label makes what people see out of a field name.
func label(name string) string {
	words := strings.Split(strings.TrimPrefix(name, "custom_"), "_")
	for i, w := range words {
		switch w {
		case "url", "id", "ip", "mac", "gpon", "olt", "onu", "vlan", "cwmp", "sip", "sms", "pdf", "ppa", "eta", "ssid", "radius":
			words[i] = strings.ToUpper(w)
		case "docuseal":
			words[i] = "DocuSeal"
		case "wifi":
			words[i] = "Wi-Fi"
		default:
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
