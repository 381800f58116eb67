// Package findings prints what the command check found: one line a part, in
// words that name the setting to look at. It calls nobody and remembers how many
// things are wrong.
package findings

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// List prints findings as they come.
type List struct {
	out io.Writer
	bad int
}

// To makes a list that prints to out.
func To(out io.Writer) *List { return &List{out: out} }

// OK says that a part will work.
func (l *List) OK(part, text string) { l.line("ok", part, text) }

// Warn says what works, but deserves a look.
func (l *List) Warn(part, text string) { l.line("warn", part, text) }

// Off says that a part is switched off, and by what.
func (l *List) Off(part, text string) { l.line("off", part, text) }

// Fail says what will not work.
func (l *List) Fail(part, text string) {
	l.bad++
	l.line("FAIL", part, text)
}

// Add says what somebody else has found: ok, warn, off or fail.
func (l *List) Add(level, part, text string) {
	if level == "fail" {
		l.Fail(part, text)
		return
	}
	l.line(level, part, text)
}

func (l *List) line(level, part, text string) {
	fmt.Fprintf(l.out, "%-5s %-9s %s\n", level, part, text)
}

// Mistakes fails once for each mistake in the settings.
func (l *List) Mistakes(err error) {
	many, ok := errors.AsType[*config.Mistakes](err)
	if !ok {
		l.Fail("settings", err.Error())
		return
	}
	for _, m := range many.List {
		l.Fail("settings", m.Error())
	}
}

// Bad ends the list with the number of problems, and tells whether there were any.
func (l *List) Bad() bool {
	noun := "problems"
	if l.bad == 1 {
		noun = "problem"
	}
	if l.bad > 0 {
		fmt.Fprintln(l.out, l.bad, noun)
	}
	return l.bad > 0
}

// Peer is a system that is asked, with what its refusals mean.
type Peer struct {
	Name        string // Twilio
	Address     string
	Credentials string // the variables that prove who we are
	Missing     string // what it does not have when it answers 404
}

// Trouble puts a failed call in words: what was asked, and which setting is to
// be looked at.
func (p Peer) Trouble(err error) string {
	e, ok := connectors.AsError(err)
	switch {
	case !ok:
		return words(err)
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return p.Name + " refuses " + p.Credentials
	case e.Status == http.StatusNotFound:
		return p.Missing
	case e.Code == connectors.CodeUnreadable:
		return "what answers at " + p.Address + " is not " + p.Name
	case e.Status > 0:
		return fmt.Sprintf("%s answered %d: %s", p.Name, e.Status, e.Reason)
	}
	return p.Name + " cannot be reached at " + p.Address + ": " + e.Reason
}

// words is an error without its Go wrapping.
func words(err error) string {
	if p := hub.ProblemOf(err); p.Detail != "" {
		return p.Detail
	}
	return strings.TrimSpace(err.Error())
}
