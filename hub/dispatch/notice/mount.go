package notice

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the route.
func (n *Notices) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/publish", Guard: web.Staff.Or(web.Service), Tag: "dispatch", ID: "dispatch-publish", Calls: true,
		Summary: "Publish the plan of some days, and tell the technicians",
		Description: "All jobs of the days `from` to `to`, those of one `technician`, or the `jobs` that are named: without days those are of the days that they span. Each technician gets one SMS with his published jobs of these days; those who assist get none. " +
			"Publishing again tells nobody anything unless something has changed since he was told. The answer says who was told, who knew, and who has no number.",
	}, n.publish)
}

// Limits of a call.
const (
	mostDays = 31
	mostJobs = 500
)

type publishInput struct {
	Body struct {
		From       string   `json:"from,omitempty" doc:"first day, YYYY-MM-DD; with jobs neither from nor to is needed"`
		To         string   `json:"to,omitempty" doc:"last day, YYYY-MM-DD, at most 31 days"`
		Technician string   `json:"technician,omitempty" maxLength:"140" doc:"only his jobs"`
		Jobs       []string `json:"jobs,omitempty" doc:"only these, at most 500"`
	}
}

type publishOutput struct{ Body *Answer }

func (n *Notices) publish(ctx context.Context, in *publishInput) (*publishOutput, error) {
	o, err := in.order()
	if err != nil {
		return nil, err
	}
	answer, err := n.Publish(ctx, o)
	return &publishOutput{Body: answer}, err
}

func (in *publishInput) order() (Order, error) {
	o := Order{From: erpnext.Date(in.Body.From), To: erpnext.Date(in.Body.To), Technician: in.Body.Technician, Jobs: in.Body.Jobs}
	from, to := o.From.Time(), o.To.Time()
	sorted := slices.Sorted(slices.Values(o.Jobs))
	switch {
	case o.From == "" && o.To == "" && len(o.Jobs) > 0: // the days are looked up
	case from.IsZero():
		return o, wrong("from", "expected a day as YYYY-MM-DD")
	case to.IsZero():
		return o, wrong("to", "expected a day as YYYY-MM-DD")
	case to.Before(from):
		return o, wrong("to", "must not be before from")
	case !to.Before(from.AddDate(0, 0, mostDays)):
		return o, wrong("to", fmt.Sprintf("at most %d days", mostDays))
	}
	switch {
	case o.Technician != "" && len(o.Jobs) > 0:
		return o, wrong("jobs", "either a technician or jobs")
	case len(o.Jobs) > mostJobs:
		return o, wrong("jobs", fmt.Sprintf("at most %d", mostJobs))
	case slices.Contains(sorted, "") || len(slices.Compact(sorted)) < len(o.Jobs):
		return o, wrong("jobs", "every job is named, and once")
	}
	return o, nil
}

func wrong(field, why string) error {
	return hub.Fail(hub.Invalid, "invalid", "This cannot be published.", nil, hub.WithField("/"+field, why))
}

// Order says what is published: all jobs of the days, those of one technician, or
// some jobs.
type Order struct {
	From, To   erpnext.Date // both included; empty with Jobs: the days that those span
	Technician string
	Jobs       []string
}

// Answer is what became of it.
type Answer struct {
	Action    string    `json:"action" doc:"names it for undo; empty when every job was published before"`
	Published []string  `json:"published" nullable:"false" doc:"jobs that were drafts until now"`
	Items     []Told    `json:"items" nullable:"false" doc:"one for each technician concerned"`
	Skipped   []Skipped `json:"skipped" nullable:"false" doc:"jobs that were asked for and are not published"`
}

// Told is what one technician was told.
type Told struct {
	Technician string   `json:"technician"`
	FullName   string   `json:"full_name"`
	State      string   `json:"state" enum:"told,unchanged,no-number,inactive,failed" doc:"told: one SMS is on its way; unchanged: he knows already; failed: publish again"`
	Jobs       []string `json:"jobs" nullable:"false" doc:"his published jobs of these days"`
	Message    string   `json:"message,omitempty" doc:"id of the SMS"`
	Status     string   `json:"status,omitempty" doc:"how the SMS stands: queued, captured, …"`
	Error      string   `json:"error,omitempty"`
}

// Skipped is a job that is not published.
type Skipped struct {
	Job    string `json:"job"`
	Reason string `json:"reason" enum:"not-found,final,unassigned,other-day,changed,failed"`
}

// The states of a technician's notice.
const (
	told      = "told"
	unchanged = "unchanged"
	noNumber  = "no-number"
	inactive  = "inactive"
	failed    = "failed"
)
