package gateway

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/reply"
)

// longestRefusal is how much of a refusal is read, unpacked. A page or a
// traceback beyond it says nothing more.
const longestRefusal = 64 << 10

// judge lets good answers pass and turns everything else into a problem. plain
// asks for JSON as it is, because it will be looked into.
func (g *Gateway) judge(resp *http.Response, plain bool) error {
	err := g.opinion(resp, plain)
	if err != nil {
		g.tally.Refused(hub.ProblemOf(err).Code)
	}
	return err
}

func (g *Gateway) opinion(resp *http.Response, plain bool) error {
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		return g.refusal(resp)
	case resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices:
		return hub.Fail(hub.Upstream, "upstream-failed", "ERPNext answered with a redirect.", nil)
	}
	kinds := resp.Header["Content-Type"]
	if len(kinds) == 1 && kinds[0] == "application/json" {
		if plain && packedBy(resp) != "" {
			return hub.Fail(hub.Upstream, "upstream-failed", "ERPNext's answer is packed though it was not to be.", nil)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	readable := kind == "application/json" && packedBy(resp) == ""
	if err != nil || !strings.HasPrefix(kind, "application/") || reply.IsText(kind) || plain && !readable {
		return hub.Fail(hub.Upstream, "upstream-failed", "ERPNext answered with something that is not passed on.", err)
	}
	return nil
}

// packedBy returns the encoding of an answer, "" for none.
func packedBy(resp *http.Response) string {
	if kind := resp.Header.Get("Content-Encoding"); kind != "identity" {
		return kind
	}
	return ""
}

// refusal reads what ERPNext refuses and why.
func (g *Gateway) refusal(resp *http.Response) error {
	var from io.Reader = resp.Body
	var unpacking error
	if packedBy(resp) == "gzip" {
		var zip *gzip.Reader
		if zip, unpacking = gzip.NewReader(resp.Body); unpacking == nil {
			from = zip
		}
	}
	body, err := io.ReadAll(io.LimitReader(from, longestRefusal)) // what could be read of it counts
	e := g.site.Refusal(resp.StatusCode, body)
	e.Err = errors.Join(e.Err, unpacking, err)
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = min(time.Duration(seconds)*time.Second, time.Hour)
	}
	return explain(e)
}

// explain says to the caller what ERPNext's refusal means for him. A status that
// speaks about the hub's own standing with ERPNext is not his.
func explain(e *erpnext.Error) error {
	fail := func(kind hub.Kind, code, detail string) error {
		return hub.Fail(kind, code, detail, e, hub.WithExcType(e.ExcType))
	}
	reason := e.Text
	if reason == e.ExcType {
		reason = ""
	}
	switch {
	case erpnext.IsAuth(e) || e.ExcType == "AuthenticationError":
		return fail(hub.Upstream, "upstream-failed", "ERPNext does not know the hub's token.")
	case e.Retryable:
		return hub.Fail(hub.Unavailable, "upstream-unavailable", "ERPNext cannot do this right now.", e,
			hub.WithExcType(e.ExcType), hub.WithRetryAfter(max(e.RetryAfter, time.Second)))
	case e.ExcType == "":
		return page(e.Status, fail)
	case erpnext.IsNotFound(e):
		return fail(hub.NotFound, "not-found", reason)
	case erpnext.IsConflict(e):
		return fail(hub.Conflict, "document-changed", reason)
	case erpnext.IsDuplicate(e) || e.ExcType == "DocumentLockedError":
		return fail(hub.Conflict, "erpnext-conflict", reason)
	case erpnext.IsPermission(e):
		return fail(hub.Forbidden, "erpnext-forbidden", reason)
	case e.Status < http.StatusInternalServerError:
		return fail(hub.Invalid, "erpnext-invalid", reason)
	}
	return fail(hub.Upstream, "upstream-failed", "ERPNext failed.")
}

// page explains an answer that is not Frappe's own: a page of the server in
// front of it.
func page(status int, fail func(hub.Kind, string, string) error) error {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return fail(hub.TooLarge, "body-too-large", "The body is larger than ERPNext takes.")
	case http.StatusMethodNotAllowed:
		return fail(hub.NotAllowed, "method-not-allowed", "The address does not take this method.")
	}
	return fail(hub.Upstream, "upstream-failed", "ERPNext answered with a page.")
}

// broken explains a form that cannot be read to its end.
func broken(err error) error {
	if errors.Is(err, io.ErrClosedPipe) || hub.ProblemOf(err).Kind != hub.Internal {
		return err
	}
	return hub.Fail(hub.Malformed, "malformed", "The form is broken.", err)
}

// stopped returns how the rewriting ended. When the site has answered before the
// form was read, what still comes in is not waited for.
func stopped(c echo.Context, rewriting <-chan error) error {
	select {
	case err := <-rewriting:
		return err
	default:
	}
	c.Response().Header().Set("Connection", "close")
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now()) // without one (in tests) the form comes in whole
	return <-rewriting
}
