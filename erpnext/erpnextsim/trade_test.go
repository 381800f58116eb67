package erpnextsim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// shop seeds a company, an item and a customer.
func shop(b *bench) {
	b.Helper()
	b.put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	b.put("Global Defaults", map[string]any{"default_company": "TARGO", "default_currency": "CAD", "disable_rounded_total": 1})
	b.put("Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre 1 Gb/s", "item_group": "Services", "stock_uom": "Nos"})
	b.put("Customer", map[string]any{"customer_name": "Zoé", "customer_type": "Individual", "territory": "Canada"})
}

const taxes = `[{"charge_type":"On Net Total","account_head":"TPS à payer - T","description":"TPS","rate":5},
	{"charge_type":"On Net Total","account_head":"TVQ à payer - T","description":"TVQ","rate":9.975}]`

func pick(doc map[string]any, keys ...string) string {
	out := ""
	for _, k := range keys {
		out += fmt.Sprintf("%s=%v ", k, doc[k])
	}
	return out
}

func quotation(b *bench) {
	t := b.T
	body := `{"party_name":"Zoé","valid_till":"2026-03-31","items":[{"item_code":"FIBRE","qty":2,"rate":39.99}],"taxes":` + taxes + `}`
	made := b.call(200, "POST", "/api/resource/Quotation", body).data()
	want := "name=SAL-QTN-2026-00001 status=Draft customer_name=Zoé company=TARGO currency=CAD net_total=79.98 total_taxes_and_charges=11.98 grand_total=91.96 rounded_total=0 total_qty=2 "
	if got := pick(made, "name", "status", "customer_name", "company", "currency", "net_total", "total_taxes_and_charges", "grand_total", "rounded_total", "total_qty"); got != want {
		t.Errorf("quotation:\n got %s\nwant %s", got, want)
	}
	row := made["items"].([]any)[0].(map[string]any)
	if diff := cmp.Diff("item_name=Fibre 1 Gb/s amount=79.98 uom=Nos conversion_factor=1 ", pick(row, "item_name", "amount", "uom", "conversion_factor")); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	path := "/api/resource/Quotation/SAL-QTN-2026-00001"
	b.call(417, "PUT", path, `{"valid_till":"2020-01-01"}`)
	b.call(417, "POST", "/api/resource/Quotation", `{"party_name":"Personne","items":[{"item_code":"FIBRE","qty":1}]}`)
	b.call(500, "POST", "/api/resource/Quotation", `{"party_name":"Zoé","items":[]}`) // it calculates with nothing
	if got := b.call(200, "PUT", path, `{"docstatus":1}`).data()["status"]; got != "Open" {
		t.Errorf("submitted: status %v, want Open", got)
	}
	b.call(200, "PUT", path, `{"custom_docuseal_envelope_id":"42"}`)
	b.call(417, "PUT", path, `{"valid_till":"2026-04-30"}`)
	mapped := b.call(200, "POST", "/api/method/erpnext.selling.doctype.quotation.quotation.make_sales_order", `{"source_name":"SAL-QTN-2026-00001"}`)
	order := mapped.body["message"].(map[string]any)
	order["delivery_date"], order["docstatus"] = "2026-03-20", 1
	b.put("Sales Order", order)
	if got := b.call(200, "GET", path, "").data()["status"]; got != "Ordered" {
		t.Errorf("with an order: status %v, want Ordered", got)
	}
	b.call(200, "POST", "/api/resource/Quotation", body)
	b.call(200, "PUT", "/api/resource/Quotation/SAL-QTN-2026-00002", `{"docstatus":1}`)
	b.call(200, "POST", "/api/resource/Quotation/SAL-QTN-2026-00002", `{"run_method":"declare_enquiry_lost","lost_reasons_list":[],"detailed_reason":"prix"}`)
	b.call(200, "POST", "/api/resource/Quotation", body)
	b.call(200, "PUT", "/api/resource/Quotation/SAL-QTN-2026-00003", `{"docstatus":1}`)
	b.month()
	b.must(b.site.Nightly())
	for name, status := range map[string]string{"SAL-QTN-2026-00001": "Ordered", "SAL-QTN-2026-00002": "Lost", "SAL-QTN-2026-00003": "Expired"} {
		if got := b.call(200, "GET", "/api/resource/Quotation/"+name, "").data()["status"]; got != status {
			t.Errorf("%s a month later: status %v, want %s", name, got, status)
		}
	}
}

