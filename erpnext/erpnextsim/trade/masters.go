package trade

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rules"
)

// masters is what a company is made of; names carry its abbreviation.
func masters() map[string]document.Controller {
	named := func(field string) document.Controller {
		return document.Controller{Events: hooks{
			"autoname":  func(s *document.Session, d *document.Doc) error { return abbreviated(s, d, field) },
			"on_update": rules.Grow, "after_delete": rules.Grow,
		}}
	}
	return map[string]document.Controller{
		"Account": named("account_name"), "Cost Center": named("cost_center_name"), "Warehouse": named("warehouse_name"),
		"Sales Taxes and Charges Template": {Events: hooks{"autoname": func(s *document.Session, d *document.Doc) error {
			return abbreviated(s, d, "title")
		}}},
		"Company":  {Events: hooks{"after_insert": foundCompany, "on_update": rules.Grow, "after_delete": rules.Grow}},
		"Employee": {Events: hooks{"validate": fillEmployee, "on_update": rules.Grow, "after_delete": rules.Grow}},
		"Asset":    {Events: hooks{"on_submit": becomes("Submitted"), "on_cancel": becomes("Cancelled")}},
	}
}

func abbreviated(s *document.Session, d *document.Doc, field string) error {
	if !d.Holds(field) {
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
	if d.Text("status") == "Left" && !d.Holds("relieving_date") {
		return exception.Invalid("Please enter relieving date.")
	}
	d.Set("employee", d.Name())
	d.Set("employee_name", strings.Join(strings.Fields(d.Text("first_name")+" "+d.Text("middle_name")+" "+d.Text("last_name")), " "))
	return nil
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
		{"Stocks", "Actif", "Asset", "Stock"},
		{"Amortissement cumulé", "Actif", "Asset", "Accumulated Depreciation"},
		{"Immobilisations en cours", "Actif", "Asset", "Capital Work in Progress"},
		{"Stock reçu non facturé", "Passif", "Liability", "Stock Received But Not Billed"},
		{"Immobilisations reçues non facturées", "Passif", "Liability", "Asset Received But Not Billed"},
		{"Charges", "", "Expense", ""},
		{"Coût des ventes", "Charges", "Expense", "Cost of Goods Sold"},
		{"Ajustement de stock", "Charges", "Expense", "Stock Adjustment"},
		{"Amortissement", "Charges", "Expense", "Depreciation"},
		{"Frais inclus dans la valeur", "Charges", "Expense", "Expenses Included In Valuation"},
		{"Frais inclus dans les immobilisations", "Charges", "Expense", "Expenses Included In Asset Valuation"},
		{"Gains et pertes de change", "Charges", "Expense", ""},
		{"Gains et pertes de cession", "Charges", "Expense", ""},
		{"Arrondis", "Charges", "Expense", "Round Off"},
		{"Radiations", "Charges", "Expense", ""},
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
		"write_off_account": "Radiations", "exchange_gain_loss_account": "Gains et pertes de change", "round_off_account": "Arrondis",
		"round_off_cost_center": "Main", "depreciation_cost_center": "Main", "accumulated_depreciation_account": "Amortissement cumulé",
		"depreciation_expense_account": "Amortissement", "disposal_account": "Gains et pertes de cession",
		"capital_work_in_progress_account": "Immobilisations en cours", "asset_received_but_not_billed": "Immobilisations reçues non facturées",
		"default_inventory_account": "Stocks", "stock_adjustment_account": "Ajustement de stock", "stock_received_but_not_billed": "Stock reçu non facturé",
		"expenses_included_in_valuation": "Frais inclus dans la valeur", "expenses_included_in_asset_valuation": "Frais inclus dans les immobilisations",
	} {
		if !d.Holds(field) && d.Type.Has(field) {
			values[field] = tag(name)
		}
	}
	if err := db(s, d, values); err != nil {
		return err
	}
	place, err := s.Value("Stock Settings", "Stock Settings", "default_warehouse")
	if err != nil || !meta.Falsy(place) {
		return err
	}
	settings, err := s.Load("Stock Settings", "Stock Settings")
	if err != nil {
		return err
	}
	settings.Set("default_warehouse", tag("Stores"))
	row, err := settings.Row()
	if err != nil {
		return err
	}
	return s.Tx.SetSingle("Stock Settings", row)
}

func lay(s *document.Session, doctype string, values map[string]any) error {
	doc, err := s.New(doctype, values)
	if err != nil {
		return err
	}
	doc.Lenient = true
	return s.As(func() error { return s.Insert(doc) })
}

// checkPrice refuses a second price for the same case.
func checkPrice(s *document.Session, d *document.Doc) error {
	for _, b := range [][2]string{{"item_name", "item_name"}, {"item_description", "description"}} {
		if err := borrow(s, d, b[0], [3]string{"Item", d.Text("item_code"), b[1]}); err != nil {
			return err
		}
	}
	for _, flag := range []string{"buying", "selling"} {
		v, err := s.Value("Price List", d.Text("price_list"), flag)
		if err != nil {
			return err
		}
		d.Set(flag, v)
	}
	query := `SELECT 1 FROM "tabItem Price" WHERE name <> ? AND item_code = ? AND price_list = ? AND COALESCE(packing_unit, 0) = ?`
	args := []any{d.Name(), d.Text("item_code"), d.Text("price_list"), d.Int("packing_unit")}
	for _, field := range []string{"uom", "valid_from", "valid_upto", "customer", "supplier", "batch_no"} {
		query += " AND COALESCE(" + field + ", '') = ?"
		args = append(args, d.Text(field))
	}
	other, err := s.Tx.Value(query+" LIMIT 1", args...)
	if err == nil && other != nil {
		return exception.Throw("ItemPriceDuplicateItem",
			"Item Price appears multiple times based on Price List, Supplier/Customer, Currency, Item, Batch, UOM, Qty, and Dates.")
	}
	return err
}

// priceRow gives a row the price of its item in the document's price list.
func priceRow(s *document.Session, d, row *document.Doc) error {
	list := d.Text("selling_price_list")
	if list == "" || row.Float("price_list_rate") != 0 || row.Type.Field("price_list_rate") == nil {
		return nil
	}
	day := d.Text("transaction_date")
	if day == "" {
		day = d.Text("posting_date")
	}
	v, err := s.Tx.Value(`SELECT price_list_rate FROM "tabItem Price" WHERE item_code = ? AND price_list = ?
		AND COALESCE(uom, '') IN ('', ?) AND COALESCE(customer, '') IN ('', ?)
		AND COALESCE(valid_from, '2000-01-01') <= ? AND COALESCE(valid_upto, '2500-12-31') >= ?
		ORDER BY valid_from DESC, uom DESC LIMIT 1`, row.Text("item_code"), list, row.Text("uom"), d.Text("customer"), day, day)
	if err == nil && v != nil {
		row.Set("price_list_rate", v)
	}
	return err
}
