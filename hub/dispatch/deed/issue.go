package deed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/dispatch/task"
)

func (d *desk) hasIssue(m effect.Move, job *erpnext.DispatchJob) bool {
	return machine.Final(m.To) && job.SourceIssue != ""
}

// laneOfIssue lets two work orders of one issue end one after the other.
func laneOfIssue(_ effect.Move, job *erpnext.DispatchJob) string { return "issue:" + job.SourceIssue }

// issue closes what the work orders were for, once all of them are over and the
// last one was completed. When the last one was cancelled, people decide.
func (d *desk) issue(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	name := job.SourceIssue
	jobs, err := erpnext.List[erpnext.DispatchJob](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Dispatch Job", Filters: []erpnext.Filter{erpnext.Eq("source_issue", name)},
	})
	if err != nil {
		return effect.Result{}, fmt.Errorf("listing the work orders of %s: %w", name, err)
	}
	var last *erpnext.DispatchJob
	var open []string
	for i := range jobs {
		one := &jobs[i]
		d.Words.Read(one)
		if !machine.Final(one.Status) {
			open = append(open, one.Name)
		}
		if last == nil || endOf(one).After(endOf(last)) {
			last = one
		}
	}
	switch {
	case last == nil:
		return effect.Skip("No work order belongs to " + name + " any more."), nil
	case len(open) > 0:
		return effect.Skip(name + " stays open: " + strings.Join(open, ", ") + " is still to be done."), nil
	case last.Status == erpnext.JobCancelled:
		return d.leaveOpen(ctx, m, last, name)
	}
	return d.closeIssue(ctx, name, jobs)
}

// endOf is when a work order was over, as far as that is known: by the move that
// the hub wrote (its id begins with the time), else by the last change.
func endOf(job *erpnext.DispatchJob) time.Time {
	if at := strings.LastIndexByte(job.HubState, ' '); at >= 0 {
		if id, err := uuid.Parse(job.HubState[at+1:]); err == nil && id.Version() == 7 {
			return time.Unix(id.Time().UnixTime())
		}
	}
	if !job.ActualEnd.IsZero() && job.Status == erpnext.JobCompleted {
		return job.ActualEnd.Time
	}
	return job.Modified.Time
}

// closeIssue closes it, unless it is closed already.
func (d *desk) closeIssue(ctx context.Context, name string, jobs []erpnext.DispatchJob) (effect.Result, error) {
	r := effect.Result{Trace: []string{name}}
	_, err := erpnext.Revise(ctx, d.ERPNext, "Issue", name, func(now *erpnext.Issue) (erpnext.Values, error) {
		r.State, r.Note = "", ""
		if now.Status == erpnext.IssueClosed {
			if !strings.Contains(now.ResolutionDetails, jobs[0].Name) {
				r.State, r.Note = effect.Skipped, name+" was closed already."
			}
			return nil, nil
		}
		values := erpnext.Values{"status": erpnext.IssueClosed}
		if strings.TrimSpace(now.ResolutionDetails) == "" {
			values["resolution_details"] = resolution(jobs)
		}
		return values, nil
	})
	if erpnext.IsNotFound(err) {
		return effect.Skip("The issue " + name + " is gone."), nil
	}
	if err != nil {
		return effect.Result{}, fmt.Errorf("closing %s: %w", name, err)
	}
	return r, nil
}

// resolution says what was done.
func resolution(jobs []erpnext.DispatchJob) string {
	lines := make([]string, 0, len(jobs)+1)
	lines = append(lines, "Bons de travail :")
	for _, job := range jobs {
		how := "terminé"
		if job.Status == erpnext.JobCancelled {
			how = "annulé"
		}
		lines = append(lines, fmt.Sprintf("%s %s (%s)", job.Name, how, task.Subject(&job)))
	}
	return task.HTML(strings.Join(lines, "\n"))
}

