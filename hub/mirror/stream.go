package mirror

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
)

// stream is one list that is read to its end again and again.
type stream struct {
	doctype  string
	fields   []string
	filters  []erpnext.Filter
	optional bool // ERPNext may refuse it
}

// deletedDocument is where ERPNext keeps what was deleted.
const deletedDocument = "Deleted Document"

func (m *Mirror) streams() []stream {
	var list []stream
	for _, doctype := range m.cfg.Doctypes {
		list = append(list, stream{doctype: doctype, fields: append([]string{"name", "modified", "docstatus"}, columns(doctype)...)})
	}
	if m.cfg.Deletions && len(list) > 0 {
		list = append(list, stream{
			doctype: deletedDocument, fields: []string{"name", "modified", "deleted_doctype", "deleted_name"},
			filters: []erpnext.Filter{erpnext.In("deleted_doctype", m.cfg.Doctypes...)}, optional: true,
		})
	}
	return list
}

// columns are the few that say what a change is about, where a doctype is known
// to have them; a column that is missing would fail the whole list.
func columns(doctype string) []string {
	switch doctype {
	case "Quotation":
		return []string{"status", "quotation_to", "party_name"}
	case "Service Contract", "Dispatch Job", "Issue", "Service Subscription", "Sales Invoice", "Sales Order", "Payment Entry":
		return []string{"status", "customer"}
	}
	return nil
}

// place is where a page begins: after the document of that name and modified.
type place struct{ modified, name string }

// query asks for the page after a place. Changes go to the end of the order, so
// one that happens meanwhile is found further on; a place is named by both
// members, since many documents may bear the same modified.
func (s stream) query(rows int, from place) erpnext.Query {
	q := erpnext.Query{
		Doctype: s.doctype, Fields: s.fields, OrderBy: "modified asc", Limit: rows,
		Filters: append([]erpnext.Filter{}, s.filters...),
	}
	if from.modified != "" {
		q.Filters = append(q.Filters, erpnext.Where("modified", ">=", from.modified))
	}
	if from.name != "" {
		q.Or = []erpnext.Filter{erpnext.Where("modified", ">", from.modified), erpnext.Where("name", ">", from.name)}
	}
	return q
}

// row is a document as far as it is read.
type row struct {
	Name        string `json:"name"`
	Modified    string `json:"modified"`
	DocStatus   int    `json:"docstatus"`
	Status      string `json:"status"`
	Customer    string `json:"customer"`
	QuotationTo string `json:"quotation_to"`
	PartyName   string `json:"party_name"`
	Of          string `json:"deleted_doctype"`
	OfName      string `json:"deleted_name"`
}

func (m *Mirror) page(ctx context.Context, s stream, from place) (rows []row, err error) {
	err = m.list(ctx, s.query(m.deps.Page, from), &rows)
	return rows, err
}

func (m *Mirror) list(ctx context.Context, q erpnext.Query, rows *[]row) error {
	if err := m.deps.ERPNext.List(ctx, q, rows); err != nil {
		return unread{err}
	}
	for i := range *rows {
		at, err := clockOf((*rows)[i].Modified)
		if err != nil {
			return fmt.Errorf("reading the modified of a %s: %w", q.Doctype, err)
		}
		(*rows)[i].Modified = at.Format(exact)
	}
	return nil
}

func (s stream) change(r row) Change {
	c := Change{
		Doctype: s.doctype, Name: r.Name, Modified: r.Modified, Status: r.Status, DocStatus: r.DocStatus,
		Customer: r.Customer, Source: ByPoll,
	}
	if r.QuotationTo == "Customer" {
		c.Customer = r.PartyName
	}
	if s.doctype == deletedDocument {
		c.Doctype, c.Name, c.Deleted = r.Of, r.OfName, true
	}
	return c
}

func cmpPlace(a, b Change) int {
	return cmp.Or(strings.Compare(a.Modified, b.Modified), strings.Compare(a.Name, b.Name))
}
