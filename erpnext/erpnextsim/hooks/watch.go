package hooks

import (
	"maps"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks/expr"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// Watch notes what happens to documents during one request.
type Watch struct {
	board    *Board
	hooks    map[string][]hook
	events   []event
	inserted map[*document.Doc]bool
	changed  bool // webhooks themselves changed
}

type event struct {
	hook string
	doc  *document.Doc
}

// Watch looks at the work of a writing session from now on. It makes the session's
// rules tell it what happens.
func (b *Board) Watch(s *document.Session) (*Watch, error) {
	hooks, err := b.load(s)
	if err != nil {
		return nil, err
	}
	w := &Watch{board: b, hooks: hooks, inserted: map[*document.Doc]bool{}}
	rules := maps.Clone(s.Rules)
	for doctype := range hooks {
		rules[doctype] = w.listening(rules[doctype])
	}
	c := rules["Webhook"]
	c.Events = maps.Clone(c.Events)
	for _, name := range []string{"on_update", "after_delete"} {
		c.Events[name] = w.noticing(c.Events[name])
	}
	rules["Webhook"] = c
	s.Rules = rules
	return w, nil
}

// noticing is a hook of webhooks themselves: the board forgets what it knows.
func (w *Watch) noticing(before document.Hook) document.Hook {
	return func(s *document.Session, d *document.Doc) error {
		w.changed = true
		if before != nil {
			return before(s, d)
		}
		return nil
	}
}

// listening is a controller that also tells what happens.
func (w *Watch) listening(c document.Controller) document.Controller {
	c.Events = maps.Clone(c.Events)
	if c.Events == nil {
		c.Events = map[string]document.Hook{}
	}
	for _, name := range []string{"after_insert", "on_update", "on_submit", "on_cancel", "on_trash", "on_update_after_submit", "on_change"} {
		before := c.Events[name]
		c.Events[name] = func(s *document.Session, d *document.Doc) error {
			if before != nil {
				if err := before(s, d); err != nil {
					return err
				}
			}
			return w.happened(s, name, d)
		}
	}
	return c
}

// happened queues the webhooks for an event. A condition that cannot be evaluated
// fails the request, as on the real server.
func (w *Watch) happened(s *document.Session, name string, d *document.Doc) error {
	if s.Import {
		return nil
	}
	if name == "after_insert" {
		w.inserted[d] = true
	}
	silent := name == "on_update_after_submit" && s.Profile == profile.V15 // its name there is another one
	if name == "on_change" && w.inserted[d] {
		delete(w.inserted, d)
		silent = true
	}
	for _, h := range w.hooks[d.Type.Name] {
		holds, err := h.holds(d)
		if err != nil {
			return err
		}
		if holds && !silent && h.event == name {
			w.events = append(w.events, event{h.name, d})
		}
	}
	return nil
}

func (h hook) holds(d *document.Doc) (bool, error) {
	if h.condition == nil {
		return true, nil
	}
	ok, err := h.condition.True(scope(d))
	if raised, is := err.(*expr.Raised); is {
		return false, exception.Raise(raised.Class, "%s", raised.Text)
	}
	return ok, err
}

func scope(d *document.Doc) expr.Scope {
	return expr.Scope{Doctype: d.Type.Name, Doc: d.Object(false)}
}

// Closing is called in front of the commit: what the board knows of webhooks is
// forgotten when they changed.
func (w *Watch) Closing() {
	if w != nil && w.changed {
		w.board.mu.Lock()
		w.board.known = nil
		w.board.mu.Unlock()
	}
}

// Committed queues the deliveries of a request that was kept: of several events of
// one document for one webhook the last.
func (w *Watch) Committed(user string) {
	if w == nil {
		return
	}
	var jobs []job
	seen := map[[2]string]bool{}
	for _, e := range slices.Backward(w.events) {
		key := [2]string{e.hook, e.doc.Name()}
		if !seen[key] {
			seen[key] = true
			jobs = append(jobs, job{e.hook, user, e.doc.Type.Name, e.doc.Name(), e.doc.Object(false)})
		}
	}
	slices.Reverse(jobs)
	w.board.add(jobs)
}
