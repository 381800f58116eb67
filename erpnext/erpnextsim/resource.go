package erpnextsim

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/answer"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/files"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/identity"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/people"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/route"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
	"gigafibre.ca/targo-hub/simkit/paper"
)

// find looks a path up in the map of the call's version.
func (c *call) find(path string) (route.Match, error) {
	m, allowed := c.site.routes[c.version].Find(c.r.Method, path)
	switch {
	case m.Operation != route.Unknown:
		return m, nil
	case len(allowed) > 0:
		return m, wrongVerb(route.Allow(allowed))
	}
	return m, exception.Raise("DoesNotExistError", "")
}

// first routes the first version of the API; path is what follows /api/.
func (c *call) first(path string) (reply, error) {
	m, err := c.find(path)
	if err != nil {
		return reply{}, err
	}
	res := reply{member: "data"}
	switch m.Operation {
	case route.Procedure:
		return c.procedure(m.Method, "message")
	case route.List:
		res.value, err = c.list(m.Doctype)
	case route.Create:
		res.value, err = c.create(m.Doctype)
	case route.Read:
		if method, ok := c.args["run_method"]; ok {
			return c.runMethod(m.Doctype, m.Name, meta.Text(method))
		}
		res.value, err = c.read(m.Doctype, m.Name)
	case route.Update:
		res.value, err = c.update(m.Doctype, m.Name)
	case route.Run:
		return c.runMethod(m.Doctype, m.Name, meta.Text(c.args["run_method"]))
	case route.Delete:
		res.status, res.value, err = http.StatusAccepted, "ok", c.remove(m.Doctype, m.Name)
	}
	return res, err
}

// procedure runs a remote procedure; member is what its result stands under.
func (c *call) procedure(name, member string) (reply, error) {
	res := reply{member: member}
	switch strings.TrimPrefix(name, "frappe.handler.") {
	case "login":
		return res, nil // it happened on the way in
	case "logout", "web_logout":
		return c.logout()
	case "upload_file":
		return c.upload(member)
	case "download_file", "frappe.core.doctype.file.file.download_file":
		return sent(files.Download(c.ses, c.args))
	case "frappe.utils.print_format.download_pdf":
		return c.printed()
	case "frappe.core.doctype.user.user.reset_password":
		return c.resetPassword(member)
	case "frappe.client.get_time_zone":
		zone, err := c.timeZone()
		res.value = wire.Object{{Key: "time_zone", Value: zone}}
		return res, err
	}
	var err error
	res.value, err = c.site.rpc.Run(&rpc.Call{
		S: c.ses, Name: name, Verb: c.r.Method, Args: c.args, File: c.file, Idle: c.config.PauseScheduler || c.config.Maintenance,
	})
	return res, err
}

// timeZone is that of the caller, not of the site. Those who came with the
// installation live where the framework was written.
func (c *call) timeZone() (string, error) {
	name := c.ses.User.Name
	own, err := c.ses.Value("User", name, "time_zone")
	switch zone := meta.Text(own); {
	case zone != "":
		return zone, err
	case name == access.Administrator || name == access.Guest:
		return people.Elsewhere, err
	}
	return c.site.opts.Zone, err
}

func (c *call) postOnly() error {
	if c.site.opts.Profile == V16 && c.r.Method != http.MethodPost {
		return exception.Throw("PermissionError", "Not permitted")
	}
	return nil
}

func (c *call) logout() (reply, error) {
	if err := c.postOnly(); err != nil {
		return reply{}, err
	}
	return reply{}, c.site.door.Logout(c.visit)
}

func (c *call) upload(member string) (reply, error) {
	if err := c.postOnly(); err != nil {
		return reply{}, err
	}
	doc, err := c.site.shelf.Take(c.ses, files.Upload{Args: c.args, File: c.file, Sized: c.config.SizedUploads})
	if err != nil || doc == nil {
		return reply{}, err
	}
	return reply{member: member, value: doc}, nil
}

// resetPassword would send a mail; it may be asked for three times an hour.
func (c *call) resetPassword(member string) (reply, error) {
	err := c.site.meter.Call("reset_password:"+identity.Address(c.r), 3, time.Hour, c.ses.Clock())
	if err != nil {
		return reply{}, err
	}
	name := meta.Text(c.args["user"])
	enabled, err := c.ses.Value("User", name, "enabled")
	switch {
	case err != nil:
		return reply{}, err
	case name == access.Administrator:
		return reply{member: member, value: "not allowed"}, nil
	case enabled == nil:
		return reply{member: member, value: "not found", status: http.StatusNotFound}, nil
	case meta.Int(enabled) == 0:
		return reply{member: member, value: "disabled"}, nil
	}
	c.ses.Say(exception.Message{Title: "Password Email Sent", Text: "Password reset instructions have been sent to " + name + "'s email"})
	return reply{}, nil
}

// printed is a document as a PDF. The layout of the print format is not
// imitated: every field that is set stands on a line of its own.
func (c *call) printed() (reply, error) {
	doctype, name := meta.Text(c.args["doctype"]), meta.Text(c.args["name"])
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return reply{}, err
	}
	if err := c.ses.Check(doc, "read"); err != nil {
		return reply{}, err
	}
	lines := []string{doctype + " " + name, ""}
	for _, f := range doc.Type.Fields {
		if text := meta.Text(doc.Get(f.Name)); text != "" && !f.IsTable() {
			lines = append(lines, f.Label+": "+text)
		}
	}
	file := strings.NewReplacer(" ", "-", "/", "-").Replace(name) + ".pdf"
	return reply{raw: paper.PDF(lines), headers: map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": `inline; filename="` + file + `"`,
	}}, nil
}

// sent is a reply of bytes; no bytes are a page that is not there.
func sent(content *files.Content, err error) (reply, error) {
	switch {
	case err != nil:
		return reply{}, err
	case content == nil:
		return reply{}, exception.Raise("DoesNotExistError", "")
	}
	return reply{status: content.Status, raw: append([]byte{}, content.Body...), headers: content.Headers}, nil
}

// isDesk tells whether a path is a page that holds the CSRF token.
func isDesk(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first == "app" || first == "desk" || first == "me" || path == "/"
}

// elsewhere answers what is no API: files, pages.
func (c *call) elsewhere(path string) (reply, error) {
	switch {
	case strings.HasPrefix(path, "/backups"):
		if c.ses.User.Name != access.Administrator && !slices.Contains(c.ses.User.Roles, "System Manager") {
			return reply{}, exception.Page("Forbidden", "You need to be logged in and have System Manager Role to be able to access backups.")
		}
		return reply{}, notFound()
	case strings.HasPrefix(path, "/private/files/"):
		return sent(files.Private(c.ses, c.r, meta.Text(c.args["fid"])))
	case c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && c.r.Method != http.MethodPost:
		return reply{}, notFound()
	case strings.HasPrefix(path, "/files/"):
		content, err := files.Public(c.ses, c.r)
		if err != nil || content != nil {
			return sent(content, err)
		}
	case isDesk(path):
		token, err := c.visit.Token()
		return reply{page: func(w http.ResponseWriter) { answer.Desk(w, token) }}, err
	}
	return reply{page: func(w http.ResponseWriter) {
		answer.Website(w, http.StatusNotFound, "Page not found", "The page you are looking for has gone missing.")
	}}, nil
}
