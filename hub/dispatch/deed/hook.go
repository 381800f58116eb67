package deed

import (
	"context"
	"encoding/json"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
)

// The types of webhooks.
const (
	hookOpened = "job.opened"
	hookClosed = "job.closed" // completed or cancelled: data.status tells
)

// opens tells that work on the order may begin: it was filed and waits for
// nothing, was unblocked, or opened again.
func (d *desk) opens(m effect.Move, job *erpnext.DispatchJob) bool {
	if job.OnOpenWebhook == "" || machine.Final(m.To) || m.To == erpnext.JobOnHold {
		return false
	}
	filed := m.From == "" && (!m.Observed || m.To == erpnext.JobOpen) // else what it was is not known
	return filed || m.From == erpnext.JobOnHold || machine.Final(m.From)
}

func (d *desk) closes(m effect.Move, job *erpnext.DispatchJob) bool {
	return job.OnCloseWebhook != "" && machine.Final(m.To) && !machine.Final(m.From)
}

func (d *desk) onOpen(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	return d.call(ctx, notice{move: m, job: job, kind: hookOpened, effect: "on_open_webhook", url: job.OnOpenWebhook})
}

func (d *desk) onClose(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	return d.call(ctx, notice{move: m, job: job, kind: hookClosed, effect: "on_close_webhook", url: job.OnCloseWebhook})
}

// notice is a webhook in the making.
type notice struct {
	move              effect.Move
	job               *erpnext.DispatchJob
	kind, effect, url string
}

// hookBody is what a receiver gets. It names people by nothing but the ids of
// their documents.
type hookBody struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of the change of state, UTC
	Data      hookData  `json:"data"`
}

type hookData struct {
	Job        string `json:"job"`
	Subject    string `json:"subject"`
	Status     string `json:"status"`
	From       string `json:"from"`
	Customer   string `json:"customer"`
	Contract   string `json:"contract"`
	Issue      string `json:"issue"`
	Technician string `json:"technician"`
}

// call sends the webhook. Its id is the same however often it is sent: the receiver
// knows a repetition by it.
func (d *desk) call(ctx context.Context, n notice) (effect.Result, error) {
	if d.Hooks == nil {
		return effect.Skip("Webhooks are not set up."), nil
	}
	id := n.move.ID + "/" + n.effect
	body, err := json.Marshal(n.body())
	if err != nil {
		return effect.Result{}, err
	}
	err = d.Hooks.Send(ctx, standardwebhooks.Webhook{ID: id, URL: n.url, Body: body})
	e, ours := connectors.AsError(err)
	switch {
	case err == nil:
		return effect.Result{Trace: []string{id}}, nil
	case ours && e.Code == connectors.CodeClosed:
		return effect.Result{State: effect.Captured, Note: e.Reason, Trace: []string{id}, Data: map[string]any{"body": json.RawMessage(body)}}, nil
	case ours && !e.Temporary:
		return effect.Result{}, keep.Reject(hub.Fail(hub.Upstream, "webhook-refused", "The webhook was not taken: "+e.Reason+".", e))
	}
	return effect.Result{}, err
}

func (n notice) body() hookBody {
	return hookBody{Type: n.kind, Timestamp: n.move.At.UTC(), Data: hookData{
		Job: n.job.Name, Subject: n.job.Subject, Status: n.move.To, From: n.move.From, Customer: n.job.Customer,
		Contract: n.job.ServiceContract, Issue: n.job.SourceIssue, Technician: technician(n.move, n.job),
	}}
}
