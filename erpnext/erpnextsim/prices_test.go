package erpnextsim_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestPrices checks that an item's rate becomes its price, and the price the rate of
// a row, as ERPNext does.
func TestPrices(t *testing.T) {
	t.Parallel()
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		b := open(t, erpnextsim.Options{Profile: profile})
		shop(b)
		b.put("Item", map[string]any{"item_code": "F500", "item_group": "Services", "stock_uom": "Nos", "standard_rate": 60})
		again := b.call(417, "POST", "/api/resource/Item Price", `{"item_code":"F500","price_list":"Standard Selling","price_list_rate":58}`)
		if got := again.body["exc_type"]; got != "ItemPriceDuplicateItem" {
			t.Errorf("a second price: %v, want ItemPriceDuplicateItem", got)
		}
		rows := []struct{ row, want string }{
			{`{"item_code":"F500","qty":1}`, "rate=60 price_list_rate=60 discount_amount=0 "},
			{`{"item_code":"F500","qty":1,"rate":50}`, "rate=50 price_list_rate=60 discount_amount=10 "},
			{`{"item_code":"FIBRE","qty":1,"rate":5}`, "rate=5 price_list_rate=0 discount_amount=0 "},
		}
		for _, c := range rows {
			made := b.call(200, "POST", "/api/resource/Quotation", `{"party_name":"Zoé","items":[`+c.row+`]}`).data()
			row := made["items"].([]any)[0].(map[string]any)
			if got := pick(row, "rate", "price_list_rate", "discount_amount"); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.row, got, c.want)
			}
		}
		// The older release does not notice the lost link, then asks for the item.
		status, text := 417, "Could not find Row #1: Item Code: GHOST"
		if profile == erpnextsim.V15 {
			status, text = 404, "Item GHOST not found"
		}
		lost := b.call(status, "POST", "/api/resource/Quotation", `{"party_name":"Zoé","items":[{"item_code":"GHOST","qty":1}]}`)
		if got, _ := lost.body["_server_messages"].(string); !strings.Contains(got, text) {
			t.Errorf("an item that is not there: %v, want %s", got, text)
		}
	}
}
