package trade

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rules"
)

// masters is what a company is made of; names carry its abbreviation.
func masters() map[string]document.Controller {
	grow := func(s *document.Session, d *document.Doc) error { return rules.Replant(s, d.Type) }
	named := func(field string) document.Controller {
		return document.Controller{Events: hooks{
			"autoname":  func(s *document.Session, d *document.Doc) error { return abbreviated(s, d, field) },
			"on_update": grow, "after_delete": grow,
		}}
	}
	return map[string]document.Controller{
		"Account": named("account_name"), "Cost Center": named("cost_center_name"), "Warehouse": named("warehouse_name"),
		"Sales Taxes and Charges Template": {Events: hooks{"autoname": func(s *document.Session, d *document.Doc) error {
			return abbreviated(s, d, "title")
		}}},
		"Company":  {Events: hooks{"after_insert": foundCompany}},
		"Employee": {Events: hooks{"validate": fillEmployee}},
		"Asset":    {Events: hooks{"on_submit": assetStatus("Submitted"), "on_cancel": assetStatus("Cancelled")}},
	}
}

func abbreviated(s *document.Session, d *document.Doc, field string) error {
	if !truthy(d, field) {
		return nil
	}
	abbr, err := s.Value("Company", d.Text("company"), "abbr")
	if err != nil {
		return err
	}
	name := d.Text(field)
	if number := d.Text("account_number"); number != "" {
		name = number + " - " + name
	}
	if suffix := " - " + meta.Text(abbr); suffix != " - " && !strings.HasSuffix(name, suffix) {
		name += suffix
	}
	d.Set("name", name)
	return nil
}

func fillEmployee(_ *document.Session, d *document.Doc) error {
	d.Set("employee", d.Name())
	d.Set("employee_name", strings.Join(strings.Fields(d.Text("first_name")+" "+d.Text("middle_name")+" "+d.Text("last_name")), " "))
	return nil
}

func assetStatus(text string) document.Hook {
	return func(s *document.Session, d *document.Doc) error { return db(s, d, map[string]any{"status": text}) }
}

// chart is the accounts of a new company: account, parent, root type, account
// type. There is none called Sales, so the company gets no default income account
// and invoice rows have to name theirs.
func chart() [][4]string {
	return [][4]string{
		{"Actif", "", "Asset", ""},
		{"Débiteurs", "Actif", "Asset", "Receivable"},
		{"Banque", "Actif", "Asset", "Bank"},
		{"Caisse", "Actif", "Asset", "Cash"},
		{"Passif", "", "Liability", ""},
		{"Créditeurs", "Passif", "Liability", "Payable"},
		{"TPS à payer", "Passif", "Liability", "Tax"},
		{"TVQ à payer", "Passif", "Liability", "Tax"},
		{"Produits", "", "Income", ""},
		{"Ventes", "Produits", "Income", "Income Account"},
		{"Charges", "", "Expense", ""},
		{"Coût des ventes", "Charges", "Expense", "Cost of Goods Sold"},
	}
}

// foundCompany gives a new company its accounts, a cost center and warehouses.
func foundCompany(s *document.Session, d *document.Doc) error {
	tag := func(name string) any {
		if name == "" {
			return nil
		}
		return name + " - " + d.Text("abbr")
	}
	for _, a := range chart() {
		err := lay(s, "Account", map[string]any{
			"account_name": a[0], "parent_account": tag(a[1]), "root_type": a[2], "account_type": a[3], "company": d.Name(),
			"is_group": a[1] == "", "account_currency": d.Get("default_currency"), "report_type": "",
		})
		if err != nil {
			return err
		}
	}
	for _, w := range [][3]string{
		{"Cost Center", d.Name(), ""},
		{"Cost Center", "Main", d.Name()},
		{"Warehouse", "All Warehouses", ""},
		{"Warehouse", "Stores", "All Warehouses"},
	} {
		field := map[string]string{"Cost Center": "cost_center", "Warehouse": "warehouse"}[w[0]]
		err := lay(s, w[0], map[string]any{field + "_name": w[1], "parent_" + field: tag(w[2]), "company": d.Name(), "is_group": w[2] == ""})
		if err != nil {
			return err
		}
	}
	return fillCompany(s, d, tag)
}

func fillCompany(s *document.Session, d *document.Doc, tag func(string) any) error {
	values := map[string]any{}
	for field, name := range map[string]string{
		"default_receivable_account": "Débiteurs", "default_payable_account": "Créditeurs", "default_bank_account": "Banque",
		"default_cash_account": "Caisse", "default_expense_account": "Coût des ventes", "cost_center": "Main",
	} {
		if !truthy(d, field) {
			values[field] = tag(name)
		}
	}
	return db(s, d, values)
}

func lay(s *document.Session, doctype string, values map[string]any) error {
	doc, err := s.New(doctype, values)
	if err != nil {
		return err
	}
	doc.Lenient = true
	return s.As(func() error { return s.Insert(doc) })
}