// TestTrade tells stories that share one site, in this order.
func TestTrade(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	shop(b)
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"invoiceAndPayment", invoiceAndPayment},
		{"customerMakesItsContact", customerMakesItsContact},
		{"stock", stock},
		{"quotation", quotation},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

func invoiceAndPayment(b *bench) {
	t := b.T
	bare := b.as(hub, "POST", "/api/resource/Sales Invoice", `{"customer":"Zoé","items":[{"item_code":"FIBRE","qty":1,"rate":100}]}`)
	if bare.status != 417 || bare.body["exception"] != "frappe.exceptions.MandatoryError: [Sales Invoice, ACC-SINV-2026-00001]: income_account" {
		t.Errorf("without an income account: %d %v", bare.status, bare.body["exception"])
	}
	draft := b.call(200, "POST", "/api/resource/Sales Invoice",
		`{"customer":"Zoé","items":[{"item_code":"FIBRE","qty":1,"rate":100,"income_account":"Ventes - T"}],"taxes":`+taxes+`}`).data()
	if got := pick(draft, "status", "grand_total", "outstanding_amount", "debit_to", "due_date"); got != "status=Draft grand_total=114.98 outstanding_amount=114.98 debit_to=Débiteurs - T due_date=2026-03-10 " {
		t.Errorf("draft: %s", got)
	}
	path := "/api/resource/Sales Invoice/ACC-SINV-2026-00001"
	status := func() string {
		return pick(b.call(200, "GET", path, "").data(), "status", "outstanding_amount")
	}
	b.call(200, "PUT", path, `{"docstatus":1}`)
	if got := status(); got != "status=Unpaid outstanding_amount=114.98 " {
		t.Errorf("submitted: %s", got)
	}
	pay := func(amount float64, want int) string {
		a := b.as(hub, "POST", "/api/resource/Payment Entry", fmt.Sprintf(`{"payment_type":"Receive","party_type":"Customer","party":"Zoé",
			"paid_amount":%v,"received_amount":%v,"reference_no":"ch_1","reference_date":"2026-03-10","docstatus":1,
			"references":[{"reference_doctype":"Sales Invoice","reference_name":"ACC-SINV-2026-00001","allocated_amount":%v}]}`, amount, amount, amount))
		if a.status != want {
			t.Fatalf("paying %v: %d %s", amount, a.status, a.text)
		}
		name, _ := a.data()["name"].(string)
		return name
	}
	first := pay(14.98, 200)
	if got := status(); got != "status=Partly Paid outstanding_amount=100 " {
		t.Errorf("paid in part: %s", got)
	}
	pay(200, 417)
	last := pay(100, 200)
	if got := status(); got != "status=Paid outstanding_amount=0 " {
		t.Errorf("paid: %s", got)
	}
	b.call(200, "PUT", "/api/resource/Payment Entry/"+last, `{"docstatus":2}`)
	if got := status(); got != "status=Partly Paid outstanding_amount=100 " {
		t.Errorf("payment taken back: %s", got)
	}
	b.call(417, "POST", "/api/resource/Payment Entry", `{"payment_type":"Receive","party_type":"Customer","party":"Zoé","paid_amount":1,"received_amount":1}`)
	b.call(200, "PUT", path, `{"docstatus":2}`) // the payment that is left is taken off it
	if got := status(); got != "status=Cancelled outstanding_amount=0 " {
		t.Errorf("cancelled: %s", got)
	}
	free, err := b.site.Doc("Payment Entry", first)
	if err != nil || free["unallocated_amount"] != 14.98 {
		t.Errorf("its payment: %v %v", free["unallocated_amount"], err)
	}
}

