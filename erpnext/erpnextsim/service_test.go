package erpnextsim_test

import (
	"fmt"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestServiceLife tells what the life of a service asks of the site: stories that
// share one site, in this order.
func TestServiceLife(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	shop(b)
	fixtures, err := erpnext.Fixtures()
	b.must(err)
	b.must(b.site.Import(fixtures))
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"a draft invoice is drawn up once", keyedDraft},
		{"a credit note counts backwards", creditNote},
		{"a van runs out of stock", vanStock},
		{"a job that others need stays", neededJob},
		{"the site rests", pausedSite},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

// refused checks a refusal by its class and its words.
func refused(b *bench, a answer, class, words string) {
	b.Helper()
	if a.status != 417 || a.body["exc_type"] != class || !strings.Contains(a.text, words) {
		b.Errorf("got %d %v %s\nwant %s with %q", a.status, a.body["exc_type"], a.text, class, words)
	}
}

// invoice is the body of a draft for Zoé with one line.
func invoice(key, line, more string) string {
	return `{"customer":"Zoé","custom_hub_key":"` + key + `"` + more + `,"items":[{"item_code":"FIBRE","income_account":"Ventes - T",` + line + `}],"taxes":` + taxes + `}`
}

func keyedDraft(b *bench) {
	b.put("Service Subscription", map[string]any{"name": "SUB-1", "customer": "Zoé", "service_category": "Internet", "plan_name": "Fibre"})
	body := invoice("SUB-1/2026-04-24/prorata", `"qty":1,"rate":9.32`, `,"service_subscription":"SUB-1","period_start":"2026-04-24","period_end":"2026-04-30","disable_rounded_total":1`)
	made := b.call(200, "POST", "/api/resource/Sales Invoice", body).data()
	if got := pick(made, "docstatus", "status", "net_total", "total_taxes_and_charges", "grand_total"); got != "docstatus=0 status=Draft net_total=9.32 total_taxes_and_charges=1.4 grand_total=10.72 " {
		b.Errorf("draft: %s", got)
	}
	refused(b, b.as(hub, "POST", "/api/resource/Sales Invoice", body), "UniqueValidationError", "SUB-1/2026-04-24/prorata")
	refused(b, b.as(hub, "POST", "/api/resource/Sales Invoice", strings.Replace(body, `"customer"`, `"company":"Nulle","customer"`, 1)), "LinkValidationError", "Could not find Company: Nulle")
	refused(b, b.as(hub, "POST", "/api/resource/Sales Invoice", strings.Replace(body, "Ventes - T", "Nulle - T", 1)), "LinkValidationError", "Income Account: Nulle - T")
}

func creditNote(b *bench) {
	made := b.call(200, "POST", "/api/resource/Sales Invoice", invoice("credit", `"qty":-1,"rate":9.32`, `,"is_return":1`)).data()
	if got := pick(made, "naming_series", "grand_total"); got != "naming_series=ACC-SINV-RET-.YYYY.- grand_total=-10.72 " {
		b.Errorf("credit note: %s", got)
	}
	const rebate = `"qty":1,"rate":39.95},{"item_code":"FIBRE","income_account":"Ventes - T","description":"Rabais","qty":1,"rate":-9.32`
	for key, c := range map[string]struct{ line, more, words string }{
		"forwards": {`"qty":1,"rate":9.32`, `,"is_return":1`, "For an item FIBRE, quantity must be negative number"},
		"below":    {`"qty":-1,"rate":-9.32`, `,"is_return":1`, "rate must be a positive number"},
		"negative": {`"qty":1,"rate":-9.32`, ``, "Incorrect value: Grand Total (Company Currency) must be "},
	} {
		refused(b, b.as(hub, "POST", "/api/resource/Sales Invoice", invoice(key, c.line, c.more)), "ValidationError", c.words)
	}
	draft := b.call(200, "POST", "/api/resource/Sales Invoice", invoice("rebate", rebate, "")).data() // a draft may say so
	refused(b, b.as(hub, "PUT", "/api/resource/Sales Invoice/"+draft["name"].(string), `{"docstatus":1}`), "ValidationError", "rate must be a positive number")
}

func vanStock(b *bench) {
	b.put("Warehouse", map[string]any{"warehouse_name": "Camion 9", "company": "TARGO", "parent_warehouse": "All Warehouses - T"})
	b.put("Item", map[string]any{"item_code": "CABLE", "item_group": "Products", "stock_uom": "Nos"})
	b.put("Item", map[string]any{"item_code": "ONU", "item_group": "Products", "stock_uom": "Nos", "has_serial_no": 1})
	b.put("Item", map[string]any{"item_code": "FORFAIT", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	move := func(kind, key, row string) answer {
		return b.as(hub, "POST", "/api/resource/Stock Entry", fmt.Sprintf(`{"stock_entry_type":"%s","custom_hub_key":"%s","company":"TARGO","docstatus":1,"items":[{%s,"use_serial_batch_fields":1}]}`, kind, key, row))
	}
	from := `,"s_warehouse":"Camion 9 - T"`
	for key, row := range map[string]string{
		"in-1": `"item_code":"CABLE","qty":2,"basic_rate":4,"t_warehouse":"Camion 9 - T"`,
		"in-2": `"item_code":"ONU","qty":2,"basic_rate":90,"t_warehouse":"Camion 9 - T","serial_no":"ZZ1\nZZ2"`,
	} {
		if a := move("Material Receipt", key, row); a.status != 200 {
			b.Fatalf("filling the van: %s", a.text)
		}
	}
	for _, c := range []struct{ row, class, words string }{
		{`"item_code":"CABLE","qty":3` + from, "NegativeStockError", "<strong>1.0</strong> units of "},
		{`"item_code":"CABLE","qty":0` + from, "ValidationError", "Row #1: Quantity for Item CABLE cannot be zero."},
		{`"item_code":"CABLE","qty":-1` + from, "ValidationError", "quantity must be positive number"},
		{`"item_code":"CABLE","qty":1`, "ValidationError", "Source warehouse is mandatory for row 1"},
		{`"item_code":"FORFAIT","qty":1` + from, "ValidationError", "FORFAIT is not a stock Item"},
		{`"item_code":"ONU","qty":1,"serial_no":"ZZ3"` + from, "SerialNoWarehouseError", "ZZ3"},
		{`"item_code":"ONU","qty":2,"serial_no":"ZZ1"` + from, "ValidationError", "does not match with the quantity"},
	} {
		refused(b, move("Material Issue", "out", c.row), c.class, c.words)
	}
	if a := move("Material Issue", "out", `"item_code":"ONU","qty":1,"serial_no":"ZZ1"`+from); a.status != 200 {
		b.Errorf("taking one out: %s", a.text)
	}
	refused(b, move("Material Issue", "out", `"item_code":"CABLE","qty":1`+from), "UniqueValidationError", "custom_hub_key")
	serial, err := b.site.Doc("Serial No", "ZZ1")
	if b.must(err); serial["warehouse"] != nil || serial["status"] != "Consumed" {
		b.Errorf("the serial number: %v", pick(serial, "warehouse", "status"))
	}
}

func neededJob(b *bench) {
	job := func(values map[string]any) string {
		values["subject"] = "Visite"
		return b.put("Dispatch Job", values)
	}
	stays := func(name, holder string) {
		b.Helper()
		refused(b, b.as(hub, "DELETE", "/api/resource/Dispatch Job/"+name, ""), "LinkExistsError", "is linked with "+holder)
	}
	root := job(map[string]any{})
	next := job(map[string]any{"depends_on": root, "predecessors": []any{map[string]any{"job": root}}})
	child := job(map[string]any{"parent_job": next})
	device := b.put("Service Equipment", map[string]any{"serial_number": "ZZ9", "move_log": []any{
		map[string]any{"moved_on": "2026-03-01 10:00:00", "action": "install", "source_key": "k1", "dispatch_job": child},
	}})
	issue := b.put("Issue", map[string]any{"subject": "Panne", "dispatch_job": next})
	b.put("ToDo", map[string]any{"description": "À voir", "reference_type": "Dispatch Job", "reference_name": root})
	stays(root, "Dispatch Job")
	b.call(200, "PUT", "/api/resource/Dispatch Job/"+next, `{"depends_on":null}`)
	stays(root, "Dispatch Job") // the row holds it as well
	b.call(200, "PUT", "/api/resource/Dispatch Job/"+next, `{"predecessors":[]}`)
	b.call(202, "DELETE", "/api/resource/Dispatch Job/"+root, "") // a task holds nothing
	stays(child, "Service Equipment")
	stays(next, "")
	b.call(200, "PUT", "/api/resource/Issue/"+issue, `{"dispatch_job":null,"status":"Closed","resolution_details":"Réparé"}`)
	stays(next, "Dispatch Job")
	again := b.as(hub, "PUT", "/api/resource/Service Equipment/"+device, `{"move_log":[{"moved_on":"2026-03-01 10:00:00","action":"install","source_key":"k1"},{"moved_on":"2026-03-02 10:00:00","action":"remove","source_key":"k1"}]}`)
	refused(b, again, "UniqueValidationError", "source_key")
	b.call(200, "PUT", "/api/resource/Service Equipment/"+device, `{"move_log":[]}`)
	b.call(202, "DELETE", "/api/resource/Dispatch Job/"+child, "")
	b.call(202, "DELETE", "/api/resource/Dispatch Job/"+next, "")
}

func pausedSite(b *bench) {
	const path = "/api/method/frappe.utils.scheduler.get_scheduler_status"
	if got := b.call(200, "GET", path, "").text; got != `{"message":{"status":"active"}}` {
		b.Errorf("at first: %s", got)
	}
	b.site.Configure(func(s *erpnextsim.Settings) { s.PauseScheduler = true })
	if got := b.call(200, "POST", path, "{}").text; got != `{"message":{"status":"inactive"}}` {
		b.Errorf("paused: %s", got)
	}
	if a := b.as("", "GET", path, ""); a.status != 403 {
		b.Errorf("a stranger is answered %d", a.status)
	}
}
