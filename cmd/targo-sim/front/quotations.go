package front

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// row is a quotation on the front page. One that can be signed has a link, or
// the reason why the hub made none; any other says what became of it.
type row struct {
	Name, Customer, Total string
	State                 state
	Link, Problem         string
}

// state is what became of a quotation, in both languages; empty while it is open.
type state struct{ French, English string }

// quotation is what the front page reads of one.
type quotation struct {
	Name         string      `json:"name"`
	Docstatus    int         `json:"docstatus"`
	Status       string      `json:"status"`
	CustomerName string      `json:"customer_name"`
	GrandTotal   json.Number `json:"grand_total"`
	ValidTill    string      `json:"valid_till"`
	AcceptedAt   string      `json:"custom_accepted_at"`
}

// state judges a quotation on a day (YYYY-MM-DD). An accepted one stays Open in
// ERPNext, and one that has just run out does until ERPNext's next night.
func (q quotation) state(today string) state {
	switch {
	case q.Docstatus == 2:
		return state{"Annulée", "Cancelled"}
	case q.Status == "Lost":
		return state{"Refusée", "Declined"}
	case q.AcceptedAt != "":
		return state{"Acceptée", "Accepted"}
	case q.Status == "Ordered" || q.Status == "Partially Ordered":
		return state{"Commandée", "Ordered"}
	case q.Docstatus == 0:
		return state{"Brouillon", "Draft"}
	case q.Status == "Expired" || q.ValidTill != "" && q.ValidTill < today:
		return state{"Expirée", "Expired"}
	}
	return state{}
}

// rows reads the quotations in one call and shows them in the order of their names.
func (f *page) rows(ctx context.Context, hubUp bool, names []string) []row {
	known, today := map[string]quotation{}, time.Now().In(hub.Local()).Format(time.DateOnly)
	var list struct{ Data []quotation }
	err := f.ask(ctx, http.MethodGet, f.list("Quotation", []any{"name", "in", names}), nil, &list)
	for _, q := range list.Data {
		known[q.Name] = q
	}
	var out []row
	for _, name := range names {
		q, found := known[name]
		line := row{Name: name, Customer: q.CustomerName, Total: dollars(q.GrandTotal), State: q.state(today)}
		switch {
		case err != nil || !found:
			line.State, line.Problem = state{}, "ERPNext ne répond pas."
		case hubUp && line.State == state{}:
			line.Link, line.Problem = f.link(ctx, name)
		}
		out = append(out, line)
	}
	return out
}

// dollars writes an amount of ERPNext's for people who read French.
func dollars(amount json.Number) string {
	m, err := hub.Dollars(amount.String())
	if err != nil {
		return ""
	}
	return m.In(hub.French)
}

// link asks the hub once for the address where a quotation is signed.
func (f *page) link(ctx context.Context, quotation string) (link, problem string) {
	return f.made(ctx, quotation, "/accept/generate", map[string]string{"quotation": quotation})
}
