// Package check asks a site whether it is as the hub needs it, and says to an
// operator what is missing and what to do. It changes nothing and remembers
// nothing.
package check

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/hub"
)

// Level says how much a finding matters.
type Level string

// The levels.
const (
	Fine    Level = "ok"
	Warning Level = "warning"
	Fault   Level = "fault" // the hub cannot do its work
)

// Finding is what Check has to say to an operator.
type Finding struct {
	Level Level
	About string // "ERPNext", a doctype, or a doctype and field
	Text  string // one sentence
	Hint  string // what to do; "" when nothing is to be done
}

// Site is what is asked.
type Site interface {
	LoggedUser(ctx context.Context) (string, error)
	TimeZone(ctx context.Context) (string, error)
	Meta(ctx context.Context, doctype string) ([]meta.DocType, error)
}

// Cause is why a question was not answered, as far as an operator can act on it.
type Cause int

// The causes.
const (
	Strange   Cause = iota // it is no ERPNext, or answers nonsense
	Unknown                // it does not know the token
	Forbidden              // the user has no right
	Missing                // what was asked for is not there
	Away                   // no answer came
	Passing                // it cannot answer now
)

// Survey is one check to be made.
type Survey struct {
	Site  Site
	Cause func(error) Cause
	Needs []Need
	Hooks Hooks

	metas    map[string]meta.DocType
	findings []Finding
}

// Run asks everything. Findings come in a fixed order; without a Fault the hub
// can work.
func (s *Survey) Run(ctx context.Context) []Finding {
	s.metas = map[string]meta.DocType{}
	user, err := s.Site.LoggedUser(ctx)
	if err != nil {
		return []Finding{s.unreachable(err)}
	}
	s.whoAreWe(user)
	s.clock(ctx)
	for _, n := range s.Needs {
		s.doctype(ctx, n)
	}
	s.webhooks(ctx)
	if !slices.ContainsFunc(s.findings, func(f Finding) bool { return f.Level == Fault }) {
		s.add(Fine, "ERPNext", fmt.Sprintf("All %d doctypes are as the hub needs them.", len(s.Needs)), "")
	}
	return s.findings
}

func (s *Survey) add(level Level, about, text, hint string) {
	s.findings = append(s.findings, Finding{level, about, text, hint})
}

func (s *Survey) unreachable(err error) Finding {
	f := Finding{Level: Fault, About: "ERPNext"}
	switch s.Cause(err) {
	case Unknown:
		f.Text, f.Hint = "ERPNext does not know the API key.", "Generate a new key pair for the hub's user and set TARGO_ERPNEXT_API_KEY and TARGO_ERPNEXT_API_SECRET."
	case Forbidden:
		f.Text, f.Hint = "The hub's user may not use the API.", "Enable the user in ERPNext and give it a role."
	case Away:
		f.Text, f.Hint = "ERPNext cannot be reached.", "Check TARGO_ERPNEXT_URL and that the site is up."
	case Passing:
		f.Text, f.Hint = "ERPNext is not able to answer now.", "Look at the site: maintenance, overload or a failing database."
	default:
		f.Text, f.Hint = "What answers at this address is not an ERPNext site.", "Check TARGO_ERPNEXT_URL; the host name selects the site."
	}
	return f
}

func (s *Survey) whoAreWe(user string) {
	switch user {
	case "", "Guest":
		s.add(Fault, "ERPNext", "ERPNext takes the hub for a guest.", "Something in between drops the Authorization header.")
	case "Administrator":
		s.add(Warning, "ERPNext", "The hub is Administrator in ERPNext.", "Give the hub a user of its own with the roles that it needs.")
	default:
		s.add(Fine, "ERPNext", "The hub is "+user+" in ERPNext.", "")
	}
}

// clock compares zones: ERPNext writes times without one.
func (s *Survey) clock(ctx context.Context) {
	zone, err := s.Site.TimeZone(ctx)
	if err == nil && zone != "" && zone != hub.Zone {
		s.add(Fault, "ERPNext", "The site's clock is in "+zone+", the hub reads it as "+hub.Zone+".",
			"Set the time zone in System Settings.")
	}
}
