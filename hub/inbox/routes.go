package inbox

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

func (b *Inbox) list(ctx context.Context, in *deliveryListInput) (*web.Listing[Delivery], error) {
	deliveries, next, err := b.List(ctx, Search{
		Source: in.Source, Status: in.Status, Text: in.Query, Since: in.Since, Until: in.Until, VerifiedBy: in.VerifiedBy, Seen: in.Seen,
		Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return web.List(deliveries, next), nil
}

func (b *Inbox) get(ctx context.Context, in *deliveryInput) (*deliveryOutput, error) {
	delivery, err := b.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{delivery}, nil
}

func (b *Inbox) retry(ctx context.Context, in *deliveryRetryInput) (*deliveryOutput, error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	delivery, err := b.Retry(ctx, in.ID, reason)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{delivery}, nil
}

func (b *Inbox) replay(ctx context.Context, in *replayInput) (*replayOutput, error) {
	order := Order{
		Source: in.Body.Source, Status: in.Body.Status, Since: in.Body.Since, Limit: in.Body.Limit, Reason: in.Body.Reason,
		DryRun: in.Body.DryRun == nil || *in.Body.DryRun,
	}
	if in.Body.Until != nil {
		order.Until = *in.Body.Until
	}
	replay, err := b.Replay(ctx, order)
	if err != nil {
		return nil, err
	}
	return &replayOutput{replay}, nil
}

type deliveryListInput struct {
	Source     string      `query:"source" maxLength:"40"`
	Status     keep.Status `query:"status" enum:"held,pending,running,done,dead,cancelled"`
	Query      string      `query:"q" maxLength:"200" doc:"In dedupe key, note, reference or customer"`
	Since      time.Time   `query:"since" doc:"Came in at or after this instant"`
	Until      time.Time   `query:"until" doc:"and before this one"`
	VerifiedBy string      `query:"verified_by" maxLength:"40" doc:"How it was proven: hmac, header, basic, secret, reconciled"`
	Seen       int         `query:"seen" minimum:"0" doc:"Came at least so many times"`
	web.Paging
}

type deliveryInput struct {
	ID string `path:"id" maxLength:"64"`
}

type deliveryRetryInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

type deliveryOutput struct{ Body Delivery }

type replayInput struct {
	Body struct {
		Source string      `json:"source" minLength:"1" maxLength:"40" doc:"Which sender's: docuseal, twilio-sms …"`
		Since  time.Time   `json:"since" doc:"Came in at or after this instant"`
		Until  *time.Time  `json:"until,omitempty" doc:"and before this one"`
		Status keep.Status `json:"status,omitempty" enum:"dead,done,cancelled,held" default:"dead"`
		DryRun *bool       `json:"dry_run,omitempty" doc:"true unless it is false"`
		Limit  int         `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"200" doc:"At most so many, the oldest first"`
		Reason string      `json:"reason,omitempty" maxLength:"500"`
	}
}

type replayOutput struct{ Body Replay }
