package visit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// Good is an article that a visit may use up.
type Good struct {
	Item  string // its code
	Title string
	Unit  string
}

// How many articles a telephone is given, and how long they are believed.
const (
	mostGoods = 200
	goodsFor  = 10 * time.Minute
	mostVans  = 1000
)

// shelf remembers what the technicians have in their vans.
type shelf struct {
	mu   sync.Mutex
	vans map[string]van
}

type van struct {
	goods []Good
	until time.Time
}

// Goods are the articles that the technician may have used, by name: those that lie
// in his van, else those that the site keeps in stock. They are remembered for ten
// minutes, so that a day of pages costs one look; what was known is told on while
// ERPNext is away.
func (d *Desk) Goods(ctx context.Context, technician string) ([]Good, error) {
	if d.ERPNext == nil || technician == "" {
		return nil, nil
	}
	d.shelf.mu.Lock()
	known, is := d.shelf.vans[technician]
	d.shelf.mu.Unlock()
	if is && d.Now().Before(known.until) {
		return known.goods, nil
	}
	goods, err := d.look(ctx, technician)
	if err != nil {
		return known.goods, err
	}
	d.shelf.mu.Lock()
	defer d.shelf.mu.Unlock()
	if d.shelf.vans == nil || len(d.shelf.vans) >= mostVans {
		d.shelf.vans = map[string]van{}
	}
	d.shelf.vans[technician] = van{goods, d.Now().Add(goodsFor)}
	return goods, nil
}

// look reads them in at most three calls.
func (d *Desk) look(ctx context.Context, technician string) ([]Good, error) {
	codes, err := d.aboard(ctx, technician)
	if err != nil {
		return nil, err
	}
	q := erpnext.Query{
		Doctype: "Item", Fields: []string{"name", "item_name", "stock_uom"}, Filters: []erpnext.Filter{erpnext.Eq("disabled", 0)},
		OrderBy: "item_name asc, name asc", Limit: mostGoods,
	}
	if len(codes) > 0 {
		q.Filters = append(q.Filters, erpnext.In("name", codes...))
	} else {
		q.Filters = append(q.Filters, erpnext.Eq("is_stock_item", 1), erpnext.Eq("has_variants", 0))
	}
	var items []erpnext.Item
	if err := d.ERPNext.List(ctx, q, &items); err != nil {
		return nil, fmt.Errorf("reading the articles of %s: %w", technician, err)
	}
	goods := make([]Good, 0, len(items))
	for _, i := range items {
		goods = append(goods, Good{Item: i.Name, Title: cmp.Or(i.ItemName, i.Name), Unit: i.StockUOM})
	}
	slices.SortStableFunc(goods, func(a, b Good) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), strings.Compare(a.Item, b.Item))
	})
	return goods, nil
}

// aboard are the codes of what lies in his van; none when he has no van, or nobody
// counts what is in it.
func (d *Desk) aboard(ctx context.Context, technician string) ([]string, error) {
	type driver struct {
		Warehouse string `json:"warehouse"`
	}
	var who []driver
	q := erpnext.Query{Doctype: "Dispatch Technician", Fields: []string{"warehouse"}, Filters: []erpnext.Filter{erpnext.Eq("name", technician)}, Limit: 1}
	if err := d.ERPNext.List(ctx, q, &who); err != nil {
		return nil, fmt.Errorf("reading the van of %s: %w", technician, err)
	}
	if len(who) == 0 || who[0].Warehouse == "" {
		return nil, nil
	}
	var bins []erpnext.Bin
	q = erpnext.Query{
		Doctype: "Bin", Fields: []string{"item_code"}, Limit: mostGoods, OrderBy: "item_code asc",
		Filters: []erpnext.Filter{erpnext.Eq("warehouse", who[0].Warehouse), erpnext.Where("actual_qty", ">", 0)},
	}
	if err := d.ERPNext.List(ctx, q, &bins); err != nil {
		return nil, fmt.Errorf("reading what lies in %s: %w", who[0].Warehouse, err)
	}
	codes := make([]string, 0, len(bins))
	for _, b := range bins {
		codes = append(codes, b.ItemCode)
	}
	return codes, nil
}

// Named finds the article that somebody typed, by its code or its name.
func Named(goods []Good, typed string) (Good, bool) {
	typed = strings.TrimSpace(typed)
	for _, by := range []func(Good) string{func(g Good) string { return g.Item }, func(g Good) string { return g.Title }} {
		if i := slices.IndexFunc(goods, func(g Good) bool { return strings.EqualFold(by(g), typed) }); i >= 0 {
			return goods[i], true
		}
	}
	return Good{}, false
}
