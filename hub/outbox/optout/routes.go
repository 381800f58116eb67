package optout

import (
	"context"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/web"
)

const (
	tag   = "messages"
	route = "/messages/opt-outs"
)

// Mount adds the routes.
func (l *Ledger) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: route, Guard: web.Staff, ID: "list-opt-outs", Tag: tag,
		Summary:     "What one recipient does not want",
		Description: "Looked up by the exact address, given in to. Addresses are kept as a hash, so there is no list of all.",
	}, l.list)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: route, Guard: web.Staff, ID: "add-opt-out", Tag: tag, Status: http.StatusCreated,
		Summary:     "Record that somebody does not want messages",
		Description: "commercial stops offers and lets texts about the service through; all stops everything on the channel.",
	}, l.add)
	web.Operation(r, web.Op{
		Method: http.MethodDelete, Path: route, Guard: web.Staff, ID: "lift-opt-out", Tag: tag,
		Summary:     "Take an opt-out back",
		Description: "Only when the recipient asked for it. What a carrier blocks itself stays blocked there until the recipient writes START.",
	}, l.lift)
}

func (l *Ledger) list(ctx context.Context, in *addressInput) (*web.Listing[Standing], error) {
	c, to, err := channel.Either(in.To)
	if err != nil {
		return nil, err
	}
	return l.listing(ctx, c, to)
}

func (l *Ledger) add(ctx context.Context, in *addInput) (*web.Listing[Standing], error) {
	c, to, err := channel.Either(in.Body.To)
	if err != nil {
		return nil, err
	}
	source, err := staffSource(in.Body.Reason)
	if err != nil {
		return nil, err
	}
	if err := l.Add(ctx, OptOut{Channel: c, Address: to, Scope: in.Body.Scope, Source: source}); err != nil {
		return nil, err
	}
	return l.listing(ctx, c, to)
}

func (l *Ledger) lift(ctx context.Context, in *liftInput) (*web.Listing[Standing], error) {
	c, to, err := channel.Either(in.To)
	if err != nil {
		return nil, err
	}
	source, err := staffSource(in.Reason)
	if err != nil {
		return nil, err
	}
	if err := l.Lift(ctx, OptOut{Channel: c, Address: to, Scope: in.Scope, Source: source}); err != nil {
		return nil, err
	}
	return l.listing(ctx, c, to)
}

func (l *Ledger) listing(ctx context.Context, c channel.Channel, to string) (*web.Listing[Standing], error) {
	stops, err := l.Of(ctx, c, to)
	if err != nil {
		return nil, err
	}
	return web.List(stops, ""), nil
}

func staffSource(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if len([]rune(reason)) < 3 {
		return "", hub.Fail(hub.Invalid, "invalid", "A reason is needed.", nil, hub.WithField("/reason", "at least 3 characters"))
	}
	return SourceStaff + ": " + reason, nil
}

type addressInput struct {
	To string `query:"to" required:"true" minLength:"3" maxLength:"320" doc:"A telephone number or a mail address, exact"`
}

type addInput struct {
	Body struct {
		To     string `json:"to" minLength:"3" maxLength:"320" doc:"A telephone number or a mail address"`
		Scope  Scope  `json:"scope,omitempty" enum:"commercial,all" doc:"commercial when absent"`
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

type liftInput struct {
	To     string `query:"to" required:"true" minLength:"3" maxLength:"320" doc:"A telephone number or a mail address, exact"`
	Scope  Scope  `query:"scope" enum:"commercial,all" doc:"Only this one; both when absent"`
	Reason string `query:"reason" required:"true" minLength:"3" maxLength:"500"`
}
