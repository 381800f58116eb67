// Package audit shows who did what: who released a message, tried a delivery
// again, made a link, decided instead of a customer. The lines are written where
// things are done; here they are read.
//
// Routes: GET /audit and, as a table for a spreadsheet, GET /audit.csv, for the
// staff. It publishes nothing, calls no system and remembers nothing itself; the
// lines stand in hub/keep.
package audit

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Trail reads the lines.
type Trail interface {
	Audits(ctx context.Context, filter keep.AuditFilter) (page []keep.Record, next string, err error)
}

// Desk answers questions about the past.
type Desk struct {
	trail Trail
}

// New makes a desk.
func New(trail Trail) *Desk { return &Desk{trail: trail} }

// Mount adds the routes.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/audit", Guard: web.Staff, ID: "list-audit", Tag: "audit",
		Summary:     "List who did what, newest first",
		Description: "GET /audit.csv with the same filters gives all of it as a table.",
	}, d.list)
	r.Handle(http.MethodGet, "/audit.csv", web.Staff, d.export, web.Doc{
		ID: "export-audit", Tag: "audit", Summary: "Export who did what as a table, newest first",
		Description: "Columns: at, actor, action, doctype, name, detail, request, id. Takes the filters of GET /audit: actor, " +
			"action, doctype, name, since. It breaks off, without its proper end, when the store fails meanwhile.",
		Answer: "text/csv", Budget: exportBudget,
	})
}

const exportBudget = 5 * time.Minute

// Line is what was done once.
type Line struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"Who: role and name"`
	Action  string    `json:"action" doc:"What: message.release, delivery.retry …"`
	Doctype string    `json:"reference_doctype,omitempty"`
	Name    string    `json:"reference_name,omitempty" doc:"To which document"`
	Detail  string    `json:"detail,omitempty" doc:"Why, in words"`
	Request string    `json:"request,omitempty" doc:"Id of the request"`
}

func lineOf(r keep.Record) Line {
	return Line{
		ID: r.ID, At: r.At.UTC(), Actor: r.Actor, Action: r.Action, Doctype: r.Doctype, Name: r.Name, Detail: r.Detail, Request: r.Request,
	}
}

func (d *Desk) list(ctx context.Context, in *listInput) (*web.Listing[Line], error) {
	records, next, err := d.trail.Audits(ctx, keep.AuditFilter{
		Actor: in.Actor, Action: in.Action, Doctype: in.Doctype, Name: in.Name, Since: in.Since, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, fmt.Errorf("listing the audit: %w", err)
	}
	lines := make([]Line, 0, len(records))
	for _, record := range records {
		lines = append(lines, lineOf(record))
	}
	return web.List(lines, next), nil
}

type listInput struct {
	Actor   string    `query:"actor" maxLength:"200" doc:"Exactly as it is shown"`
	Action  string    `query:"action" maxLength:"100"`
	Doctype string    `query:"doctype" maxLength:"140"`
	Name    string    `query:"name" maxLength:"200"`
	Since   time.Time `query:"since" doc:"At or after this instant"`
	web.Paging
}
