package dispatch

import (
	"context"

	"gigafibre.ca/targo-hub/erpnext"
)

func (b *Board) tags(ctx context.Context) ([]Tag, error) {
	tags := []Tag{}
	err := b.erp.List(ctx, erpnext.Query{Doctype: "Dispatch Tag", OrderBy: "name asc", Limit: boardRows}, &tags)
	return tags, err
}

// skilled is a technician with one of his tags: one row for each tag.
type skilled struct {
	Technician
	Tag   string `json:"tag"`
	Level int    `json:"level"`
}

func (b *Board) technicians(ctx context.Context) ([]Technician, error) {
	var rows []skilled
	err := b.erp.List(ctx, erpnext.Query{
		Doctype: "Dispatch Technician", Filters: []erpnext.Filter{erpnext.Eq("active", true)},
		Fields: []string{
			"name", "full_name", "status", "color", "assigned_group", "resource_type", "max_daily_hours",
			"home_base_latitude", "home_base_longitude", "tags.tag as tag", "tags.level as level",
		},
		OrderBy: "full_name asc, name asc, `tabDispatch Tag Link`.`idx` asc", Limit: boardRows,
	}, &rows)
	people := []Technician{}
	for _, row := range rows {
		if len(people) == 0 || people[len(people)-1].Name != row.Name {
			row.Tags = []RequiredTag{}
			people = append(people, row.Technician)
		}
		if last := &people[len(people)-1]; row.Tag != "" {
			last.Tags = append(last.Tags, RequiredTag{Tag: row.Tag, Level: row.Level})
		}
	}
	return people, err
}
