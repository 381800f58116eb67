package erpnextsim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// succeed writes a successful answer.
func (c *call) succeed(w http.ResponseWriter, res reply) {
	for k, v := range res.headers {
		w.Header().Set(k, v)
	}
	if res.status == 0 {
		res.status = http.StatusOK
	}
	c.common(w)
	if res.raw != nil {
		w.WriteHeader(res.status)
		_, _ = w.Write(res.raw)
		return
	}
	body := wire.Object{}
	if res.value != nil {
		body.Set(res.member, c.show(res.value))
	}
	for _, p := range res.extra {
		body.Set(p.Key, p.Value)
	}
	for _, key := range []string{"home_page", "full_name", "docs", "docinfo", "user_settings"} {
		if v, ok := c.ses.Out[key]; ok {
			body.Set(key, c.show(v))
		}
	}
	c.messages(&body, c.ses.Notes)
	c.write(w, res.status, body)
}

// show turns documents into objects, without nulls.
func (c *call) show(v any) any {
	switch v := v.(type) {
	case *document.Doc:
		return v.Object(c.version == 1 || c.site.opts.Profile == profile.V15)
	case []*document.Doc:
		out := make([]any, len(v))
		for i := range v {
			out[i] = c.show(v[i])
		}
		return out
	}
	return v
}

func (c *call) messages(body *wire.Object, notes []exception.Message) {
	if c.expired {
		body.Set("session_expired", 1)
	}
	if len(notes) == 0 {
		return
	}
	if c.version == 2 {
		list := make([]any, len(notes))
		for i, n := range notes {
			list[i] = n.Object()
		}
		body.Set("messages", list)
		return
	}
	style := wire.Style{ASCII: c.site.opts.Profile == profile.V15, Spaces: c.site.opts.Profile == profile.V15}
	list := make([]string, len(notes))
	for i, n := range notes {
		list[i] = string(wire.Encode(n.Object(), style))
	}
	body.Set("_server_messages", string(wire.Encode(list, style)))
}

func (c *call) write(w http.ResponseWriter, status int, body wire.Object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(wire.Encode(body, wire.Style{ASCII: c.site.opts.Profile == profile.V15}))
}

func (c *call) common(w http.ResponseWriter) {
	c.setCookies(w)
	if c.site.opts.Profile == profile.V16 && w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store,no-cache,must-revalidate,max-age=0")
	}
}

// fail writes an exception: as JSON, or as a page for those who ask for text.
func (c *call) fail(w http.ResponseWriter, err error) {
	var e *exception.Error
	if !errors.As(err, &e) {
		c.site.opts.Log.Error("unexpected failure", "error", err.Error(), "path", c.r.URL.Path)
		e = exception.Raise("OperationalError", "%v", err)
	}
	for k, v := range e.Header {
		w.Header().Set(k, v)
	}
	if e.HTML {
		page(w, e.Status, http.StatusText(e.Status), e.Text)
		return
	}
	c.common(w)
	accept := c.r.Header.Get("Accept")
	if !strings.Contains(accept, "application/json") && (strings.HasPrefix(accept, "text") || !strings.HasPrefix(c.r.URL.Path, "/api/")) {
		page(w, e.Status, e.Class, e.Text)
		return
	}
	notes := append(c.ses.Notes, e.Notes...)
	if c.version == 2 {
		c.write(w, e.Status, c.failure2(e, notes))
		return
	}
	c.write(w, e.Status, c.failure1(e, notes))
}

// failure1 is the body of a failed call of the first version of the API.
func (c *call) failure1(e *exception.Error, notes []exception.Message) wire.Object {
	body := wire.Object{}
	for k, v := range e.Response {
		body.Set(k, v)
	}
	traced := c.traced(e)
	if traced {
		lines := strings.Split(strings.TrimRight(e.Error(), "\n"), "\n")
		body.Set("exception", lines[len(lines)-1])
	}
	body.Set("exc_type", e.Class)
	if traced {
		if e.App != "" {
			body.Set("_exc_source", e.App+" (app)")
		}
		style := wire.Style{ASCII: c.site.opts.Profile == profile.V15, Spaces: c.site.opts.Profile == profile.V15}
		body.Set("exc", string(wire.Encode([]string{traceback(e)}, style)))
	}
	c.messages(&body, notes)
	if e.Reason != "" {
		body.Set("_error_message", e.Reason)
	}
	return body
}

