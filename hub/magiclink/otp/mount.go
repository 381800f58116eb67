package otp

import (
	"context"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

func (d *Desk) mountCalls(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/otp/send", Guard: web.Public, ID: "otp-send",
		Summary: "Send a code to somebody who says who he is",
		Description: "The answer is always the same, whether anybody is known by the identifier or not, and whether a code leaves or not: at most one in a minute and three in 15 minutes do, for each identifier. " +
			"Only an address that asks more than 20 times in an hour hears so (429).",
	}, d.send)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/otp/verify", Guard: web.Public, ID: "otp-verify",
		Summary:     "Exchange a code for a token",
		Description: "The newest code counts, for ten minutes and five tries, once, and for its own purpose. Whatever is wrong with it, the refusal is the same: 401 `code-invalid`.",
	}, d.verify)
}

type sendInput struct {
	Body struct {
		Identifier string `json:"identifier" minLength:"1" maxLength:"254" doc:"A telephone number, a mail address, or for the portal a customer number"`
		Purpose    string `json:"purpose" enum:"tech,portal"`
		Lang       string `json:"lang,omitempty" enum:"fr,en" doc:"Of the message; the caller's when left out"`
	}
}

type sendOutput struct{ Body Asked }

// Asked is the answer to whoever asks for a code.
type Asked struct {
	Status    string `json:"status" enum:"accepted" doc:"Nothing about the identifier"`
	ExpiresIn int    `json:"expires_in" doc:"Seconds that a code is valid, if one was sent"`
	ResendIn  int    `json:"resend_in" doc:"Seconds after which another one may be asked for"`
	Digits    int    `json:"digits"`
}

// send answers POST /otp/send.
func (d *Desk) send(ctx context.Context, in *sendInput) (*sendOutput, error) {
	lang := hub.Lang(in.Body.Lang)
	if lang == "" {
		lang = web.CallerOf(ctx).Lang
	}
	if err := d.ask(ctx, wish{Purpose: in.Body.Purpose, Identifier: in.Body.Identifier, Lang: lang}); err != nil {
		return nil, err
	}
	return &sendOutput{Asked{Status: "accepted", ExpiresIn: int(life / time.Second), ResendIn: int(resend / time.Second), Digits: digits}}, nil
}

type verifyInput struct {
	Body struct {
		Identifier string `json:"identifier" minLength:"1" maxLength:"254"`
		Code       string `json:"code" minLength:"1" maxLength:"20" doc:"Six digits; spaces do not matter"`
		Purpose    string `json:"purpose" enum:"tech,portal"`
	}
}

type verifyOutput struct{ Body Proof }

// Proof is what a code is exchanged for.
type Proof struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// verify answers POST /otp/verify.
func (d *Desk) verify(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	proof, err := d.check(ctx, guess{Purpose: in.Body.Purpose, Identifier: in.Body.Identifier, Code: in.Body.Code, Lang: web.CallerOf(ctx).Lang})
	return &verifyOutput{proof}, err
}

// meter takes one from an allowance of the caller's address, or of its
// neighbourhood where one caller has many.
func (d *Desk) meter(ctx context.Context, what string, most int) error {
	ok, wait, err := d.Store.Allow(ctx, "otp:"+what+":"+web.CallerOf(ctx).Neighbourhood, most, time.Hour)
	if err == nil && !ok {
		err = hub.Fail(hub.TooMany, "too-many-requests", "Too many requests from this address.", nil, hub.WithRetryAfter(wait))
	}
	return err
}
