package rules

import (
	"encoding/json"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/hub/gateway/lists"
)

// fixture is a doctype or a custom field as fixtures hold it.
type fixture struct {
	Doctype   string `json:"doctype"`
	Name      string `json:"name"`
	IsTable   int    `json:"istable"`
	Fields    []part `json:"fields"`
	Dt        string `json:"dt"`
	Fieldname string `json:"fieldname"`
	Fieldtype string `json:"fieldtype"`
	Options   string `json:"options"`
}

type part struct {
	Fieldname string `json:"fieldname"`
	Fieldtype string `json:"fieldtype"`
	Options   string `json:"options"`
}

// schema learns the custom doctypes: their links, their rows, their secrets. It
// returns the lines that open them.
func (p *Policy) schema(fixtures []byte) (lines []string, err error) {
	if len(fixtures) == 0 {
		return nil, nil
	}
	var all []fixture
	if err := json.Unmarshal(fixtures, &all); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	for _, f := range all {
		if f.Doctype != "DocType" {
			p.field(p.doctype(f.Dt), part{f.Fieldname, f.Fieldtype, f.Options})
			continue
		}
		d := p.doctype(f.Name)
		d.table = f.IsTable == 1
		for _, field := range f.Fields {
			p.field(d, field)
		}
		verbs := "read"
		if !d.table {
			verbs = lists.Verbs(f.Name)
		}
		lines = append(lines, f.Name+":"+verbs)
	}
	return lines, nil
}

func (p *Policy) field(d *Doctype, f part) {
	switch f.Fieldtype {
	case "Link", "Table", "Table MultiSelect":
		if d.links == nil {
			d.links = map[string]string{}
		}
		d.links[f.Fieldname] = f.Options
	case "Password":
		p.secret(d, f.Fieldname)
	default:
		for _, end := range []string{"password", "_secret", "api_key", "_token", "_pin"} {
			if strings.HasSuffix(f.Fieldname, end) {
				p.secret(d, f.Fieldname)
			}
		}
	}
}

// inherit gives a doctype the secrets of its rows, which its answers hold too.
func (p *Policy) inherit(d *Doctype) {
	for _, to := range d.links {
		row := p.doctypes[to]
		if row == nil || !row.table {
			continue
		}
		for field := range row.Secrets {
			p.secret(d, field)
		}
	}
}

// leads finds the doctype that a field of another leads to: as the schema says,
// or a field that is called after a doctype ("customer", "service_location").
func (p *Policy) leads(from *Doctype, field string) (string, bool) {
	if from != nil {
		if to, ok := from.links[field]; ok {
			return to, true
		}
	}
	if field == "items" && from != nil {
		return from.Name + " Item", true
	}
	for name := range p.doctypes {
		if strings.EqualFold(strings.ReplaceAll(name, " ", "_"), field) {
			return name, true
		}
	}
	return "", false
}

// shape is what is known of a method: what it does, and which argument says to
// what.
type shape struct {
	verb  Verbs
	key   string // argument that names the doctype; "" for none
	doc   bool   // the arguments doc or docs hold documents with their doctype
	rows  bool   // the answer holds values without names, in lists or on paper
	needs Verbs  // what must be open, where that is less than verb says
}

// shapeOf knows the methods whose arguments are looked at; the others are on the
// list at the operator's word.
func shapeOf(method string) (shape, bool) {
	name, framework := strings.CutPrefix(method, "frappe.")
	if !framework {
		switch method {
		case "ping", "erpnext.stock.utils.scan_barcode":
			return shape{verb: Read}, true
		case "upload_file":
			return shape{verb: Write, key: "doctype"}, true
		}
		return shape{}, false
	}
	switch name {
	case "auth.get_logged_user", "client.get_time_zone", "utils.change_log.get_versions":
		return shape{verb: Read}, true
	case "client.get_list", "client.get_count", "client.get", "client.get_value", "client.get_single_value",
		"client.has_permission", "client.get_doc_permissions", "client.validate_link", "client.validate_link_and_fetch", "client.is_document_amended",
		"desk.search.search_link", "desk.form.load.getdoctype", "desk.form.load.getdoc", "desk.form.load.get_docinfo":
		return shape{verb: Read, key: "doctype"}, true
	case "utils.print_format.download_pdf", "desk.reportview.get", "desk.reportview.get_list", "desk.reportview.get_count":
		return shape{verb: Read, key: "doctype", rows: true}, true
	case "client.set_value", "desk.form.assign_to.add", "desk.form.assign_to.remove", "desk.form.assign_to.close":
		return shape{verb: Write, key: "doctype"}, true
	case "core.doctype.communication.email.make":
		return shape{verb: Write, needs: Read, key: "doctype"}, true
	case "desk.form.utils.add_comment":
		return shape{verb: Write, needs: Read, key: "reference_doctype"}, true
	case "client.insert":
		return shape{verb: Create, doc: true}, true
	case "client.save":
		return shape{verb: Write | Create, doc: true}, true
	case "client.submit":
		return shape{verb: Submit, doc: true}, true
	case "client.cancel":
		return shape{verb: Submit, key: "doctype"}, true
	case "client.delete":
		return shape{verb: Delete, key: "doctype"}, true
	}
	return shape{}, false
}

func parseVerbs(text string) (verbs Verbs, ok bool) {
	switch text {
	case "all":
		return Read | Write | Create | Delete | Submit, true
	case "none":
		return 0, true
	}
	for word := range strings.SplitSeq(text, "+") {
		found := false
		for _, n := range verbNames {
			if n.name == word {
				verbs |= n.verb
				found = true
			}
		}
		if !found {
			return 0, false
		}
	}
	return verbs, true
}
