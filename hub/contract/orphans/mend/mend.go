// Package mend repairs a finding: it looks again at the document and at what it
// hangs together with, and does nothing unless the rule is still broken in the
// same way; then it writes under the lock of what it has just read, or calls for
// the story that was broken off, and looks whether that helped.
//
// Routes, events: none. Systems called: ERPNext. Remembers: a line of the audit
// for each repair, written before it.
package mend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Trail takes lines of the audit.
type Trail interface {
	Audit(ctx context.Context, record keep.Record) error
}

// Mender repairs. It may be used by several at once.
type Mender struct {
	ERPNext *erpnext.Client
	Trail   Trail
	Reader  *census.Reader
	Policy  rule.Policy
	Stories map[string]func(ctx context.Context, of string) error
	Out     func(status string) string // the site's word for the state of a job
}

// errStill says that the repair was carried out and helped nothing.
var errStill = errors.New("the repair was carried out and the document is still wrong")

// Mend repairs the finding for somebody ("staff:ann"). It reports whether the rule
// holds now; false without an error says that it is for a person after all.
func (m *Mender) Mend(ctx context.Context, f rule.Finding, actor string) (held bool, err error) {
	now, broken, err := m.look(ctx, f)
	if err != nil || !broken {
		return !broken && err == nil, err
	}
	if !now.Mend.Possible() {
		return false, nil
	}
	if err := m.Trail.Audit(ctx, record(now, actor)); err != nil {
		return false, fmt.Errorf("noting the repair of %s: %w", f.Name, err)
	}
	if err := m.act(ctx, now); err != nil {
		return false, fmt.Errorf("repairing %s %s: %w", f.Doctype, f.Name, err)
	}
	if now.Mend.Story == "" {
		return true, nil
	}
	if _, broken, err = m.look(ctx, f); err == nil && broken {
		err = fmt.Errorf("repairing %s %s: %w", f.Doctype, f.Name, errStill)
	}
	return err == nil, err
}

// look finds the breach again, as it is now.
func (m *Mender) look(ctx context.Context, f rule.Finding) (now rule.Finding, broken bool, err error) {
	r, known := rule.Named(f.Check)
	if !known {
		return now, false, fmt.Errorf("there is no check %s", f.Check)
	}
	around, err := m.Reader.Around(ctx, f.Doctype, f.Name)
	if err != nil {
		return now, false, fmt.Errorf("reading %s %s again: %w", f.Doctype, f.Name, err)
	}
	found := r.Find(around, m.Policy)
	at := slices.IndexFunc(found, f.Same)
	if at < 0 {
		return now, false, nil
	}
	return found[at], true, nil
}

func (m *Mender) act(ctx context.Context, f rule.Finding) error {
	if f.Mend.Story != "" {
		return m.Stories[f.Mend.Story](ctx, f.Mend.Of)
	}
	values := maps.Clone(f.Mend.Write)
	if status, ok := values["status"].(string); ok && f.Doctype == "Dispatch Job" {
		values["status"] = m.Out(status)
	}
	values["modified"] = f.Mend.Lock
	return m.ERPNext.Update(ctx, f.Doctype, f.Name, values, nil)
}

func record(f rule.Finding, actor string) keep.Record {
	does := f.Mend.Story + " " + f.Mend.Of
	if f.Mend.Story == "" {
		var parts []string
		for _, field := range slices.Sorted(maps.Keys(f.Mend.Write)) {
			parts = append(parts, fmt.Sprintf("%s=%v", field, f.Mend.Write[field]))
		}
		does = strings.Join(parts, " ")
	}
	return keep.Record{Actor: actor, Action: "orphan.repair", Doctype: f.Doctype, Name: f.Name, Detail: f.Check + ": " + does}
}
