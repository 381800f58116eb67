// Package rules is the allow-list of the gateway: which doctypes and methods of
// ERPNext are open to whom, which fields are secret, and what a request would do.
// What is not listed is refused. It calls nothing; it remembers the list and, for
// every doctype, how often it has changed.
package rules

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

// Verbs are what may be done with the documents of a doctype.
type Verbs uint8

// The verbs. Submit also stands for cancelling.
const (
	Read Verbs = 1 << iota
	Write
	Create
	Delete
	Submit
)

// verbNames are the verbs as settings and evidence name them.
var verbNames = [...]struct {
	verb Verbs
	name string
}{{Read, "read"}, {Write, "write"}, {Create, "create"}, {Delete, "delete"}, {Submit, "submit"}}

// String names the verbs: "read+write".
func (v Verbs) String() string {
	var names []string
	for _, n := range verbNames {
		if v&n.verb != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, "+")
}

// Keep says how long answers may be kept; the zero Keep keeps nothing.
type Keep struct {
	Fresh time.Duration // served as it is
	Stale time.Duration // after that, served while a new one is fetched
	Away  time.Duration // after that, served when ERPNext is away
}

// Doctype is what the gateway knows of a doctype.
type Doctype struct {
	Name    string
	Secrets veil.Names // fields that nobody gets to see, those of its rows included; nil for none
	Keep    Keep
	Changes atomic.Uint64 // how often it has changed, as far as the hub heard

	table bool
	links map[string]string // field to the doctype that it leads to
}

// Policy is the whole list. It is safe for concurrent use.
type Policy struct {
	silent   bool // ERPNext is not to write to anybody
	doctypes map[string]*Doctype
	calls    map[string]Keep // how long answers of methods are kept
	secrets  veil.Names      // of all doctypes together
	who      []string        // who is named in the list; the place is the bit
	grants   []grant
	methods  []opening
	classes  sync.Map // uint64 of bits to *Class
}

// grant opens a doctype to somebody.
type grant struct {
	who     string // "" for everybody who may enter
	doctype string
	verbs   Verbs
}

// opening opens a method, or all that begin alike, to somebody.
type opening struct{ who, method string }

// Class is all callers to whom the same is open. Answers are shared inside a
// class and never beyond.
type Class struct {
	Name    string // "staff", "service+billing": for evidence
	policy  *Policy
	staff   bool
	grants  map[string]Verbs
	methods map[string]bool
	starts  []string
}

// ClassOf finds the class of a caller: his role and those of his scopes that the
// list knows.
func (p *Policy) ClassOf(a hub.Actor) *Class {
	var bits uint64
	if a.Role == hub.RoleStaff || a.Role == hub.RoleService {
		bits = p.bit(string(a.Role))
		for _, scope := range a.Scopes {
			if scope != string(hub.RoleStaff) && scope != string(hub.RoleService) { // a scope makes nobody what he is not
				bits |= p.bit(scope)
			}
		}
	}
	if c, ok := p.classes.Load(bits); ok {
		return c.(*Class)
	}
	c, _ := p.classes.LoadOrStore(bits, p.class(bits, string(a.Role)))
	return c.(*Class)
}

func (p *Policy) bit(who string) uint64 {
	if i := slices.Index(p.who, who); i >= 0 {
		return 1 << i
	}
	return 0
}

func (p *Policy) class(bits uint64, role string) *Class {
	c := &Class{Name: role, policy: p, staff: bits&p.bit(string(hub.RoleStaff)) != 0, grants: map[string]Verbs{}, methods: map[string]bool{}}
	for i, who := range p.who {
		if bits&(1<<i) != 0 && who != role {
			c.Name += "+" + who
		}
	}
	mine := func(who string) bool { return bits&p.bit(who) != 0 || who == "" && bits != 0 }
	for who, doctypes := range p.byWho() {
		if mine(who) {
			for doctype, verbs := range doctypes {
				c.grants[doctype] |= verbs
			}
		}
	}
	for _, m := range p.methods {
		if !mine(m.who) {
			continue
		}
		if start, many := strings.CutSuffix(m.method, "*"); many {
			c.starts = append(c.starts, start)
		} else {
			c.methods[m.method] = true
		}
	}
	return c
}

// byWho gives what each is granted: a later line on the same doctype replaces an
// earlier one.
func (p *Policy) byWho() map[string]map[string]Verbs {
	all := map[string]map[string]Verbs{}
	for _, g := range p.grants {
		if all[g.who] == nil {
			all[g.who] = map[string]Verbs{}
		}
		all[g.who][g.doctype] = g.verbs
	}
	return all
}

// May tells whether the class may do all of the verbs with a doctype.
func (c *Class) May(doctype string, verbs Verbs) bool {
	return verbs != 0 && c.grants[doctype]&verbs == verbs
}

// MayCall tells whether a method is open to the class.
func (c *Class) MayCall(method string) bool {
	return c.methods[method] || slices.ContainsFunc(c.starts, func(start string) bool { return strings.HasPrefix(method, start) })
}

// Doctype returns what is known of a doctype that the list or the schema names.
func (p *Policy) Doctype(name string) (*Doctype, bool) {
	d, ok := p.doctypes[name]
	return d, ok
}

// Longest is how long any answer is kept at most.
func (p *Policy) Longest() time.Duration {
	var longest time.Duration
	keeps := slices.Collect(maps.Values(p.calls))
	for _, d := range p.doctypes {
		keeps = append(keeps, d.Keep)
	}
	for _, k := range keeps {
		longest = max(longest, k.Fresh+k.Stale+k.Away)
	}
	return longest
}
