package termination

import (
	"cmp"
	"context"
	"net/http"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/fee"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/calculate-termination", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-calculate-termination", Summary: "What it costs to end a contract on a day; nothing is written",
		Description: "For residential contracts the total is never above `legal_cap`. Of a contract that has ended it tells what its end has cost. All amounts are before tax: the invoice adds TPS and TVQ. 422 when the contract has a term but no `start_date`.",
	}, d.calculate)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/terminate", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-terminate", Summary: "End a contract with all that hangs on it",
		Description: "Answers when all of it is done, or after a few seconds with what is done so far (`state` says which); what is missing is carried on with. " +
			"The invoice is a draft. A repeat answers the same. With a `date` to come it is planned: see `GET /contract/changes`, where it can be called off. " +
			"409 with the `state` when the contract is not signed or active, and 409 `job-underway` while a technician is on the way or at work for it, unless `force` is true.",
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
	Status       string       `json:"status,omitempty" doc:"Résilié: the contract has ended, and these are the amounts of its end, whatever day was asked for; left out otherwise"`
	Invoice      string       `json:"invoice,omitempty" doc:"That it has ended with, if any"`

	MonthsTotal     int `json:"months_total"`
	MonthsElapsed   int `json:"months_elapsed" doc:"A month that has begun counts"`
	MonthsRemaining int `json:"months_remaining"`

	FeeBenefits  hub.Money `json:"termination_fee_benefits"`
	FeeRemaining hub.Money `json:"termination_fee_remaining"`
	FeeTotal     hub.Money `json:"termination_fee_total" doc:"Before tax, like all amounts here"`

	LegalCap       *string   `json:"legal_cap" example:"50.00" doc:"The law's maximum, in dollars with two places; null for commercial contracts, which have none"`
	GoodsResidual  hub.Money `json:"goods_rebate_residual" doc:"Residential: the maximum where goods were rebated; 0 for commercial contracts"`
	NoGoodsCap     hub.Money `json:"no_goods_cap" doc:"Residential: the maximum where no goods were rebated; 0 for commercial contracts"`
	InstallBalance hub.Money `json:"financed_install_balance"`
	InstallDue     hub.Money `json:"financed_install_due" doc:"Asked for beside the fee, when the settings make it a debt of its own"`
	CommercialLeft hub.Money `json:"commercial_remaining" doc:"Payments of the months that are left; 0 for residential contracts, which do not owe them"`
	Explanation    []string  `json:"explanation" nullable:"false"`
	Warnings       []Warning `json:"warnings" nullable:"false" doc:"Visits that are called off although somebody counts on them"`
}

func preview(c *erpnext.ServiceContract, f fee.Fee, on erpnext.Date, lang hub.Lang) Preview {
	var limit *string
	if f.LegalCap != nil {
		text := f.LegalCap.String()
		limit = &text
	}
	p := Preview{
		Contract: c.Name, ContractType: c.ContractType, Track: f.Track, Date: on,
		MonthsTotal: f.Total, MonthsElapsed: f.Elapsed, MonthsRemaining: f.Remaining,
		FeeBenefits: f.FeeBenefits, FeeRemaining: f.FeeRemaining, FeeTotal: f.FeeTotal,
		LegalCap: limit, GoodsResidual: f.GoodsResidual, NoGoodsCap: f.NoGoodsCap, InstallBalance: f.InstallBalance,
		InstallDue: f.InstallDue, CommercialLeft: f.CommercialLeft, Explanation: f.Explain(lang), Warnings: []Warning{},
	}
	if f.Track == fee.Commercial { // a number of the other track would be quoted
		p.GoodsResidual, p.NoGoodsCap = hub.Money{}, hub.Money{}
	} else {
		p.CommercialLeft = hub.Money{}
	}
	return p
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
	DraftsDeleted []string         `json:"drafts_deleted,omitempty" doc:"Draft invoices of changes of plan for days after the end"`
	DraftsLeft    []string         `json:"drafts_left,omitempty" doc:"Drafts that are partly for days after the end, or that ERPNext did not let go: for a person to look at"`
	Warnings      []Warning        `json:"warnings" nullable:"false" doc:"Of the visits called off, those that somebody counted on; the dispatchers get a task"`
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

// calculate answers POST /contract/calculate-termination.
func (d *Desk) calculate(ctx context.Context, in *calculateInput) (*previewOutput, error) {
	c, err := d.clerk.Contract(ctx, in.Body.Contract)
	if err != nil {
		return nil, err
	}
	lang := web.CallerOf(ctx).Lang
	if c.Status == erpnext.ContractTerminated {
		out, err := d.charged(ctx, c, lang)
		return &previewOutput{Body: out}, err
	}
	on := cmp.Or(erpnext.Date(in.Body.Date), d.Agenda.Today())
	f, err := d.fee(ctx, c, on)
	if err != nil {
		return nil, err
	}
	visits, err := d.expected(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	out := preview(c, f, on, lang)
	out.Warnings = warnings(visits, lang)
	return &previewOutput{Body: out}, nil
}

type terminateInput struct {
	Body struct {
		Contract string `json:"contract" minLength:"1" maxLength:"140"`
		Reason   string `json:"reason" minLength:"3" maxLength:"500" doc:"At least 3 characters"`
		Date     string `json:"date,omitempty" maxLength:"10" doc:"YYYY-MM-DD; today when empty; a day to come is planned"`
		Force    bool   `json:"force,omitempty" doc:"End it although a technician is on the way or at work for it"`
	}
}

type terminatedOutput struct{ Body Terminated }

// terminate answers POST /contract/terminate.
func (d *Desk) terminate(ctx context.Context, in *terminateInput) (*terminatedOutput, error) {
	reason, err := agenda.Reason(in.Body.Reason)
	if err != nil {
		return nil, err
	}
	on, err := d.Agenda.Day(in.Body.Date, "/date")
	if err != nil {
		return nil, err
	}
	c, err := d.clerk.Contract(ctx, in.Body.Contract)
	if err != nil {
		return nil, err
	}
	out, err := d.end(ctx, c, Order{Contract: c.Name, On: on, Reason: reason, By: hub.ActorOf(ctx).String()}, in.Body.Force)
	if err != nil {
		return nil, err
	}
	return &terminatedOutput{Body: out}, nil
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
