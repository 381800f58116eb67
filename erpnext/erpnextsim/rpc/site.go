package rpc

import (
	"crypto/rand"
	"encoding/hex"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/act"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// site is the procedures about the site and the caller.
func site() Table {
	return Table{
		"ping":                                 {run: ping, guest: true},
		"frappe.ping":                          {run: ping, guest: true},
		"frappe.auth.get_logged_user":          {run: loggedUser},
		"frappe.utils.change_log.get_versions": {run: versions},
		"frappe.utils.scheduler.get_scheduler_status": {run: schedulerStatus},
		"run_doc_method": {run: runDocMethod, writes: true, verbs: []string{"GET", "POST"}},
		"frappe.core.doctype.user.user.generate_keys": {run: generateKeys, required: []string{"user"}, writes: true, post: true},
	}
}

func attachFile(c *Call) (any, error) { return attach.Inline(c.S, c.Args) }

// generateKeys gives a user a key, unless there is one, and a new secret, which is
// shown this once; the newer release shows the key, too.
func generateKeys(c *Call) (any, error) {
	if c.S.User.Name != access.Administrator && !slices.Contains(c.S.User.Roles, "System Manager") {
		return nil, exception.Denied("")
	}
	user, err := c.S.Load("User", c.text("user"))
	if err != nil {
		return nil, err
	}
	if user.Text("api_key") == "" {
		user.Set("api_key", randomHex())
	}
	secret := randomHex()
	user.Set("api_secret", secret)
	out := wire.Object{}
	if c.S.Profile == profile.V16 {
		out.Set("api_key", user.Get("api_key"))
	}
	out.Set("api_secret", secret)
	return out, c.S.Save(user)
}

func randomHex() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails, by the package's contract
	return hex.EncodeToString(b)[:15]
}

func ping(*Call) (any, error)         { return "pong", nil }
func loggedUser(c *Call) (any, error) { return c.S.User.Name, nil }

// schedulerStatus tells every user whether the site does its regular work.
func schedulerStatus(c *Call) (any, error) {
	if c.Idle {
		return wire.Object{{Key: "status", Value: "inactive"}}, nil
	}
	return wire.Object{{Key: "status", Value: "active"}}, nil
}

func versions(c *Call) (any, error) {
	app := func(title, description string) wire.Object {
		return wire.Object{
			{Key: "title", Value: title},
			{Key: "description", Value: description},
			{Key: "branch", Value: "version-" + c.S.Profile.String()[1:]},
			{Key: "version", Value: c.S.Profile.Version()},
		}
	}
	return wire.Object{
		{Key: "frappe", Value: app("Frappe Framework", "Full stack web framework with Python, Javascript, MariaDB, Redis, Node")},
		{Key: "erpnext", Value: app("ERPNext", "ERP made simple")},
	}, nil
}

// runDocMethod runs a method of a stored document (dt, dn), or of one that came
// along (docs).
func runDocMethod(c *Call) (any, error) {
	args := map[string]any{}
	for _, name := range []string{"arg", "args"} {
		if v, err := c.decoded(name); err == nil {
			if m, ok := v.(map[string]any); ok {
				args = m
			}
		}
	}
	m := act.Method{Name: c.text("method"), Right: "read", Args: args, Shared: shared(c.S.Profile)}
	if c.text("dt") == "" {
		return act.InMemory(c.S, c.Args["docs"], m)
	}
	name := c.text("dn")
	if name == "" {
		name = c.text("dt") // a single document
	}
	doc, err := c.S.Load(c.text("dt"), name)
	if err != nil {
		return nil, err
	}
	return act.Showing(c.S, doc, m)
}

// shared is the methods that every document has.
func shared(release profile.Profile) map[string]document.Method {
	all := map[string]document.Method{
		"submit": act.SetDocstatus(1), "cancel": act.SetDocstatus(2),
		"add_comment": func(s *document.Session, d *document.Doc, args map[string]any) (any, error) {
			return comment(s, d, note{kind: meta.Text(args["comment_type"]), text: meta.Text(args["text"]), email: meta.Text(args["comment_email"]), by: meta.Text(args["comment_by"])})
		},
		"rename": func(s *document.Session, d *document.Doc, args map[string]any) (any, error) {
			return removal.Rename(s, removal.Renaming{Doc: d, Name: meta.Text(args["name"]), Merge: truth(args["merge"]), Force: truth(args["force"])})
		},
	}
	if release == profile.V16 {
		all["discard"] = discard
	}
	return all
}

// discard cancels a draft.
func discard(s *document.Session, d *document.Doc, _ map[string]any) (any, error) {
	if d.Docstatus() != 0 {
		return nil, exception.Invalid("Only draft documents can be discarded")
	}
	return nil, s.SetValue(d.Type.Name, d.Name(), map[string]any{"docstatus": int64(2)}, true)
}

// note is a comment to add.
type note struct{ kind, text, email, by string }

// comment adds a Comment to a document.
func comment(s *document.Session, d *document.Doc, n note) (any, error) {
	if n.kind == "" {
		n.kind = "Comment"
	}
	if n.email == "" {
		n.email = s.User.Name
	}
	if n.text == "" {
		n.text = n.kind
	}
	doc, err := s.New("Comment", map[string]any{
		"comment_type": n.kind, "reference_doctype": d.Type.Name, "reference_name": d.Name(),
		"comment_email": n.email, "comment_by": meta.OrNil(n.by), "content": n.text,
	})
	if err != nil {
		return nil, err
	}
	return doc, s.As(func() error { return s.Insert(doc) })
}

func hasPermission(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("docname"))
	if err != nil {
		return nil, err
	}
	right := c.text("perm_type")
	if right == "" {
		right = "read"
	}
	return wire.Object{{Key: "has_permission", Value: c.S.May(doc, right)}}, nil
}

func isAmended(c *Call) (any, error) {
	d, err := c.S.Meta(c.text("doctype"))
	if err != nil || d.Field("amended_from") == nil {
		return false, err
	}
	rows, err := c.S.Tx.Rows("SELECT name FROM "+store.Table(d.Name)+" WHERE amended_from = ?", c.text("docname"))
	if err != nil || len(rows) == 0 {
		return false, err
	}
	return rows[0]["name"], nil
}

// Method is a method of a document, and the right that its caller needs.
type Method = act.Method

// RunMethod runs a method of a document.
func RunMethod(s *document.Session, doc *document.Doc, m Method) (any, error) {
	m.Shared = shared(s.Profile)
	return act.Run(s, doc, m)
}

// RunInMemory is the second version's run_doc_method: the document comes along, and
// goes back with the result.
func RunInMemory(s *document.Session, verb string, args map[string]any) (any, error) {
	return act.OfSent(s, verb, args, shared(s.Profile))
}
