package termination

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/fee"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/calculate-termination", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-calculate-termination", Summary: "What it costs to end a contract on a day; nothing is written",
		Description: "For residential contracts the total is never above `legal_cap`. 422 when the contract has a term but no `start_date`.",
	}, d.calculate)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/terminate", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-terminate", Summary: "End a contract with all that hangs on it",
		Description: "Answers when all of it is done, or after a few seconds with what is done so far (`state` says which); what is missing is carried on with. " +
			"The invoice is a draft. A repeat answers the same. With a `date` to come it is planned: see `GET /contract/changes`, where it can be called off. " +
			"409 with the `state` when the contract is not signed or active.",
	}, d.terminate)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/contract/{name}/termination", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-termination", Summary: "How the termination of a contract stands, step by step",
	}, d.show)
}

// Preview is what ending a contract costs.
type Preview struct {
	Contract     string       `json:"contract"`
	ContractType string       `json:"contract_type"`
	Track        string       `json:"track" enum:"residential,commercial"`
	Date         erpnext.Date `json:"date"`

	MonthsTotal     int `json:"months_total"`
	MonthsElapsed   int `json:"months_elapsed" doc:"A month that has begun counts"`
	MonthsRemaining int `json:"months_remaining"`

	FeeBenefits  hub.Money `json:"termination_fee_benefits"`
	FeeRemaining hub.Money `json:"termination_fee_remaining"`
	FeeTotal     hub.Money `json:"termination_fee_total" doc:"Before tax"`

	LegalCap       *hub.Money `json:"legal_cap" doc:"The law's maximum; null for commercial contracts, which have none"`
	GoodsResidual  hub.Money  `json:"goods_rebate_residual"`
	NoGoodsCap     hub.Money  `json:"no_goods_cap"`
	InstallBalance hub.Money  `json:"financed_install_balance"`
	InstallDue     hub.Money  `json:"financed_install_due" doc:"Asked for beside the fee, when the settings make it a debt of its own"`
	CommercialLeft hub.Money  `json:"commercial_remaining"`
	Explanation    []string   `json:"explanation" nullable:"false"`
}

func preview(c *erpnext.ServiceContract, f fee.Fee, on erpnext.Date, lang hub.Lang) Preview {
	return Preview{
		Contract: c.Name, ContractType: c.ContractType, Track: f.Track, Date: on,
		MonthsTotal: f.Total, MonthsElapsed: f.Elapsed, MonthsRemaining: f.Remaining,
		FeeBenefits: f.FeeBenefits, FeeRemaining: f.FeeRemaining, FeeTotal: f.FeeTotal,
		LegalCap: f.LegalCap, GoodsResidual: f.GoodsResidual, NoGoodsCap: f.NoGoodsCap, InstallBalance: f.InstallBalance,
		InstallDue: f.InstallDue, CommercialLeft: f.CommercialLeft, Explanation: f.Explain(lang),
	}
}

// Terminated is how a termination stands.
type Terminated struct {
	Contract      string           `json:"contract"`
	Status        string           `json:"status" doc:"Of the contract: Résilié once that is written"`
	State         string           `json:"state" enum:"none,planned,pending,done,failed"`
	Date          erpnext.Date     `json:"termination_date"`
	Reason        string           `json:"reason"`
	Invoice       string           `json:"invoice" doc:"A draft; empty when nothing is owed"`
	Subscription  string           `json:"subscription"`
	Subscriptions []string         `json:"subscriptions" nullable:"false" doc:"With the rebates under them"`
	Jobs          []string         `json:"jobs" nullable:"false" doc:"Visits that were called off"`
	Pickup        string           `json:"pickup" doc:"The visit that fetches our equipment back"`
	Fee           *Preview         `json:"fee,omitempty"`
	Steps         []saga.StepState `json:"steps" nullable:"false"`
	Change        string           `json:"change,omitempty" doc:"Of GET /contract/changes, while it is planned"`
	Work          string           `json:"work,omitempty" doc:"The job that carries it"`
	Tries         int              `json:"tries,omitempty"`
	Note          string           `json:"note,omitempty"`
}

type calculateInput struct {
	Body struct {
		Contract string `json:"contract" minLength:"1" maxLength:"140"`
		Date     string `json:"date,omitempty" maxLength:"10" doc:"YYYY-MM-DD; today when empty"`
	}
}

type previewOutput struct{ Body Preview }

// calculate answers POST /contract/calculate-termination. Of a contract that has
// ended it tells what holds for the day on which it did.
func (d *Desk) calculate(ctx context.Context, in *calculateInput) (*previewOutput, error) {
	c, err := d.clerk.Contract(ctx, in.Body.Contract)
	if err != nil {
		return nil, err
	}
	on := erpnext.Date(in.Body.Date)
	switch {
	case on != "":
	case c.TerminationDate != "":
		on = c.TerminationDate
	default:
		on = d.today()
	}
	f, err := d.fee(ctx, c, on)
	if err != nil {
		return nil, err
	}
	return &previewOutput{Body: preview(c, f, on, web.CallerOf(ctx).Lang)}, nil
}

type terminateInput struct {
	Body struct {
		Contract string `json:"contract" minLength:"1" maxLength:"140"`
		Reason   string `json:"reason" minLength:"3" maxLength:"500" doc:"At least 3 characters"`
		Date     string `json:"date,omitempty" maxLength:"10" doc:"YYYY-MM-DD; today when empty; a day to come is planned"`
	}
}

type terminatedOutput struct{ Body Terminated }

// terminate answers POST /contract/terminate.
func (d *Desk) terminate(ctx context.Context, in *terminateInput) (*terminatedOutput, error) {
	reason := strings.TrimSpace(in.Body.Reason)
	if utf8.RuneCountInString(reason) < 3 {
		return nil, hub.Fail(hub.Invalid, "invalid", "The reason is missing.", nil, hub.WithField("/reason", "write at least 3 characters"))
	}
	on, err := d.day(in.Body.Date)
	if err != nil {
		return nil, err
	}
	c, err := d.clerk.Contract(ctx, in.Body.Contract)
	if err != nil {
		return nil, err
	}
	out, err := d.end(ctx, c, on, reason)
	if err != nil {
		return nil, err
	}
	return &terminatedOutput{Body: out}, nil
}

// day reads a day that is not past.
func (d *Desk) day(text string) (erpnext.Date, error) {
	on, today := erpnext.Date(text), d.today()
	switch {
	case text == "":
		return today, nil
	case on.Time().IsZero():
		return "", hub.Fail(hub.Invalid, "invalid", "The date is no day of the calendar.", nil, hub.WithField("/date", "write YYYY-MM-DD"))
	case on < today:
		return "", hub.Fail(hub.Invalid, "invalid", "A contract cannot be ended in the past.", nil, hub.WithField("/date", "today or later"))
	}
	return on, nil
}

type showInput struct {
	Name string `path:"name" maxLength:"140"`
}

// show answers GET /contract/{name}/termination.
func (d *Desk) show(ctx context.Context, in *showInput) (*terminatedOutput, error) {
	c, err := d.clerk.Contract(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	job, found, err := d.teller.Find(ctx, "Service Contract", c.Name)
	if err != nil {
		return nil, err
	}
	if found {
		account, err := d.teller.Account(ctx, job)
		if err != nil {
			return nil, err
		}
		out, err := d.told(ctx, c, job, account)
		return &terminatedOutput{Body: out}, err
	}
	out, err := d.plannedFor(ctx, c)
	return &terminatedOutput{Body: out}, err
}
