package erpnextsim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/answer"
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
	c.voice().Messages(&body, c.ses.Notes)
	c.write(w, res.status, body)
}

// voice is how the site speaks to this caller.
func (c *call) voice() answer.Voice {
	return answer.Voice{Release: c.site.opts.Profile, Version: c.version, Expired: c.expired, Insider: c.ses.User.Desk}
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
		answer.Page(w, e.Status, http.StatusText(e.Status), e.Text)
		return
	}
	c.common(w)
	accept := c.r.Header.Get("Accept")
	if !strings.Contains(accept, "application/json") && (strings.HasPrefix(accept, "text") || !strings.HasPrefix(c.r.URL.Path, "/api/")) {
		answer.Page(w, e.Status, e.Class, e.Text)
		return
	}
	notes := append(c.ses.Notes, e.Notes...)
	c.write(w, e.Status, c.voice().Failure(e, notes))
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
		e := answer.Deadlock(s.opts.Database)
		e.Status = status
		c.fail(w, e)
	}
}
