package audit

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// export streams the table page by page: its length does not matter.
func (d *Desk) export(c echo.Context) error {
	filter, err := filterOf(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	records, next, err := d.trail.Audits(ctx, filter)
	if err != nil {
		return fmt.Errorf("exporting the audit: %w", err)
	}
	out := c.Response()
	out.Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
	out.Header().Set(echo.HeaderContentDisposition, `attachment; filename="audit.csv"`)
	out.Header().Set("Cache-Control", "no-store")
	out.WriteHeader(http.StatusOK)
	table := csv.NewWriter(out)
	if err := table.Write([]string{"at", "actor", "action", "doctype", "name", "detail", "request", "id"}); err != nil {
		return err
	}
	for {
		for _, record := range records {
			if err := table.Write(row(record)); err != nil {
				return err
			}
		}
		if table.Flush(); table.Error() != nil {
			return table.Error()
		}
		out.Flush()
		if next == "" {
			return nil
		}
		filter.Cursor = next
		if records, next, err = d.trail.Audits(ctx, filter); err != nil {
			panic(http.ErrAbortHandler) // the reader must not take what it has for all of it
		}
	}
}

func filterOf(c echo.Context) (keep.AuditFilter, error) {
	filter := keep.AuditFilter{
		Actor: c.QueryParam("actor"), Action: c.QueryParam("action"), Doctype: c.QueryParam("doctype"), Name: c.QueryParam("name"), Limit: 200,
	}
	if since := c.QueryParam("since"); since != "" {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return filter, &hub.Error{Kind: hub.Invalid, Code: "invalid", Detail: "Some values are not valid.", Fields: []hub.Field{
				{Pointer: "query/since", Detail: "must be an instant like 2026-11-22T10:00:00Z"},
			}}
		}
		filter.Since = at
	}
	return filter, nil
}

func row(r keep.Record) []string {
	return []string{
		r.At.UTC().Format(time.RFC3339Nano), hub.Cell(r.Actor), hub.Cell(r.Action), hub.Cell(r.Doctype), hub.Cell(r.Name), hub.Cell(r.Detail), hub.Cell(r.Request), r.ID,
	}
}
