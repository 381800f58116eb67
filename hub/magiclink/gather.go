package magiclink

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/saga"
)

// batch is what a technician is to be told of by his next SMS. Number counts them.
type batch struct {
	Number int               `json:"number"`
	Open   bool              `json:"open"` // SMS Number is not written yet
	Jobs   map[string]news   `json:"jobs,omitempty"`
	Last   map[string]string `json:"last,omitempty"` // of which change of a work order he was told, by the last SMS
}

// news is a change of a work order.
type news struct {
	Occasion string    `json:"occasion"`        // names the change
	Must     bool      `json:"must,omitempty"`  // also when he knows the work order, unless he was told of it since
	Draft    bool      `json:"draft,omitempty"` // also when it is a draft: somebody asked for it
	At       time.Time `json:"at"`              // when the change was seen
}

// owe notes that a technician is to be told of a change, with whatever else comes
// while changes are gathered, and says when. The same change is told once.
func (d *Desk) owe(ctx context.Context, technician, job string, n news) (due time.Time, err error) {
	number, said := 0, false
	if err := edit(ctx, d.Store, toldKey(technician), 0, func(b *batch) bool {
		if number, said = b.Number, b.Last[job] == n.Occasion; said {
			return false
		}
		if !b.Open {
			b.Number, b.Open, b.Jobs = b.Number+1, true, map[string]news{}
		}
		number = b.Number
		was := b.Jobs[job]
		n := news{Occasion: n.Occasion, Must: n.Must || was.Must, Draft: n.Draft || was.Draft, At: was.At}
		if was.Occasion != n.Occasion { // not the same change, seen once more
			n.At = d.Now().UTC()
		}
		b.Jobs[job] = n
		return true
	}); err != nil || said {
		return time.Now(), err
	}
	return d.later(ctx, technician, number)
}

