package front

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// field is a line of a document: a text, which may lead to another document, or
// the rows of a table.
type field struct {
	Name, Text, Link string
	Rows             [][]field
}

// fields lists what is filled and means something, by name. What the framework
// keeps for itself, and the same amounts in the company's currency, is left out.
func fields(values map[string]any) []field {
	var out []field
	for name, value := range values {
		if ofTheSystem(name) {
			continue
		}
		each := field{Name: name}
		if rows, table := value.([]any); table {
			each.Rows = tableRows(rows)
		} else {
			each.Text = text(name, values)
			each.Link = linkOf(name, values).path()
		}
		if each.Text != "" || each.Rows != nil {
			out = append(out, each)
		}
	}
	slices.SortFunc(out, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func tableRows(rows []any) (out [][]field) {
	for _, row := range rows {
		if values, ok := row.(map[string]any); ok {
			out = append(out, fields(values))
		}
	}
	return out
}

func ofTheSystem(name string) bool {
	switch name {
	case "name", "doctype", "owner", "creation", "modified", "modified_by", "idx", "docstatus", "parent", "parentfield", "parenttype", "naming_series",
		"conversion_rate", "conversion_factor", "plc_conversion_rate", "price_list_currency", "lft", "rgt", "old_parent",
		"stock_uom", "stock_qty", "stock_uom_rate", "tax_amount_after_discount_amount":
		return true
	}
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, "base_")
}

// text writes a value for people: amounts as they read them, terms without their
// HTML, and nothing at all where there is nothing or zero.
func text(name string, values map[string]any) string {
	switch v := values[name].(type) {
	case nil:
		return ""
	case float64:
		if v == 0 {
			return ""
		}
		if money(name, values) {
			return hub.DollarsFloat(v).In(hub.French)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		switch {
		case v == "0" || v == "[]" || v == "{}":
			return ""
		case strings.HasPrefix(v, "<"):
			return strings.TrimSpace(tags().ReplaceAllString(v, " "))
		}
		return fractions().ReplaceAllString(v, "$1")
	default:
		return fmt.Sprint(v)
	}
}

func tags() *regexp.Regexp { return regexp.MustCompile(`<[^>]*>`) }

// fractions finds an instant with microseconds, as ERPNext writes it.
func fractions() *regexp.Regexp { return regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d+$`) }

// money tells whether a field is an amount. A rate is one on a line of items, and
// a percentage on a line of taxes.
func money(name string, values map[string]any) bool {
	switch name {
	case "rate":
		return values["item_code"] != nil
	case "total", "net_total", "grand_total", "rounded_total", "rounding_adjustment", "outstanding_amount", "total_taxes_and_charges", "amount", "net_rate",
		"net_amount", "tax_amount", "payment_amount", "outstanding", "paid_amount", "price_list_rate", "standard_rate", "monthly_price", "monthly_rate", "install_fee",
		"regular_price", "granted_price", "economy", "residual_value", "total_benefits", "residual_total":
		return true
	}
	return false
}

// reference names a document.
type reference struct{ Doctype, Name string }

// path is where the document is shown; "" when there is none to show.
func (r reference) path() string {
	if _, shown := kindOf(r.Doctype); !shown || r.Name == "" {
		return ""
	}
	return "/town/" + url.PathEscape(r.Doctype) + "/" + url.PathEscape(r.Name)
}

// linkOf is the document that a field names; empty when it names none.
func linkOf(name string, values map[string]any) reference {
	value, _ := values[name].(string)
	doctype := map[string]string{
		"customer": "Customer", "service_location": "Service Location", "custom_service_location": "Service Location", "quotation": "Quotation",
		"prevdoc_docname": "Quotation", "service_contract": "Service Contract", "subscription": "Service Subscription",
		"service_subscription": "Service Subscription", "source_issue": "Issue", "dispatch_job": "Dispatch Job", "activation_job": "Dispatch Job",
		"parent_job": "Dispatch Job", "depends_on": "Dispatch Job", "job": "Dispatch Job", "assigned_tech": "Dispatch Technician",
		"technician": "Dispatch Technician", "held_by_technician": "Dispatch Technician", "item": "Item", "item_code": "Item",
		"equipment": "Service Equipment", "replaced_by": "Service Equipment", "termination_invoice": "Sales Invoice", "custom_deposit_invoice": "Sales Invoice",
	}[name]
	switch name {
	case "party_name":
		doctype, _ = values["quotation_to"].(string)
	case "reference_name":
		doctype, _ = values["reference_doctype"].(string)
	case "attached_to_name":
		doctype, _ = values["attached_to_doctype"].(string)
	}
	if doctype == "" || value == "" {
		return reference{}
	}
	return reference{doctype, value}
}
