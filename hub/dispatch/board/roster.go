package board

import (
	"context"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

func (b *Board) tags(ctx context.Context) ([]Tag, error) {
	tags := []Tag{}
	err := b.erp.List(ctx, erpnext.Query{Doctype: "Dispatch Tag", OrderBy: "name asc", Limit: boardRows}, &tags)
	return tags, err
}

// skilled is a technician with one of his tags: one row for each tag.
type skilled struct {
	Technician
	Tag   string       `json:"tag"`
	Level int          `json:"level"`
	Phone string       `json:"phone"`
	Works erpnext.Flag `json:"active"`
}

// column keeps who works, and who left but still has jobs on the board: they must
// not fall off it.
func column(people []Technician, cards []Card) []Technician {
	has := map[string]bool{}
	for i := range cards {
		has[cards[i].AssignedTech] = true
	}
	return slices.DeleteFunc(people, func(t Technician) bool { return !t.Active && !has[t.Name] })
}

// technicians reads all of them, also who left.
func (b *Board) technicians(ctx context.Context) ([]Technician, error) {
	var rows []skilled
	err := b.erp.List(ctx, erpnext.Query{
		Doctype: "Dispatch Technician",
		Fields: []string{
			"name", "full_name", "status", "active", "color", "assigned_group", "resource_type", "max_daily_hours", "warehouse", "phone",
			"home_base_latitude", "home_base_longitude", "tags.tag as tag", "tags.level as level",
		},
		OrderBy: "full_name asc, name asc, `tabDispatch Tag Link`.`idx` asc", Limit: boardRows,
	}, &rows)
	people := []Technician{}
	for _, row := range rows {
		if len(people) == 0 || people[len(people)-1].Name != row.Name {
			row.Tags = []RequiredTag{}
			_, err := hub.ParsePhone(row.Phone)
			row.HasPhone, row.Active = err == nil, bool(row.Works)
			people = append(people, row.Technician)
		}
		if last := &people[len(people)-1]; row.Tag != "" {
			last.Tags = append(last.Tags, RequiredTag{Tag: row.Tag, Level: row.Level})
		}
	}
	return people, err
}
