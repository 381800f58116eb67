// Package task leaves tasks for people in ERPNext, where something stands still
// that only a person can decide about.
//
// It is a room of package dispatch: no routes, no events. Systems called: ERPNext
// (ToDo, Dispatch Job, Service Contract, Service Subscription). It remembers
// nothing; a task is its own trace.
package task

import (
	"context"
	"fmt"
	"html"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Desk leaves tasks.
type Desk struct {
	ERPNext *erpnext.Client
	Words   machine.Words
	To      string // user of ERPNext; "" for a task that is nobody's yet
	Now     func() time.Time
}

// About is what a task is about: a document, and the mark in the task's text by
// which it is known again.
type About struct{ Doctype, Name, Mark string }

// Leave leaves a task, once, and gives its name.
func (d Desk) Leave(ctx context.Context, a About, text string) (string, error) {
	find := func(ctx context.Context) (*erpnext.ToDo, error) {
		return erpnext.First[erpnext.ToDo](ctx, d.ERPNext, "ToDo", erpnext.Eq("reference_type", a.Doctype),
			erpnext.Eq("reference_name", a.Name), erpnext.Where("description", "like", "%"+a.Mark+"%"))
	}
	task, _, err := erpnext.Ensure(ctx, d.ERPNext, find, func(ctx context.Context) (*erpnext.ToDo, error) {
		return erpnext.Insert[erpnext.ToDo](ctx, d.ERPNext, "ToDo", erpnext.ToDo{
			Status: "Open", Priority: "High", Date: erpnext.DateOf(d.Now()), AllocatedTo: d.To,
			ReferenceType: a.Doctype, ReferenceName: a.Name, Description: HTML(text),
		})
	})
	if err != nil {
		return "", fmt.Errorf("leaving a task for %s: %w", a.Name, err)
	}
	return task.Name, nil
}

// Close closes the open tasks about a document that say a word, and names them.
func (d Desk) Close(ctx context.Context, doctype, name, word string) (closed []string, err error) {
	open, err := erpnext.List[erpnext.ToDo](ctx, d.ERPNext, erpnext.Query{Doctype: "ToDo", Fields: []string{"name"}, Filters: []erpnext.Filter{
		erpnext.Eq("reference_type", doctype), erpnext.Eq("reference_name", name), erpnext.Eq("status", "Open"),
		erpnext.Where("description", "like", "%"+word+"%"),
	}})
	if err != nil {
		return nil, fmt.Errorf("listing the tasks about %s: %w", name, err)
	}
	for _, task := range open {
		if err := d.ERPNext.Update(ctx, "ToDo", task.Name, erpnext.Values{"status": "Closed"}, nil); err != nil {
			return closed, fmt.Errorf("closing task %s: %w", task.Name, err)
		}
		closed = append(closed, task.Name)
	}
	return closed, nil
}

// WhatNow is what a person can do about a service that nothing activates any more.
const WhatNow = "À activer à la main si le travail est fait, sinon à replanifier ou à résilier"

// Bereaved leaves a task about a contract of which the last open work order is
// about to be deleted while its service waits: no completion will activate it any
// more. It gives the task's name, "" when there is nothing to decide. A task about
// the work order itself would be deleted along with it.
func (d Desk) Bereaved(ctx context.Context, job *erpnext.DispatchJob) (string, error) {
	if job.ServiceContract == "" || !chain.Begins(job.StepID, job.JobType) {
		return "", nil
	}
	rest, err := chain.Reader{ERPNext: d.ERPNext, Words: d.Words}.Contract(ctx, job.ServiceContract)
	if err != nil || len(rest.Unfinished(job.Name)) > 0 {
		return "", err
	}
	service, err := d.Pending(ctx, job)
	if service == "" || err != nil {
		return "", err
	}
	mark := "réf. " + job.Name + ")"
	return d.Leave(ctx, About{"Service Contract", job.ServiceContract, mark}, fmt.Sprintf(
		"%s (%s) a été supprimé; plus aucun bon de travail de %s n'est ouvert, et le service %s n'a pas été activé. %s (%s.",
		job.Name, Subject(job), job.ServiceContract, service, WhatNow, mark))
}

// Pending is the service that the job's chain is for while it waits to be
// activated; "" when none does.
func (d Desk) Pending(ctx context.Context, job *erpnext.DispatchJob) (string, error) {
	name, err := d.Service(ctx, job)
	if name == "" || err != nil {
		return "", err
	}
	service, err := erpnext.Get[erpnext.ServiceSubscription](ctx, d.ERPNext, "Service Subscription", name)
	if erpnext.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the service of %s: %w", job.Name, err)
	}
	if service.Status != erpnext.StatusPending {
		return "", nil
	}
	return name, nil
}

// Service is the subscription that a work order is for; "" for none.
func (d Desk) Service(ctx context.Context, job *erpnext.DispatchJob) (string, error) {
	return erpnext.ServiceOf(ctx, d.ERPNext, job)
}

// Subject is what a work order is called; ERPNext keeps it as HTML.
func Subject(job *erpnext.DispatchJob) string { return erpnext.Line(html.UnescapeString(job.Subject)) }

// HTML is a text as a field of HTML holds it.
func HTML(text string) string { return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") }
