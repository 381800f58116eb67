package erpnextsim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/answer"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/identity"
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
	switch {
	case res.page != nil:
		res.page(w)
		return
	case res.raw != nil:
		w.Header().Set("Content-Length", strconv.Itoa(len(res.raw)))
		w.WriteHeader(res.status)
		_, _ = w.Write(res.raw)
		return
	}
	body := wire.Object{}
	if docs := c.ses.Out["docs"]; docs != nil { // stands in front because the real server puts an empty list there
		body.Set("docs", c.show(docs))
	}
	for _, p := range slices.Concat(c.visit.Out, res.before) {
		body.Set(p.Key, p.Value)
	}
	for _, key := range slices.Sorted(maps.Keys(c.ses.Out)) {
		if key != "docs" && key != "_debug_messages" {
			body.Set(key, c.show(c.ses.Out[key]))
		}
	}
	if res.value != nil {
		body.Set(res.member, c.show(res.value))
	}
	c.voice().Messages(&body, c.ses.Notes)
	if text, ok := c.ses.Out["_debug_messages"]; ok {
		body.Set("_debug_messages", text)
	}
	c.write(w, res.status, body)
}

// voice is how the site speaks to this caller, without tracebacks.
func (c *call) voice() answer.Voice {
	return answer.Voice{Release: c.site.opts.Profile, Version: c.version, Logging: c.config.Logging}
}

// traces tells whether failures come with their tracebacks. The newer release shows
// them to System Users only.
func (c *call) traces() bool {
	return identity.Setting(c.ses, "allow_error_traceback", "1") == "1" && (c.site.opts.Profile == V15 || c.ses.User.Desk)
}

// show turns documents into objects: without nulls, but for the newer release's
// second version of the API.
func (c *call) show(v any) any {
	switch v := v.(type) {
	case *document.Doc:
		if v == nil {
			return nil
		}
		return v.Object(c.version == 1 || c.site.opts.Profile == V15)
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
	text := c.voice().Encode(body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// common writes the headers that every processed answer has.
func (c *call) common(w http.ResponseWriter) {
	h := w.Header()
	if c.site.opts.Profile == V16 && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store,no-cache,must-revalidate,max-age=0")
	}
	c.turn.Tell(h)
	if c.trace != "" {
		h.Set("X-Frappe-Request-Id", c.trace)
	}
	if origin := c.r.Header.Get("Origin"); c.config.AllowCORS.Allows(origin) {
		c.share(h, origin)
	}
	if c.visit.Jar != nil && !strings.Contains(h.Get("Cache-Control"), "public") {
		c.visit.Jar.Flush(h, time.Now())
	}
}

// share lets pages of an origin read the answer.
func (c *call) share(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	if c.r.Method != http.MethodOptions {
		return
	}
	if verb := c.r.Header.Get("Access-Control-Request-Method"); verb != "" {
		h.Set("Access-Control-Allow-Methods", verb)
	}
	if names := c.r.Header.Get("Access-Control-Request-Headers"); names != "" {
		h.Set("Access-Control-Allow-Headers", names)
	}
	h.Set("Access-Control-Max-Age", "86400")
}

// fail writes an exception: as JSON, or as a page for those who ask for text. What
// the WSGI layer answers is a page in any case, on the older release without the
// headers that other answers have.
func (c *call) fail(w http.ResponseWriter, err error) {
	e := c.known(err)
	for k, v := range e.Header {
		w.Header().Set(k, v)
	}
	if c.site.opts.Profile == V16 && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+c.address()+`/.well-known/oauth-protected-resource"`)
	}
	if e.HTML {
		if c.site.opts.Profile == V16 {
			c.common(w)
		}
		answer.Page(w, e.Status, e.Text)
		return
	}
	c.visit.Cleared(e)
	c.common(w)
	if !c.readsJSON() {
		answer.Explain(w, e)
		return
	}
	body := slices.Clone(c.visit.Out)
	voice := c.voice()
	voice.Traces = c.traces()
	voice.Failure(&body, e, slices.Concat(c.ses.Notes, e.Notes))
	c.write(w, e.Status, body)
}

// address is how the caller reached the site: "https://erp.example".
func (c *call) address() string {
	if c.r.TLS != nil || c.r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// readsJSON tells whether the caller gets exceptions as JSON.
func (c *call) readsJSON() bool {
	accept := c.r.Header.Get("Accept")
	script := c.r.Header.Get("X-Requested-With") == "XMLHttpRequest"
	return accept != "" && (script || strings.Contains(accept, "application/json")) ||
		strings.HasPrefix(c.r.URL.Path, "/api/") && !strings.HasPrefix(accept, "text")
}