// leaveOpen tells the people who look at the issue why it is not closed.
func (d *desk) leaveOpen(ctx context.Context, m effect.Move, last *erpnext.DispatchJob, name string) (effect.Result, error) {
	note := fmt.Sprintf("%s stays open: its last work order, %s, was cancelled.", name, last.Name)
	if m.Job != last.Name { // the cancelled one's own effect says it
		return effect.Skip(note), nil
	}
	text := fmt.Sprintf("Le dernier bon de travail, %s, a été annulé : ce billet reste ouvert, à vous de décider (réf. %s).", last.Name, m.ID)
	said, err := d.ERPNext.Comments(ctx, "Issue", name)
	if err != nil {
		return effect.Result{}, fmt.Errorf("reading the comments of %s: %w", name, err)
	}
	if !slices.ContainsFunc(said, func(c erpnext.Comment) bool { return strings.Contains(c.Content, m.ID) }) {
		if err := d.ERPNext.AddComment(ctx, "Issue", name, text); err != nil {
			return effect.Result{}, fmt.Errorf("commenting on %s: %w", name, err)
		}
	}
	return effect.Result{State: effect.Skipped, Note: note, Trace: []string{name}}, nil
}

// needsPeople tells that something may stand still, or be wrong, which only a
// person can judge: a work order was cancelled, or done work was opened again. One
// that was cancelled and is opened again leaves nothing to judge.
func (d *desk) needsPeople(m effect.Move, _ *erpnext.DispatchJob) bool {
	return m.To == erpnext.JobCancelled || machine.Final(m.From) && !machine.Final(m.To)
}

// dispatcherTask leaves a task for people. Who waits for a work order that was
// cancelled stays on hold, and so does the service when it was the last one. What
// the completion of one that is opened again has led to (a service that runs, an
// invoice, stock, devices) is not undone by itself.
func (d *desk) dispatcherTask(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	if m.From == erpnext.JobCancelled && m.To != erpnext.JobCancelled {
		return d.settled(ctx, m)
	}
	if m.To != erpnext.JobCancelled {
		return d.leaveTask(ctx, m, fmt.Sprintf("%s (%s) a été rouvert. Motif : %s\nRien n'a été désactivé, crédité ni remis en stock : vérifiez le service, la facture, l'équipement et le matériel (réf. %s).",
			job.Name, task.Subject(job), cmp.Or(m.Reason, job.ReopenReason, "aucun"), m.ID), "It was opened again: nothing was undone by itself.")
	}
	around, err := chain.Reader{ERPNext: d.ERPNext, Words: d.Words}.Around(ctx, job.Name)
	if err != nil {
		return effect.Result{}, fmt.Errorf("looking who waits for %s: %w", job.Name, err)
	}
	if waiting := strings.Join(around.Stuck(job.Name), ", "); waiting != "" {
		return d.leaveTask(ctx, m, fmt.Sprintf("%s (%s) a été annulé; %s attend encore : à libérer, à rattacher ailleurs ou à annuler (réf. %s).",
			job.Name, task.Subject(job), waiting, m.ID), waiting+" waits for it.")
	}
	service, err := d.tasks().Pending(ctx, job)
	if err != nil || service == "" || !m.Last {
		return effect.Skip("No work order waits for it."), err
	}
	return d.leaveTask(ctx, m, fmt.Sprintf("%s (%s), le dernier bon de travail, a été annulé : le service %s n'a pas été activé. %s (réf. %s).",
		job.Name, task.Subject(job), service, task.WhatNow, m.ID), service+" waits: as the last work order was cancelled, nothing activates it by itself.")
}

// settled closes the tasks that the cancellation left: the work order is opened
// again.
func (d *desk) settled(ctx context.Context, m effect.Move) (effect.Result, error) {
	closed, err := d.tasks().Close(ctx, "Dispatch Job", m.Job, "a été annulé")
	if len(closed) == 0 && err == nil {
		return effect.Skip("Its cancellation had left no task."), nil
	}
	return effect.Result{Note: "The task that its cancellation left is closed.", Trace: closed}, err
}

// leaveTask leaves a task about a move, once: its text ends with the move's id.
func (d *desk) leaveTask(ctx context.Context, m effect.Move, text, note string) (effect.Result, error) {
	name, err := d.tasks().Leave(ctx, task.About{Doctype: "Dispatch Job", Name: m.Job, Mark: m.ID}, text)
	return effect.Result{Note: note, Trace: []string{name}}, err
}

func (d *desk) tasks() task.Desk {
	return task.Desk{ERPNext: d.ERPNext, Words: d.Words, To: d.Config.TasksTo, Now: d.Now}
}
