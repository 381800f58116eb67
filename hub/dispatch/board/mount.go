package board

import (
	"context"
	"net/http"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes of the board.
func (b *Board) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/dispatch/board", Guard: web.Staff.Or(web.Service), Tag: "dispatch", Calls: true,
		ID: "dispatch-board", Summary: "Jobs, technicians and tags of some days, in one answer",
		Description: "Days from `from` (today) to `to` (a week), both included; unfinished work of earlier days and work without a day is shown too. A bounded number of calls to ERPNext, whatever the size.",
	}, b.show)
}

type boardInput struct {
	From  string `query:"from" doc:"first day, YYYY-MM-DD; today when empty"`
	To    string `query:"to" doc:"last day, YYYY-MM-DD; a week after the first when empty"`
	Group string `query:"group" doc:"only the jobs of this group"`
}

type boardOutput struct{ Body *Sheet }

func (b *Board) show(ctx context.Context, in *boardInput) (*boardOutput, error) {
	sheet, err := b.Read(ctx, Of{From: erpnext.Date(in.From), To: erpnext.Date(in.To), Group: in.Group})
	if err != nil {
		return nil, err
	}
	return &boardOutput{Body: sheet}, nil
}
