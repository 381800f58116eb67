package otp

import (
	"context"
	"crypto/hmac"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
)

// guess is a code that somebody brings.
type guess struct {
	Purpose    string
	Identifier string
	Code       string
	Lang       hub.Lang
}

// check exchanges a code for a token. Every guess counts as a try before its outcome
// is known, also of those that come at the same time; for whoever is not known, or
// never asked for a code, the same is read, hashed and written.
func (d *Desk) check(ctx context.Context, g guess) (Proof, error) {
	if err := d.off(); err != nil {
		return Proof{}, err
	}
	if err := d.meter(ctx, "verify", triesHour); err != nil {
		return Proof{}, err
	}
	key, err := d.key(g.Purpose, g.Identifier)
	if err != nil {
		return Proof{}, err
	}
	var was page
	right := false
	var failed error
	err = d.edit(ctx, key, func(p *page) bool {
		was = *p
		var sum []byte
		sum, failed = d.hash(key, p.Made, figures(g.Code))
		right = failed == nil && hmac.Equal(sum, p.Hash) && p.opens(d.Now())
		p.try(d.Now(), right)
		return failed == nil
	})
	switch {
	case failed != nil:
		return Proof{}, failed
	case err != nil:
		return Proof{}, err
	case !right:
		return Proof{}, hub.Fail(hub.Unauthenticated, "code-invalid", "The code is wrong, or not valid any more.", nil)
	}
	return d.admit(ctx, g, was)
}

// admit makes the token of somebody whose code was right.
func (d *Desk) admit(ctx context.Context, g guess, p page) (Proof, error) {
	grant := access.Grant{Audience: access.Portal, Subject: p.Subject, Lang: g.Lang, TTL: portalLife}
	who, doctype := hub.Actor{Role: hub.RoleCustomer, ID: p.Subject}, "Customer"
	if g.Purpose == forTech {
		grant = access.Grant{Audience: access.Technician, Subject: p.Subject, Scopes: access.JobScopes(), Lang: g.Lang, Expires: d.Until()}
		who, doctype = hub.Actor{Role: hub.RoleTechnician, ID: p.Subject}, "Dispatch Technician"
	}
	token, claims, err := d.Keys.Mint(ctx, grant)
	if err != nil {
		return Proof{}, err
	}
	return Proof{Token: token, ExpiresAt: claims.Expires}, d.Store.Audit(ctx, keep.Record{
		Actor: who.String(), Action: "code.enter", Doctype: doctype, Name: p.Subject, Detail: claims.ID, Request: hub.RequestID(ctx),
	})
}

// figures are the digits of what somebody typed: "123 456" is 123456.
func figures(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, norm.NFKC.String(text))
}
