package standardwebhooks

import (
	"net/http"
	"net/url"

	"gigafibre.ca/targo-hub/connectors"
)

// target is an address that may be called.
type target struct {
	url, origin string
	place       place
}

func (c *Client) closed(address string) error {
	if c.deps.Closed == nil {
		return nil
	}
	return c.deps.Closed(address)
}

// target reads an address and finds its place on the list.
func (c *Client) target(address string) (target, error) {
	if len(c.signs) == 0 || len(c.list) == 0 {
		if closed := c.closed(address); closed != nil { // nothing would leave anyway
			return target{}, refusal(connectors.CodeClosed, closed.Error())
		}
		return target{}, refusal(CodeOff, "webhooks are not set up (TARGO_HOOKS_SECRET and TARGO_HOOKS_HOSTS)")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return target{}, refusal(CodeNotAllowed, "the address of the webhook cannot be read")
	case u.Scheme != "https" && u.Scheme != "http":
		return target{}, refusal(CodeNotAllowed, "a webhook goes to an https address")
	case u.User != nil:
		return target{}, refusal(CodeNotAllowed, "the address of the webhook carries a user name")
	}
	for _, p := range c.list {
		if to, ok := p.take(u); ok {
			return to, nil
		}
	}
	return target{}, refusal(CodeNotAllowed, "the address is not one that webhooks may go to: https, and a host on the list TARGO_HOOKS_HOSTS")
}

// refusal is a failure of our own making: nothing was sent, and no other try
// will fare better.
func refusal(code, reason string) error {
	return &connectors.Error{System: system, Op: opSend, Code: code, Reason: reason}
}

// reasoned puts the receiver's refusals into words.
func reasoned(err error) error {
	e, ok := connectors.AsError(err)
	switch {
	case !ok:
	case e.Status == http.StatusGone:
		e.Reason = "it is gone: the receiver wants no more webhooks"
	case e.Status >= 300 && e.Status < 400:
		e.Reason = "it redirected the webhook, which is not followed"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		e.Reason = "it did not accept the signature, or the webhook"
	}
	return err
}
