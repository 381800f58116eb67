package deed

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// stale is when "on the way" is no news any more: the hub, or ERPNext, was away.
const stale = time.Hour

const toldAlready = "The customer was told on this day already."

func (d *desk) sets(m effect.Move, _ *erpnext.DispatchJob) bool { return m.To == erpnext.JobEnRoute }

// customerSMS tells the customer that the technician has set out, once a day however
// often he does; also when the visit was planned for another day, since somebody
// comes now. Nobody can plan this by the clock, so neither the night nor older
// messages hold it up.
func (d *desk) customerSMS(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	switch {
	case d.Messages == nil:
		return effect.Skip("There is no outbox."), nil
	case !m.Lead:
		return effect.Skip("Only whoever leads the visit announces it."), nil
	case job.Customer == "":
		return effect.Skip("The work order has no customer."), nil
	case job.Status != erpnext.JobEnRoute:
		return effect.Skip("Nobody is on the way any more."), nil
	case d.Now().Sub(m.At) > stale:
		return effect.Skip("It would come too late."), nil
	}
	customer, err := erpnext.Get[erpnext.Customer](ctx, d.ERPNext, "Customer", job.Customer)
	if erpnext.IsNotFound(err) {
		return effect.Skip("The customer is gone."), nil
	}
	if err != nil {
		return effect.Result{}, fmt.Errorf("reading customer %s: %w", job.Customer, err)
	}
	contact := customer.Contact()
	if contact.Phone == "" {
		return effect.Skip("The customer has no mobile number."), nil
	}
	vars, err := d.wordsFor(ctx, m, job, contact.Lang)
	if err != nil {
		return effect.Result{}, err
	}
	day := string(erpnext.DateOf(m.At))
	entry, err := d.Messages.Queue(ctx, outbox.Message{
		Channel: outbox.SMS, To: string(contact.Phone), Template: "deed.en-route", Vars: vars, Lang: contact.Lang, Urgent: true,
		Customer: job.Customer, Doctype: "Dispatch Job", Name: job.Name, DedupeKey: job.Name + "/en-route/" + day,
	})
	switch {
	case hub.HasCode(err, "key-taken"): // an earlier try said it, or somebody set out before, in other words
		return effect.Skip(toldAlready), nil
	case hub.IsKind(err, hub.Invalid):
		return effect.Result{}, keep.Reject(err)
	case err != nil:
		return effect.Result{}, fmt.Errorf("queueing the text about %s: %w", job.Name, err)
	}
	if entry.Duplicate && entry.CreatedAt.Before(m.At) {
		return effect.Result{State: effect.Skipped, Note: toldAlready, Trace: []string{entry.ID}}, nil
	}
	r := effect.Result{Trace: []string{entry.ID}}
	if entry.Status == outbox.StatusCaptured {
		r.State, r.Note = effect.Captured, entry.Reason
	}
	return r, nil
}

// wordsFor is what the text needs. Neither the address nor why somebody comes
// stands in it: telephones lie about.
func (d *desk) wordsFor(ctx context.Context, m effect.Move, job *erpnext.DispatchJob, lang hub.Lang) (map[string]any, error) {
	vars := map[string]any{"Company": d.Brand, "Technician": "", "ETA": "", "From": "", "To": "", "Link": ""}
	if job.AssignedTech != "" {
		tech, err := erpnext.Get[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", job.AssignedTech)
		if err != nil && !erpnext.IsNotFound(err) {
			return nil, fmt.Errorf("reading technician %s: %w", job.AssignedTech, err)
		}
		if err == nil {
			vars["Technician"], _, _ = strings.Cut(strings.TrimSpace(tech.FullName), " ")
		}
	}
	if eta := job.EtaAt.Time; !job.EtaAt.IsZero() && eta.After(m.At) && eta.Before(m.At.Add(12*time.Hour)) {
		vars["ETA"] = hourOf(eta, lang)
	} else if from, to, ok := d.window(m, job); ok {
		vars["From"], vars["To"] = hourOf(from, lang), hourOf(to, lang)
	}
	if d.Track != nil {
		link, err := d.Track(ctx, job)
		if err != nil {
			return nil, fmt.Errorf("making the link to follow %s: %w", job.Name, err)
		}
		vars["Link"] = link
	}
	return vars, nil
}

// window is when the visit was planned to begin: today, and not over yet.
func (d *desk) window(m effect.Move, job *erpnext.DispatchJob) (from, to time.Time, ok bool) {
	if d.Config.ArrivalWindow <= 0 || job.StartTime == "" || job.ScheduledDate == "" {
		return from, to, false
	}
	from, err := time.ParseInLocation("2006-01-02 15:04:05", string(job.ScheduledDate)+" "+job.StartTime, hub.Local())
	if err != nil {
		return from, to, false
	}
	to = from.Add(d.Config.ArrivalWindow)
	return from, to, erpnext.DateOf(m.At) == job.ScheduledDate && to.After(m.At)
}

// hourOf names a time of the day: "14 h 05", "2:05 pm", without a dot that would
// meet the end of the sentence.
func hourOf(t time.Time, lang hub.Lang) string {
	local := t.In(hub.Local())
	if lang != hub.English && local.Minute() == 0 {
		return strconv.Itoa(local.Hour()) + " h"
	}
	if lang != hub.English {
		return strconv.Itoa(local.Hour()) + local.Format(" h 04")
	}
	return local.Format("3:04 pm")
}
