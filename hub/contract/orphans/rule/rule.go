// Package rule holds what must be true of the life of a service, each as one
// check: given a census it finds the documents that break it, and says what would
// mend them where a machine may decide that.
//
// Routes, events, systems called: none. Remembers: nothing. All of it is pure.
package rule

import (
	"cmp"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
)

// The severities: with an error money or work is being lost, a warning is to be
// looked at.
const (
	Error   = "error"
	Warning = "warning"
)

// The stories that a repair calls for, where a write is not enough.
const (
	Resume   = "resume"   // of a contract: what a signature leads to
	Activate = "activate" // of a job: what its completion leads to
	Unblock  = "unblock"  // of a job: that it need not wait any more
)

// Policy is what is decided in the settings.
type Policy struct {
	Can          []string // the stories that can be called for
	EndCompleted bool     // a service ends with the term of its contract
}

// Mend is how a finding is repaired: by a story, or by a write. The zero Mend
// leaves it to a person.
type Mend struct {
	Story string // Resume, Activate, Unblock or ""
	Of    string // the contract or job that the story is called for
	Write erpnext.Values
	Lock  erpnext.Datetime // modified of the document that is written
}

// Possible tells that the finding can be repaired.
func (m Mend) Possible() bool { return m.Story != "" || len(m.Write) > 0 }

// Finding is a document that breaks a rule.
type Finding struct {
	Check    string
	Severity string
	Doctype  string
	Name     string
	Customer string
	With     []string // the other documents that it is about
	Fresh    bool     // it was written a moment ago: whoever did may be about to go on
	Mend     Mend
}

// Same tells that both are the same breach, seen twice.
func (f Finding) Same(other Finding) bool {
	return f.Check == other.Check && f.Doctype == other.Doctype && f.Name == other.Name
}

// Rule is one check.
type Rule struct {
	Name     string
	Severity string
	Doctype  string // of what it finds
	find     func(v view) []Finding
}

// view is a census under a policy.
type view struct {
	*census.Census
	Policy
}

// settled is how long after a write nothing is expected to follow.
const settled = 10 * time.Minute

// Find lists the breaches, in the order of the names.
func (r Rule) Find(c *census.Census, p Policy) []Finding {
	found := r.find(view{c, p})
	for i := range found {
		f := &found[i]
		f.Check, f.Doctype, f.Severity = r.Name, r.Doctype, cmp.Or(f.Severity, r.Severity)
		if s := f.Mend.Story; s != "" && !slices.Contains(p.Can, s) {
			f.Mend = Mend{}
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// about begins a finding about a row.
func (v view) about(h census.Head, with ...string) Finding {
	return Finding{Name: h.Name, Customer: h.Customer, With: with, Fresh: h.Modified.Time.After(v.Now.Add(-settled))}
}

// mended adds the write that repairs the row, under its lock.
func (f Finding) mended(h census.Head, write erpnext.Values) Finding {
	f.Mend = Mend{Write: write, Lock: h.Modified}
	return f
}

// told adds the story that repairs it.
func (f Finding) told(story, of string) Finding {
	f.Mend = Mend{Story: story, Of: of}
	return f
}

// Rules are all checks, in the order in which they are shown.
func Rules() []Rule {
	return slices.Concat(contractRules(), subscriptionRules(), activationRules(), jobRules(), thingRules())
}

// Named finds a check.
func Named(name string) (Rule, bool) {
	for _, r := range Rules() {
		if r.Name == name {
			return r, true
		}
	}
	return Rule{}, false
}

// Names lists the names of all checks.
func Names() []string {
	rules := Rules()
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.Name
	}
	return names
}
