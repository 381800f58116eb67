package erpnextsim_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestPurchaseInvoice draws up suppliers' bills as a program does that read them
// off paper.
func TestPurchaseInvoice(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	shop(b)
	b.put("Supplier", map[string]any{"supplier_name": "Câbles Untel", "supplier_type": "Company"})
	const path = "/api/resource/Purchase%20Invoice"
	bill := func(more string) string {
		return `{"supplier":"Câbles Untel","company":"TARGO","bill_no":"F-1","disable_rounded_total":1,` + more +
			`"items":[{"item_name":"Câble","qty":2,"rate":50,"uom":"Nos","expense_account":"Coût des ventes - T"}],
			"taxes":[{"charge_type":"Actual","account_head":"TPS à payer - T","description":"TPS","tax_amount":5},
			{"charge_type":"Actual","account_head":"TVQ à payer - T","description":"TVQ","tax_amount":9.98}]}`
	}
	made := b.call(200, "POST", path, bill(`"bill_date":"2020-01-02","due_date":"2020-02-01",`)).data()
	want := "name=ACC-PINV-2026-00001 status=Draft docstatus=0 supplier_name=Câbles Untel currency=CAD credit_to=Créditeurs - T net_total=100 total_taxes_and_charges=14.98 grand_total=114.98 taxes_and_charges_added=14.98 outstanding_amount=114.98 "
	if diff := cmp.Diff(want, pick(made, "name", "status", "docstatus", "supplier_name", "currency", "credit_to", "net_total", "total_taxes_and_charges", "grand_total", "taxes_and_charges_added", "outstanding_amount")); diff != "" {
		t.Errorf("draft (-want +got):\n%s", diff)
	}
	row := made["taxes"].([]any)[0].(map[string]any)
	if diff := cmp.Diff("category=Total add_deduct_tax=Add total=105 ", pick(row, "category", "add_deduct_tax", "total")); diff != "" {
		t.Errorf("tax (-want +got):\n%s", diff)
	}
	b.call(200, "POST", path, bill("")) // the same bill again: nobody minds
	for body, text := range map[string]string{
		bill(`"bill_date":"2099-01-02",`):                              "Supplier Invoice Date cannot be greater than Posting Date",
		bill(`"due_date":"2020-01-02",`):                               "Due Date cannot be before Supplier Invoice Date",
		bill(`"supplier":"Personne",`):                                 "Could not find Supplier: Personne",
		strings.Replace(bill(""), `"expense_account"`, `"nil"`, 1):     "Expense account is mandatory for item Câble",
		strings.Replace(bill(""), `"uom":"Nos",`, ``, 1):               "UOM",
		strings.Replace(bill(""), `"item_name":"Câble",`, ``, 1):       "Item Name",
		strings.Replace(bill(""), `TPS à payer - T`, `Inconnu`, 1):     "Could not find",
		strings.Replace(bill(""), `"Câble"`, `"x","item_code":"?"`, 1): "Could not find Row #1: Item: ?",
	} {
		if answer := b.call(417, "POST", path, body).text; !strings.Contains(answer, text) {
			t.Errorf("answered %.300s, want %q", answer, text)
		}
	}
	b.put("Accounts Settings", map[string]any{"check_supplier_invoice_uniqueness": 1})
	if answer := b.call(417, "POST", path, bill("")).text; !strings.Contains(answer, "Supplier Invoice No exists in Purchase Invoice") {
		t.Errorf("the same bill again: %.300s", answer)
	}
	b.put("Supplier", map[string]any{"name": "Câbles Untel", "disabled": 1})
	b.call(417, "PUT", path+"/ACC-PINV-2026-00001", `{"remarks":"x"}`)
	b.put("Supplier", map[string]any{"name": "Câbles Untel", "disabled": 0})
	b.put("Accounts Settings", map[string]any{"check_supplier_invoice_uniqueness": 0})
	if got := b.call(200, "PUT", path+"/ACC-PINV-2026-00001", `{"docstatus":1}`).data(); got["status"] != "Overdue" || got["remarks"] != "Against Supplier Invoice F-1" {
		t.Errorf("submitted: %v, %v", got["status"], got["remarks"])
	}
	if got := b.call(200, "PUT", path+"/ACC-PINV-2026-00001", `{"docstatus":2}`).data(); got["docstatus"] != 2.0 {
		t.Errorf("cancelled: %v", got["docstatus"])
	}
}
