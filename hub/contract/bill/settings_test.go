package bill_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/contract/bill"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	var read struct {
		Bill bill.Config `yaml:",inline"`
	}
	if _, err := config.Read(&read, []string{}, "", ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings(), read.Bill); diff != "" {
		t.Errorf("the defaults (-want +got):\n%s", diff)
	}
	for name, change := range map[string]func(*bill.Config){
		"no company": func(c *bill.Config) { c.Company = "" }, "no account": func(c *bill.Config) { c.IncomeAccount = "" },
		"no unit": func(c *bill.Config) { c.UOM = "" }, "one account for both taxes": func(c *bill.Config) { c.TVQAccount = c.TPSAccount },
		"too long to wait": func(c *bill.Config) { c.DueDays = 366 }, "due before it is written": func(c *bill.Config) { c.DueDays = -1 },
	} {
		cfg := settings()
		change(&cfg)
		if cfg.Validate() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := settings().Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}

func TestCheckSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	o := open(t, erpnextsim.V16)
	check := func(cfg bill.Config) []string {
		var out []string
		for _, f := range bill.Check(t.Context(), o.client(t), cfg) {
			out = append(out, fmt.Sprint(f.Level, " ", f.About, ": ", f.Text))
		}
		return out
	}
	negative := "warning Selling Settings: rates below zero are not allowed: drafts with a rebate cannot be submitted"
	if diff := cmp.Diff([]string{negative}, check(settings())); diff != "" {
		t.Errorf("a good site (-want +got):\n%s", diff)
	}
	wrong := settings()
	wrong.Company, wrong.IncomeAccount, wrong.TPSAccount, wrong.CostCenter, wrong.Item = "AUTRE", "Produits - T", "Ventes - T", "Main - T", "RIEN"
	want := []string{
		"fault Company AUTRE: is not there: no invoice can be drawn up",
		"fault Account Produits - T: is a group: nothing can be booked on it",
		"fault Account Ventes - T: belongs to the company TARGO",
		"warning Account Ventes - T: is of the kind Income, not Liability",
		"fault Account TVQ - T: belongs to the company TARGO",
		"fault Cost Center Main - T: belongs to the company TARGO",
		"fault Item RIEN: is not there: no invoice can be drawn up",
		negative,
	}
	if diff := cmp.Diff(want, check(wrong)); diff != "" {
		t.Errorf("wrong settings (-want +got):\n%s", diff)
	}
	if _, err := o.site.Put("Selling Settings", map[string]any{"name": "Selling Settings", "allow_negative_rates_for_items": 1}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ok Sales Invoice: invoices can be drawn up for TARGO"}, check(settings())); diff != "" {
		t.Errorf("a site that takes rebates (-want +got):\n%s", diff)
	}
	if _, err := o.site.Put("Selling Settings", map[string]any{"name": "Selling Settings", "so_required": "Yes", "validate_selling_price": 1}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"warning Selling Settings: rates below cost are refused: a rebate that is an item cannot be drawn up",
		"warning Selling Settings: an invoice needs an order or a delivery note before it: lines with an item are refused",
	}, check(settings())); diff != "" {
		t.Errorf("a site that wants more (-want +got):\n%s", diff)
	}
}
