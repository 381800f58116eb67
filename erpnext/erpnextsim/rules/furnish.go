package rules

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Furnish stores what a fresh installation has before anybody set it up: roles,
// countries, currencies, units, genders, tree roots. It leaves existing rows alone.
func Furnish(s *document.Session) error {
	now := s.Now()
	for _, f := range []struct {
		doctype, field string
		names          []string
	}{
		{"Role", "role_name", roles(s)},
		{"Module Def", "module_name", modules(s)},
		{"User Type", "", []string{"System User", "Website User"}},
		{"Country", "country_name", []string{"Canada", "United States", "France"}},
		{"Currency", "currency_name", []string{"CAD", "USD", "EUR"}},
		{"Language", "language_code", []string{"fr", "fr-CA", "en", "en-US"}},
		{"UOM", "uom_name", []string{"Nos", "Unit", "Hour", "Month", "Meter"}},
		{"Gender", "gender", []string{"Female", "Male", "Other", "Prefer not to say"}},
		{"Salutation", "salutation", []string{"M.", "Mme", "Mr", "Ms"}},
		{"Item Group", "item_group_name", []string{"All Item Groups", "Services", "Products"}},
		{"Customer Group", "customer_group_name", []string{"All Customer Groups", "Individual", "Commercial"}},
		{"Territory", "territory_name", []string{"All Territories", "Canada"}},
		{"Price List", "price_list_name", []string{"Standard Selling"}},
		{"Mode of Payment", "mode_of_payment", []string{"Cash", "Bank Draft", "Wire Transfer", "Credit Card", "Cheque"}},
		{"Issue Priority", "", []string{"Low", "Medium", "High"}},
		{"Stock Entry Type", "", []string{"Material Issue", "Material Receipt", "Material Transfer"}},
	} {
		for _, name := range f.names {
			row := store.Row{"name": name, "owner": "Administrator", "modified_by": "Administrator", "creation": now, "modified": now}
			if f.field != "" {
				row[f.field] = name
			}
			if err := lay(s, f.doctype, name, row); err != nil {
				return err
			}
		}
	}
	for _, user := range []string{"Administrator", "Guest"} {
		kind := map[string]string{"Administrator": "System User", "Guest": "Website User"}[user]
		err := lay(s, "User", user, store.Row{
			"name": user, "email": user, "first_name": user, "full_name": user, "enabled": int64(1), "user_type": kind,
			"owner": "Administrator", "modified_by": "Administrator", "creation": now, "modified": now,
		})
		if err != nil {
			return err
		}
	}
	return fit(s)
}

// roles are those that every site has, and those that permissions name.
func roles(s *document.Session) []string {
	names := []string{
		"Administrator", "System Manager", "Guest", "All", "Desk User", "Sales User", "Sales Manager", "Accounts User",
		"Accounts Manager", "Support Team", "Stock User", "Stock Manager", "Projects User", "HR User", "Customer",
	}
	for _, d := range s.Set.All() {
		for _, p := range d.Permissions {
			names = append(names, p.Role)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// modules are those of the doctypes, and the one for what a site makes itself.
func modules(s *document.Session) []string {
	names := []string{"Custom"}
	for _, d := range s.Set.All() {
		names = append(names, d.Module)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func lay(s *document.Session, doctype, name string, row store.Row) error {
	found, err := exists(s, doctype, name)
	if err != nil || found {
		return err
	}
	return s.Tx.Insert(doctype, row)
}

// fit sets the columns that the laid rows need to be usable.
func fit(s *document.Session) error {
	for _, stmt := range []string{
		`UPDATE tabUOM SET enabled = 1, must_be_whole_number = (name IN ('Nos', 'Unit')) WHERE owner = 'Administrator'`,
		`UPDATE tabCurrency SET enabled = 1, fraction_units = 100, symbol = '$',
			smallest_currency_fraction_value = CASE name WHEN 'CAD' THEN 0.05 ELSE 0.01 END WHERE name IN ('CAD', 'USD')`,
		`UPDATE tabCurrency SET enabled = 1, fraction_units = 100, symbol = '€', smallest_currency_fraction_value = 0.01 WHERE name = 'EUR'`,
		`UPDATE "tabLanguage" SET enabled = 1, language_name = name`,
		`UPDATE "tabPrice List" SET enabled = 1, selling = 1, currency = 'CAD' WHERE name = 'Standard Selling' AND currency IS NULL`,
		`UPDATE "tabMode of Payment" SET enabled = 1, type = CASE name WHEN 'Cash' THEN 'Cash' ELSE 'Bank' END WHERE type IS NULL`,
		`UPDATE "tabStock Entry Type" SET purpose = name WHERE purpose IS NULL`,
		`UPDATE tabRole SET desk_access = (name NOT IN ('Guest', 'All', 'Customer'))`,
		`UPDATE "tabModule Def" SET app_name = 'frappe'`,
		`UPDATE "tabItem Group" SET is_group = (name = 'All Item Groups'), parent_item_group = CASE name WHEN 'All Item Groups' THEN NULL ELSE 'All Item Groups' END WHERE name IN ('All Item Groups', 'Services', 'Products')`,
		`UPDATE "tabCustomer Group" SET is_group = (name = 'All Customer Groups'), parent_customer_group = CASE name WHEN 'All Customer Groups' THEN NULL ELSE 'All Customer Groups' END WHERE name IN ('All Customer Groups', 'Individual', 'Commercial')`,
		`UPDATE tabTerritory SET is_group = (name = 'All Territories'), parent_territory = CASE name WHEN 'All Territories' THEN NULL ELSE 'All Territories' END WHERE name IN ('All Territories', 'Canada')`,
	} {
		if err := s.Tx.Exec(stmt); err != nil {
			return err
		}
	}
	for _, folder := range []string{"Home", "Home/Attachments"} {
		row := store.Row{
			"name": folder, "file_name": folder[max(0, len(folder)-len("Attachments")):], "is_folder": int64(1),
			"owner": "Administrator", "creation": s.Now(), "modified": s.Now(),
		}
		if err := lay(s, "File", folder, row); err != nil {
			return err
		}
	}
	if err := settings(s); err != nil {
		return err
	}
	for _, doctype := range []string{"Item Group", "Customer Group", "Territory"} {
		if err := Replant(s, s.Set.Get(doctype)); err != nil {
			return err
		}
	}
	return nil
}

// settings stores the site's settings as the installation leaves them.
func settings(s *document.Session) error {
	doc, err := s.Load("System Settings", "System Settings")
	if err != nil {
		return err
	}
	doc.Set("time_zone", "America/Toronto")
	doc.Set("modified", s.Now())
	doc.Set("modified_by", "Administrator")
	row, err := doc.Row()
	if err != nil {
		return err
	}
	row["language"], row["country"] = "en", "Canada"
	return s.Tx.SetSingle("System Settings", row)
}