// later has the SMS written when the gathering is over: its first change begins it.
func (d *Desk) later(ctx context.Context, technician string, number int) (due time.Time, err error) {
	payload, err := json.Marshal(order{Technician: technician, Number: number})
	if err != nil {
		return time.Time{}, err
	}
	work, _, err := saga.Put(ctx, d.Store, keep.Job{
		Kind: kindTell, Lane: "magiclink:" + technician, Dedupe: fmt.Sprintf("%s:%d", technician, number), Payload: payload,
		Due: time.Now().Add(d.Config.Gather), Subject: keep.Subject{Doctype: "Dispatch Technician", Name: technician, Technician: technician, Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("storing that %s is to be told: %w", technician, err)
	}
	return work.Due.UTC(), nil
}

func toldKey(technician string) string { return "magiclink:told:" + technician }

// order is the payload of an SMS that is to be written.
type order struct {
	Technician string `json:"technician"`
	Number     int    `json:"number"`
}

// tell writes the SMS: what has not become void meanwhile, behind one link.
func (d *Desk) tell(ctx context.Context, work keep.Job) (keep.Result, error) {
	var o order
	if err := json.Unmarshal(work.Payload, &o); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading who is to be told: %w", err))
	}
	var b batch
	if _, err := saga.Recall(ctx, d.Store, toldKey(o.Technician), &b); err != nil {
		return keep.Result{}, err
	}
	if !b.Open || b.Number != o.Number {
		return keep.Result{State: "told"}, nil // by an earlier try
	}
	jobs, err := d.worth(ctx, o.Technician, b.Jobs)
	if err != nil {
		return keep.Result{}, err
	}
	state := "nothing"
	if len(jobs) > 0 {
		if state, err = d.write(ctx, o, jobs); err != nil {
			return keep.Result{}, err
		}
	}
	if state == "told" && d.Learned != nil {
		if err := d.Learned(ctx, o.Technician, jobs...); err != nil {
			return keep.Result{}, err
		}
	}
	return keep.Result{State: state}, d.noted(ctx, o, b.Jobs)
}

// worth are the work orders that are still worth an SMS, the next one first.
func (d *Desk) worth(ctx context.Context, technician string, changes map[string]news) ([]*erpnext.DispatchJob, error) {
	names := make([]string, 0, len(changes))
	for name := range changes {
		names = append(names, name)
	}
	slices.Sort(names)
	rows, err := erpnext.ByNames[erpnext.DispatchJob](ctx, d.ERPNext, doctype, names...)
	if err != nil {
		return nil, fmt.Errorf("reading what %s is told of: %w", technician, err)
	}
	var jobs []*erpnext.DispatchJob
	for i := range rows {
		job, n := &rows[i], changes[rows[i].Name]
		if job.AssignedTech != technician || d.Final(job.Status) || !bool(job.Published) && !n.Draft {
			continue
		}
		known, err := d.known(ctx, technician, job, n)
		if err != nil {
			return nil, err
		}
		if known {
			continue
		}
		jobs = append(jobs, job)
	}
	slices.SortFunc(jobs, func(a, b *erpnext.DispatchJob) int { return a.Turn().Compare(b.Turn()) })
	return jobs, nil
}

// known tells that others have told him: of the work order as it stands, and when his
// link has ended, since then.
func (d *Desk) known(ctx context.Context, technician string, job *erpnext.DispatchJob, n news) (bool, error) {
	if d.Told == nil {
		return false, nil
	}
	at, err := d.Told(ctx, technician, job)
	return !at.IsZero() && (!n.Must || at.After(n.At)), err
}

// write queues the SMS. It says when the next visit is and nothing of whom it is to:
// a telephone lies about.
func (d *Desk) write(ctx context.Context, o order, jobs []*erpnext.DispatchJob) (state string, err error) {
	tech, err := d.technician(ctx, o.Technician)
	switch {
	case hub.IsKind(err, hub.Invalid):
		return "gone", nil
	case err != nil:
		return "", err
	case !tech.Works():
		return "inactive", nil
	case phoneOf(tech) == "":
		return "no-number", nil
	}
	first := jobs[0]
	made, err := d.issue(ctx, tech, first, 0)
	switch {
	case hub.HasCode(err, "part-off"):
		return "off", nil
	case err != nil:
		return "", err
	}
	_, err = d.Mail.Queue(ctx, outbox.Message{
		Channel: outbox.SMS, To: phoneOf(tech), Template: "magiclink.changed", Lang: langOf(tech),
		Urgent:  first.ScheduledDate <= erpnext.DateOf(d.Now().In(hub.Local())),
		Vars:    map[string]any{"Company": d.Brand, "Link": made.short, "When": when(first, langOf(tech))},
		Doctype: "Dispatch Technician", Name: tech.Name, DedupeKey: fmt.Sprintf("magiclink:%s:%d", o.Technician, o.Number),
	})
	if err != nil && !hub.HasCode(err, "key-taken") { // an earlier try queued it, with a link of its own
		return "", fmt.Errorf("queueing the SMS for %s: %w", o.Technician, err)
	}
	return "told", nil
}

// noted writes down of what he was told. What came in meanwhile is another SMS.
func (d *Desk) noted(ctx context.Context, o order, told map[string]news) error {
	next := 0
	err := edit(ctx, d.Store, toldKey(o.Technician), 0, func(b *batch) bool {
		if next = 0; !b.Open || b.Number != o.Number {
			return false
		}
		b.Open, b.Last = false, map[string]string{}
		for name, n := range told {
			b.Last[name] = n.Occasion
			if b.Jobs[name] == n {
				delete(b.Jobs, name)
			}
		}
		if len(b.Jobs) > 0 {
			b.Open, b.Number = true, b.Number+1
			next = b.Number
		}
		return true
	})
	if err == nil && next > 0 {
		_, err = d.later(ctx, o.Technician, next)
	}
	return err
}

// when is the day of a visit and its hour, as people read them; "" for none.
func when(job *erpnext.DispatchJob, lang hub.Lang) string {
	day, at := job.ScheduledDate.Time(), hour(job)
	switch {
	case day.IsZero():
		return ""
	case at.IsZero():
		return hub.SMSDay(day, lang)
	}
	return hub.SMSDay(day, lang) + " " + hub.SMSHour(at, lang)
}

// hour is the time at which a visit begins; zero for none.
func hour(job *erpnext.DispatchJob) time.Time {
	at, err := time.Parse(time.TimeOnly, job.StartTime)
	if err != nil {
		return time.Time{}
	}
	return at
}
