package effect

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// The names under which preconditions are shown among the effects.
const (
	NameChecklist = "checklist"
	NameReason    = "disconnect_reason"
)

// Unmet refuses a move for which something is missing: a technician for the road,
// answers to the required items of the checklist, the reason of a disconnection.
func (e *Engine) Unmet(ctx context.Context, m Move, job *erpnext.DispatchJob) error {
	needsTech := m.To == erpnext.JobAssigned || m.To == erpnext.JobEnRoute
	if needsTech && job.AssignedTech == "" {
		return hub.Fail(hub.Invalid, "invalid", "Nobody has this work order.", nil, hub.WithField("/status", "give the work order to a technician first"))
	}
	if m.To != erpnext.JobCompleted && len(m.Answers) == 0 {
		return nil
	}
	items, err := e.items(ctx, m, job)
	if err != nil {
		return err
	}
	for i, answer := range m.Answers {
		at := slices.IndexFunc(items, func(item erpnext.ChecklistItem) bool { return item.Label == answer.Label })
		if at < 0 {
			return hub.Fail(hub.Invalid, "invalid", "The checklist has no such item.", nil,
				hub.WithField(fmt.Sprintf("/checklist/%d/label", i), "must be the label of an item"))
		}
		if want := unfit(items[at].AnswerType, answer.Value); want != "" {
			return hub.Fail(hub.Invalid, "invalid", "This is no answer to "+answer.Label+".", nil,
				hub.WithField(fmt.Sprintf("/checklist/%d/value", i), want))
		}
	}
	if m.To != erpnext.JobCompleted {
		return nil
	}
	var missing []hub.Option
	for i, item := range unanswered(items) {
		missing = append(missing, hub.WithField(fmt.Sprintf("/checklist/%d", i), item.Label+": an answer is required"))
	}
	if len(missing) > 0 {
		return hub.Fail(hub.Invalid, "checklist-open", "Required items of the checklist have no answer.", nil, missing...)
	}
	if e.disconnects(job) && !machine.Explains(e.reason(m, job)) {
		return hub.Fail(hub.Invalid, "reason-missing", "A service is taken away: say why.", nil,
			hub.WithField("/disconnect_reason", "at least 3 letters"))
	}
	return nil
}

func (e *Engine) disconnects(job *erpnext.DispatchJob) bool {
	return e.Disconnects != nil && e.Disconnects(job.JobType)
}

func (e *Engine) reason(m Move, job *erpnext.DispatchJob) string {
	if text := strings.TrimSpace(m.Reason); text != "" {
		return text
	}
	return strings.TrimSpace(job.DisconnectedFor)
}

// checks tells how the preconditions of a completion stood. One that was written
// past the hub had none.
func (e *Engine) checks(ctx context.Context, m Move, job *erpnext.DispatchJob) ([]State, error) {
	items, err := e.items(ctx, m, job)
	if err != nil {
		return nil, err
	}
	list, reason := State{Name: NameChecklist, State: Done}, State{Name: NameReason, State: Done}
	open := unanswered(items)
	switch {
	case len(items) == 0:
		list.State, list.Note = Skipped, "The work order has no checklist."
	case len(open) > 0:
		list.State, list.Note = Skipped, fmt.Sprintf("Completed in ERPNext; %d required items have no answer.", len(open))
	}
	switch {
	case !e.disconnects(job):
		reason.State, reason.Note = Skipped, "No service is taken away."
	case e.reason(m, job) == "":
		reason.State, reason.Note = Skipped, "Completed in ERPNext, without a reason."
	}
	return []State{list, reason}, nil
}

// unanswered lists the required items that have no answer. A box that is not
// ticked is none.
func unanswered(items []erpnext.ChecklistItem) []erpnext.ChecklistItem {
	var open []erpnext.ChecklistItem
	for _, item := range items {
		value := strings.ToLower(strings.TrimSpace(item.Value))
		unticked := item.AnswerType == "check" && slices.Contains(no(), value)
		if bool(item.Required) && (value == "" || unticked) {
			open = append(open, item)
		}
	}
	return open
}

// What a box of the checklist is answered with, in small letters.
func yes() []string { return []string{"1", "yes", "oui", "true", "vrai", "on", "x", "ok", "✓"} }

func no() []string { return []string{"0", "no", "non", "false", "faux", "off"} }

// unfit says what an answer must be when it is not what its item asks for; "" when
// it is. No answer is always fit: whether there must be one is another question.
func unfit(answerType, value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	switch {
	case value == "":
	case strings.EqualFold(answerType, "number"):
		n, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return "must be a number: -19.5 or -19,5"
		}
	case strings.EqualFold(answerType, "check") && !slices.Contains(yes(), value) && !slices.Contains(no(), value):
		return "must be yes or no: oui, non, yes, no, 1, 0, true, false"
	}
	return ""
}

// items are the rows of the job's checklist, with the answers of the move; those
// of its type's template where the job has none yet.
func (e *Engine) items(ctx context.Context, m Move, job *erpnext.DispatchJob) ([]erpnext.ChecklistItem, error) {
	items := slices.Clone(job.Checklist)
	if len(items) == 0 && job.JobType != "" {
		template, err := erpnext.First[erpnext.ChecklistTemplate](ctx, e.ERPNext, "Checklist Template", erpnext.Eq("job_type", job.JobType))
		if err != nil {
			return nil, fmt.Errorf("reading the checklist of %s: %w", job.JobType, err)
		}
		if template != nil {
			for _, item := range template.Items {
				items = append(items, erpnext.ChecklistItem{Label: item.Label, Required: item.Required, AnswerType: item.AnswerType})
			}
		}
	}
	for _, answer := range m.Answers {
		for i := range items {
			if items[i].Label == answer.Label {
				items[i].Value, items[i].DoneBy = answer.Value, erpnext.Line(m.Actor)
			}
		}
	}
	return items, nil
}

// list adds the checklist to what a move writes: its template when the work
// begins, and the answers that came with it.
func (e *Engine) list(ctx context.Context, m *Move, job *erpnext.DispatchJob, values erpnext.Values) error {
	begins := m.To == erpnext.JobInProgress && len(job.Checklist) == 0
	if m.Observed || !begins && len(m.Answers) == 0 {
		return nil
	}
	items, err := e.items(ctx, *m, job)
	if err != nil || len(items) == 0 {
		return err
	}
	zone, err := e.ERPNext.Zone(ctx)
	if err != nil {
		return err
	}
	for i := range items {
		if slices.ContainsFunc(m.Answers, func(a Answer) bool { return a.Label == items[i].Label }) {
			items[i].DoneAt = erpnext.AtIn(m.At, zone)
		}
	}
	values["checklist"] = erpnext.Replace(items)
	return nil
}