// failure2 is the body of a failed call of the second version: the message that
// the exception was thrown with is folded into it.
func (c *call) failure2(e *exception.Error, notes []exception.Message) wire.Object {
	entry := wire.Object{{Key: "type", Value: e.Class}}
	if c.traced(e) {
		entry.Set("exception", traceback(e))
	}
	var rest []exception.Message
	for _, n := range notes {
		if e.ID == "" || n.ID != e.ID {
			rest = append(rest, n)
			continue
		}
		for _, p := range n.Object() {
			if p.Key == "message" || p.Key == "title" || p.Key == "indicator" {
				entry.Set(p.Key, p.Value)
			}
		}
	}
	body := wire.Object{{Key: "errors", Value: []any{entry}}}
	c.messages(&body, rest)
	return body
}

func (c *call) traced(e *exception.Error) bool {
	return e.Status != http.StatusNotFound && !e.NoTrace && (c.site.opts.Profile == profile.V15 || c.ses.User.Desk)
}

func traceback(e *exception.Error) string {
	app := e.App
	if app == "" {
		app = "frappe"
	}
	return "Traceback (most recent call last):\n" +
		"  File \"apps/frappe/frappe/app.py\", line 114, in application\n    response = frappe.api.handle(request)\n" +
		"  File \"apps/frappe/frappe/api/__init__.py\", line 49, in handle\n    data = endpoint(**arguments)\n" +
		fmt.Sprintf("  File \"apps/%s/%s/__init__.py\", line 609, in throw\n    msgprint(\n", app, app) +
		e.Error() + "\n"
}

// page writes the small HTML page of the WSGI layer or of a proxy.
func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, text, _ = strings.Cut("\n"+text, ": ")
	fmt.Fprintf(w, "<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n<p>%s</p>\n", status, title, title, text)
}

// answerFault writes an armed fault in the shape that the real site, or what
// stands in front of it, uses for that status.
func (s *Site) answerFault(w http.ResponseWriter, r *http.Request, status int) {
	c := &call{site: s, r: r, version: 1, ses: &document.Session{Profile: s.opts.Profile}}
	c.ses.User.Desk = true
	if strings.HasPrefix(r.URL.Path, "/api/v2/") {
		c.version = 2
	}
	switch status {
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestEntityTooLarge, http.StatusNotFound, http.StatusMethodNotAllowed:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
			status, http.StatusText(status), status, http.StatusText(status))
	case http.StatusTooManyRequests:
		for k, v := range map[string]string{"Retry-After": "2", "X-RateLimit-Limit": "60000000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"} {
			w.Header().Set(k, v)
		}
		c.fail(w, exception.Raise("TooManyRequestsError", ""))
	case http.StatusServiceUnavailable:
		c.fail(w, exception.Raise("SessionStopped", "Session Stopped"))
	case http.StatusForbidden:
		c.fail(w, exception.Denied(""))
	case http.StatusUnauthorized:
		c.fail(w, exception.Raise("AuthenticationError", ""))
	case http.StatusConflict:
		c.fail(w, exception.Raise("DuplicateEntryError", "('', '', IntegrityError(1062, \"Duplicate entry\"))"))
	case http.StatusExpectationFailed:
		c.fail(w, exception.Invalid("The server refused this on request of the test"))
	default:
		e := s.deadlock()
		e.Status = status
		c.fail(w, e)
	}
}

// deadlock is what two writers of one row get.
func (s *Site) deadlock() *exception.Error {
	if s.opts.Database == Postgres {
		return exception.Raise("SerializationFailure", "could not serialize access due to concurrent update\n")
	}
	return exception.Raise("QueryDeadlockError", "(1213, 'Deadlock found when trying to get lock; try restarting transaction')")
}
