package contract

import (
	"log/slog"

	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/life"
	"gigafibre.ca/targo-hub/hub/contract/termination"
)

// The settings of the rooms in which services change and contracts end.
type (
	Termination = termination.Config
	Life        = life.Config
)

// endings makes the rooms in which services change and contracts end, beside the
// agenda of what is to happen to them on days to come.
func endings(d Deps, plans *agenda.Agenda, bills *bill.Desk, log *slog.Logger) ([]any, error) {
	ends := termination.NewDesk(termination.Deps{
		ERPNext: d.ERPNext, Store: d.Store, News: d.News, Bills: bills, Agenda: plans, Words: d.Words, TasksTo: d.TasksTo,
		Config: d.Config.Termination, Now: d.Now, Log: log,
	})
	changes, err := life.NewDesk(life.Deps{
		ERPNext: d.ERPNext, Store: d.Store, News: d.News, Bills: bills, Agenda: plans, Config: d.Config.Life, Now: d.Now, Log: log,
	})
	return []any{plans, ends, changes}, err
}
