package board

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// The rows of the jobs' tables, with the job that they belong to.
type (
	tagRow struct {
		Parent string `json:"parent"`
		RequiredTag
	}
	waitRow struct {
		Parent string `json:"parent"`
		Job    string `json:"job"`
	}
	helpRow struct {
		Parent string `json:"parent"`
		Assistant
	}
	answerRow struct {
		Parent string       `json:"parent"`
		Needed erpnext.Flag `json:"required"`
		Kind   string       `json:"answer_type"`
		Value  string       `json:"value"`
		DoneAt string       `json:"done_at"`
	}
)

// attach reads the tables of all jobs, at once, and joins them; released are those
// that a person let go.
func (b *Board) attach(ctx context.Context, cards []Card, released map[string]bool) error {
	names, byName := make([]string, len(cards)), make(map[string]*Card, len(cards))
	for i := range cards {
		names[i], byName[cards[i].Name] = cards[i].Name, &cards[i]
	}
	var (
		tags    []tagRow
		waits   []waitRow
		helpers []helpRow
		answers []answerRow
	)
	work, reading := errgroup.WithContext(ctx)
	work.Go(func() error { return b.erp.List(reading, rowsOf("Dispatch Tag Link", names), &tags) })
	work.Go(func() error { return b.erp.List(reading, rowsOf("Dispatch Job Predecessor", names), &waits) })
	work.Go(func() error { return b.erp.List(reading, rowsOf("Dispatch Job Assistant", names), &helpers) })
	work.Go(func() error { return b.erp.List(reading, rowsOf("Dispatch Job Checklist Item", names), &answers) })
	if err := work.Wait(); err != nil {
		return err
	}
	for _, row := range tags {
		if card := byName[row.Parent]; card != nil {
			card.Tags = append(card.Tags, row.RequiredTag)
		}
	}
	for _, row := range helpers {
		if card := byName[row.Parent]; card != nil {
			card.Assistants = append(card.Assistants, row.Assistant)
		}
	}
	for _, row := range waits {
		if card := byName[row.Parent]; card != nil && !slices.Contains(card.WaitsFor, row.Job) {
			card.WaitsFor = append(card.WaitsFor, row.Job)
		}
	}
	for _, row := range answers {
		if card := byName[row.Parent]; card != nil {
			card.Checklist.count(row)
		}
	}
	tell(cards, byName)
	return b.hold(ctx, cards, byName, released)
}

// count takes an answer of the checklist into account.
func (p *Progress) count(row answerRow) {
	answered := row.Value != "" || row.Kind == "check" && row.DoneAt != ""
	p.Total++
	if answered {
		p.Done++
	}
	if bool(row.Needed) && !answered {
		p.Missing++
	}
}

// tell tells parents of their children.
func tell(cards []Card, byName map[string]*Card) {
	for i := range cards {
		if parent := byName[cards[i].ParentJob]; parent != nil {
			parent.Children = append(parent.Children, cards[i].Name)
		}
	}
}

// hold tells those that wait of what keeps them.
func (b *Board) hold(ctx context.Context, cards []Card, byName map[string]*Card, released map[string]bool) error {
	elsewhere, err := b.elsewhere(ctx, cards, byName)
	if err != nil {
		return err
	}
	for i := range cards {
		card := &cards[i]
		if machine.Final(card.Status) {
			continue
		}
		ahead := false // it can be taken before its turn has come
		for _, name := range card.WaitsFor {
			status := elsewhere[name]
			if other := byName[name]; other != nil {
				status = other.Status
			}
			if status != "" && status != erpnext.JobCompleted {
				card.BlockedBy = append(card.BlockedBy, name)
				ahead = ahead || !machine.Final(status)
			}
		}
		card.Blocked = card.Status == erpnext.JobOnHold || ahead && !released[card.Name] && !machine.UnderWay(card.Status)
	}
	return nil
}

// elsewhere reads the states of those jobs that others on the board wait for and
// that are not on it themselves: of a later day, of another group, or done. Not
// of those that are under way or final: they are kept by nobody any more.
func (b *Board) elsewhere(ctx context.Context, cards []Card, byName map[string]*Card) (map[string]string, error) {
	var unseen []string
	for i := range cards {
		if machine.Final(cards[i].Status) || machine.UnderWay(cards[i].Status) {
			continue
		}
		for _, name := range cards[i].WaitsFor {
			if byName[name] == nil {
				unseen = append(unseen, name)
			}
		}
	}
	if len(unseen) == 0 {
		return nil, nil
	}
	slices.Sort(unseen)
	var rows []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	}
	err := b.erp.List(ctx, erpnext.Query{
		Doctype: "Dispatch Job", Filters: []erpnext.Filter{erpnext.In("name", slices.Compact(unseen)...)}, Limit: boardRows,
	}, &rows)
	states := make(map[string]string, len(rows))
	for _, row := range rows {
		states[row.Name] = b.words.In(row.Status)
	}
	return states, err
}

// rowsOf asks for a child table of many jobs in one call: the list of names is
// sent in a body when it is long.
func rowsOf(child string, jobs []string) erpnext.Query {
	return erpnext.Query{
		Doctype: child, Parent: "Dispatch Job", OrderBy: "parent asc, idx asc", Limit: boardRows,
		Filters: []erpnext.Filter{erpnext.Eq("parenttype", "Dispatch Job"), erpnext.In("parent", jobs...)},
	}
}
