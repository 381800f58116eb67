package termination

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Visit is one that is called off although somebody counts on it.
type Visit struct {
	Job        string       `json:"job"`
	Technician string       `json:"technician"`
	Status     string       `json:"status"` // the hub's word
	On         erpnext.Date `json:"on"`
}

// Warning is what whoever ends a contract may have overlooked.
type Warning struct {
	Code       string       `json:"code" enum:"visit-underway,visit-told"`
	Detail     string       `json:"detail" doc:"In the language of the caller"`
	Job        string       `json:"job"`
	Technician string       `json:"technician" doc:"Empty when nobody has it"`
	Date       erpnext.Date `json:"scheduled_date"`
}

// underway tells that somebody drives there or works there.
func (v Visit) underway() bool {
	return v.Status == erpnext.JobEnRoute || v.Status == erpnext.JobInProgress
}

// expected lists the visits of a contract that are not over and that somebody counts
// on: a technician at work, or people who were told.
func (d *Desk) expected(ctx context.Context, contract string) ([]Visit, error) {
	jobs, err := erpnext.List[erpnext.DispatchJob](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Dispatch Job", Fields: []string{"name", "status", "assigned_tech", "scheduled_date", "published"},
		Filters: []erpnext.Filter{erpnext.Eq("service_contract", contract)}, OrderBy: "step_order asc, name asc",
	})
	if err != nil {
		return nil, fmt.Errorf("listing the visits of %s: %w", contract, err)
	}
	var visits []Visit
	for _, job := range jobs {
		status := d.in(job.Status)
		told := status == erpnext.JobScheduled || status == erpnext.JobPaused || bool(job.Published)
		v := Visit{Job: job.Name, Technician: job.AssignedTech, Status: status, On: job.ScheduledDate}
		if !d.final(job.Status) && (told || v.underway()) {
			visits = append(visits, v)
		}
	}
	return visits, nil
}

// undisturbed refuses to end a contract whose technician is on the way or at work.
func undisturbed(contract string, visits []Visit) error {
	var names []string
	for _, v := range visits {
		if v.underway() {
			names = append(names, v.Job+" ("+cmp.Or(v.Technician, "nobody's")+", "+v.Status+")")
		}
	}
	if len(names) == 0 {
		return nil
	}
	return hub.Fail(hub.Conflict, "job-underway", "Work of this contract is under way: "+strings.Join(names, ", ")+". Call the technician first; `force` ends the contract all the same.", nil,
		hub.WithState(map[string]any{"contract": contract, "jobs": visits}))
}

// warnings are the visits in words.
func warnings(visits []Visit, lang hub.Lang) []Warning {
	all := make([]Warning, 0, len(visits))
	for _, v := range visits {
		w := Warning{Code: "visit-told", Job: v.Job, Technician: v.Technician, Date: v.On}
		if v.underway() {
			w.Code = "visit-underway"
		}
		day := hub.Day(v.On.Time(), lang)
		if lang == hub.English {
			w.Detail = "Visit " + v.Job + " of " + cmp.Or(day, "no day") + " (" + cmp.Or(v.Technician, "nobody's") + ", " + v.Status + ") is called off: tell the technician and the customer."
		} else {
			w.Detail = "La visite " + v.Job + ", " + cmp.Or(day, "sans date") + " (" + cmp.Or(v.Technician, "sans technicien") + ", " + v.Status + "), est annulée : prévenir le technicien et le client."
		}
		all = append(all, w)
	}
	return all
}

// expectedBy are the visits that the termination calls off, as far as is known: those
// of the moment in which it was decided, and those that were found since.
func (a Answer) expectedBy(o Order) []Visit {
	return joined(o.Visits, a.Visits)
}

// joined adds the visits that are not known yet.
func joined(known, found []Visit) []Visit {
	all := slices.Clone(known)
	for _, v := range found {
		if !slices.ContainsFunc(all, func(known Visit) bool { return known.Job == v.Job }) {
			all = append(all, v)
		}
	}
	return all
}

// warned leaves a task for the dispatchers, before the visits are called off: only
// then it can be seen what they were. The key in its text is its trace.
func (d *Desk) warned(ctx context.Context, e *ending) (string, error) {
	now, err := d.expected(ctx, e.Contract)
	if err != nil {
		return "", err
	}
	e.answer.Visits = joined(e.answer.Visits, now)
	visits := e.answer.expectedBy(e.Order)
	if len(visits) == 0 {
		return "", saga.Skip("nobody counts on a visit")
	}
	mark := "(réf. " + e.Key + ")"
	find := func(ctx context.Context) (*erpnext.ToDo, error) {
		return erpnext.First[erpnext.ToDo](ctx, d.ERPNext, "ToDo", erpnext.Eq("reference_type", "Service Contract"),
			erpnext.Eq("reference_name", e.Contract), erpnext.Where("description", "like", "%"+mark+"%"))
	}
	lines := []string{"Contrat " + e.Contract + " résilié le " + hub.Day(e.On.Time(), hub.French) + " : " + e.Reason + "."}
	for _, w := range warnings(visits, hub.French) {
		lines = append(lines, w.Detail)
	}
	task, _, err := erpnext.Ensure(ctx, d.ERPNext, find, func(ctx context.Context) (*erpnext.ToDo, error) {
		return erpnext.Insert[erpnext.ToDo](ctx, d.ERPNext, "ToDo", erpnext.ToDo{
			Status: "Open", Priority: "High", Date: d.Agenda.Today(), AllocatedTo: d.TasksTo, ReferenceType: "Service Contract", ReferenceName: e.Contract,
			Description: strings.ReplaceAll(html.EscapeString(strings.Join(append(lines, mark), "\n")), "\n", "<br>"),
		})
	})
	if err != nil {
		return "", fmt.Errorf("leaving a task for %s: %w", e.Contract, err)
	}
	return task.Name, nil
}
