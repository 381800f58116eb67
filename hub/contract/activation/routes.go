package activation

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// Kind is the kind of the jobs that activate what somebody asked for by hand.
const Kind = "contract.activate"

// keepFor is how long their outcomes are kept; waitFor is how long the request
// waits for one.
const (
	keepFor = 90 * 24 * time.Hour
	waitFor = 8 * time.Second
)

// Mount registers the route.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/activate", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-activate", Summary: "Put the service of a contract, or of a finished job, into force",
		Description: "What happens by itself when the last job of a chain is completed: the subscription is Actif from the day after, " +
			"the contract gets its dates, and a draft invoice has the rest of the month. A repeat answers what is there. " +
			"409 names the candidates when it is not clear which subscription it is, and the open jobs unless `force` is given.",
	}, d.activate)
}

// Work says how activations that were asked for by hand are worked off.
func (d *Desk) Work() []keep.Work { return []keep.Work{d.teller.Work()} }

// Wish is what somebody asks for by hand, and the payload of the job.
type Wish struct {
	Contract string `json:"contract,omitempty"`
	Job      string `json:"job,omitempty"`
	Force    bool   `json:"force,omitempty"`
	By       string `json:"by,omitempty"`
}

type activateInput struct {
	Body struct {
		Contract string `json:"contract,omitempty" maxLength:"140" doc:"A Service Contract"`
		Job      string `json:"job,omitempty" maxLength:"140" doc:"A Dispatch Job; either is enough"`
		Force    bool   `json:"force,omitempty" doc:"Also while jobs of the contract are open"`
	}
}

type activateOutput struct{ Body Activation }

// activate answers POST /contract/activate. What is not clear is told before
// anything is stored.
func (d *Desk) activate(ctx context.Context, in *activateInput) (*activateOutput, error) {
	wish := Wish{Contract: in.Body.Contract, Job: in.Body.Job, Force: in.Body.Force, By: hub.ActorOf(ctx).String()}
	if d.erp == nil {
		return nil, off()
	}
	if wish.Contract == "" && wish.Job == "" {
		return nil, hub.Fail(hub.Invalid, "invalid", "Name a contract or a job.", nil, hub.WithField("/contract", "is missing, and so is job"))
	}
	f, err := d.find(ctx, wish)
	if err != nil {
		return nil, err
	}
	job, err := d.enqueue(ctx, f, wish)
	if err != nil {
		return nil, err
	}
	account, err := d.teller.Await(ctx, job.ID, waitFor)
	if err != nil {
		return nil, err
	}
	return f.tell(account)
}

// tell answers how the activation stands.
func (f *file) tell(account saga.Account[Activation]) (*activateOutput, error) {
	out := account.Answer
	switch {
	case account.State == saga.Failed:
		return nil, hub.Fail(hub.Conflict, "state-conflict", "The activation needs a person: "+account.Note, nil,
			hub.WithState(map[string]any{"work": account.Work, "steps": account.Steps}))
	case account.State == saga.Pending && out.State == "": // it has not begun yet
		f.out = &out
		f.open()
	}
	out.Steps = account.Steps
	if account.State == saga.Pending {
		out.State = Pending
	}
	return &activateOutput{Body: out}, nil
}

// enqueue stores the wish, or finds the one that is still being worked on and has
// it tried at once.
func (d *Desk) enqueue(ctx context.Context, f *file, wish Wish) (keep.Job, error) {
	about := keep.Subject{Doctype: "Dispatch Job", Customer: f.customer, Name: wish.Job}
	contract := ""
	if f.contract != nil {
		contract = f.contract.Name
		about.Doctype, about.Name = "Service Contract", contract
	}
	if job, found, err := d.teller.Find(ctx, about.Doctype, about.Name); err != nil {
		return keep.Job{}, err
	} else if found && !job.Status.Final() {
		_, err = d.store.Change(ctx, job.ID, keep.Hurry, "asked again")
		if err != nil && !hub.IsKind(err, hub.Conflict) {
			return keep.Job{}, err
		}
		return job, nil
	}
	job, err := d.teller.Begin(ctx, saga.Wish[Wish]{
		Key: uuid.NewString(), Lane: lane(contract, f.customer), Subject: about, Order: wish,
	})
	return job, err
}

// open reads anew what the steps need: between the request and the work somebody
// may have changed it.
func (d *Desk) open(ctx context.Context, _ keep.Job, wish Wish, answer *Activation) ([]saga.Step, error) {
	f, err := d.find(ctx, wish)
	if err != nil {
		if p := hub.ProblemOf(err); p.Kind == hub.Conflict || p.Kind == hub.NotFound {
			return nil, keep.Reject(err)
		}
		return nil, err
	}
	f.out = answer
	return d.steps(f), nil
}

// find is locate for a wish by hand: it reads the job, or takes the last one of
// the contract that was finished, and looks whether work is still open.
func (d *Desk) find(ctx context.Context, wish Wish) (*file, error) {
	job, err := d.jobOf(ctx, wish.Job)
	if err != nil {
		return nil, err
	}
	f, err := d.locate(ctx, wish, job)
	if err != nil {
		return nil, err
	}
	jobs, err := d.jobsOf(ctx, f)
	if err != nil {
		return nil, err
	}
	open := slices.DeleteFunc(slices.Clone(jobs), func(j erpnext.DispatchJob) bool { return d.final(j.Status) })
	if len(open) > 0 && !wish.Force && f.fresh {
		return nil, hub.Fail(hub.Conflict, "state-conflict", "The work is not finished.", nil,
			hub.WithState(map[string]any{"jobs": jobNames(open)}))
	}
	if f.job == nil && len(jobs) > 0 && len(open) == 0 {
		f.job = last(jobs)
		return f, d.date(ctx, f)
	}
	return f, nil
}

// jobsOf are the contract's; without one it is the job that was named.
func (d *Desk) jobsOf(ctx context.Context, f *file) ([]erpnext.DispatchJob, error) {
	if f.contract == nil {
		return []erpnext.DispatchJob{*f.job}, nil
	}
	return erpnext.List[erpnext.DispatchJob](ctx, d.erp, erpnext.Query{Doctype: "Dispatch Job", OrderBy: "name asc",
		Filters: []erpnext.Filter{erpnext.Eq("service_contract", f.contract.Name)}})
}

// jobOf reads the job that was named; nil when none was.
func (d *Desk) jobOf(ctx context.Context, name string) (*erpnext.DispatchJob, error) {
	if name == "" {
		return nil, nil
	}
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, d.erp, "Dispatch Job", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "job-not-found", "There is no job "+name+".", err)
	}
	return job, err
}