func customerMakesItsContact(b *bench) {
	t := b.T
	made := b.call(200, "POST", "/api/resource/Customer", `{"customer_name":"Ann","mobile_no":"5145550100","email_id":"ann@example.com"}`).data()
	contact := b.call(200, "GET", "/api/resource/Contact/"+made["customer_primary_contact"].(string), "").data()
	if contact["mobile_no"] != "5145550100" || contact["email_id"] != "ann@example.com" || made["modified"] == made["creation"] {
		t.Errorf("contact: %v", contact)
	}
	b.call(202, "DELETE", "/api/resource/Customer/Ann", "")
	b.call(404, "GET", "/api/resource/Contact/"+made["customer_primary_contact"].(string), "")
}

func stock(b *bench) {
	t := b.T
	b.call(417, "POST", "/api/resource/Item", `{"item_code":"B","item_group":"Products","stock_uom":"Nos","barcodes":[{"barcode":"4006381333930","barcode_type":"EAN"}]}`)
	b.put("Item", map[string]any{"item_code": "ONT", "item_group": "Products", "stock_uom": "Nos", "barcodes": []any{map[string]any{"barcode": "4006381333931", "barcode_type": "EAN"}}})
	b.call(417, "POST", "/api/resource/Serial No", `{"serial_no":"GPON1","item_code":"ONT","company":"TARGO","warehouse":"Stores - T"}`)
	b.put("Serial No", map[string]any{"serial_no": "GPON1", "item_code": "ONT", "company": "TARGO"})
	b.put("Warehouse", map[string]any{"warehouse_name": "Camion 1", "company": "TARGO", "parent_warehouse": "All Warehouses - T"})
	move := func(kind, from, to string) {
		row := map[string]any{"item_code": "ONT", "qty": 1, "serial_no": "GPON1", "use_serial_batch_fields": 1}
		if from != "" {
			row["s_warehouse"] = from
		}
		if to != "" {
			row["t_warehouse"] = to
		}
		b.put("Stock Entry", map[string]any{"stock_entry_type": kind, "company": "TARGO", "docstatus": 1, "items": []any{row}})
	}
	move("Material Receipt", "", "Stores - T")
	move("Material Transfer", "Stores - T", "Camion 1 - T")
	if got := b.call(200, "GET", "/api/resource/Serial No/GPON1", "").data(); got["warehouse"] != "Camion 1 - T" || got["status"] != "Active" {
		t.Errorf("moved: %v", got)
	}
	for warehouse, want := range map[string]float64{"Stores - T": 0, "Camion 1 - T": 1} {
		bin := b.call(200, "GET", query("Bin", "fields", `["actual_qty"]`, "filters", `[["warehouse","=","`+warehouse+`"]]`), "").list()
		if len(bin) != 1 || bin[0].(map[string]any)["actual_qty"] != want {
			t.Errorf("bin of %s: %v, want %v", warehouse, bin, want)
		}
	}
	empty := b.as(hub, "POST", "/api/resource/Stock Entry", `{"stock_entry_type":"Material Issue","company":"TARGO","docstatus":1,
		"items":[{"item_code":"ONT","qty":3,"s_warehouse":"Camion 1 - T"}]}`)
	if empty.status != 417 || !strings.Contains(empty.text, "erpnext.stock.stock_ledger.NegativeStockError") {
		t.Errorf("more than there is: %s", empty.text)
	}
	b.call(417, "PUT", "/api/resource/Serial No/GPON1", `{"warehouse":"Stores - T"}`)
	scan := b.call(200, "POST", "/api/method/erpnext.stock.utils.scan_barcode", `{"search_value":"4006381333931"}`)
	if scan.body["message"].(map[string]any)["item_code"] != "ONT" {
		t.Errorf("scan: %s", scan.text)
	}
}
