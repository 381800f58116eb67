package traccar

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/traccar/live"
)

// proof is who we are for one call: the token of a user, or the session of his
// login. No Origin goes along: a session belongs to the one that it was made with.
type proof struct {
	token   string
	session string
}

const sessionCookie = "JSESSIONID"

func (p proof) on(header http.Header) {
	if p.token != "" {
		header.Set("Authorization", "Bearer "+p.token)
		return
	}
	header.Set("Cookie", sessionCookie+"="+p.session)
}

// proofs keeps the session. turn lets one call at a time log in.
type proofs struct {
	turn    chan struct{}
	mu      sync.Mutex
	session string
}

func (p *proofs) now() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.session
}

func (p *proofs) keep(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session = session
}

// drop forgets a session that was refused, unless another took its place, and tells
// whether there is something else to try. A token has no other.
func (p *proofs) drop(refused proof) bool {
	if refused.token != "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session == refused.session {
		p.session = ""
	}
	return true
}

// proof returns the token, or a session, and logs in for that when there is none.
func (c *Client) proof(ctx context.Context) (proof, error) {
	if !c.cfg.Token.Empty() {
		return proof{token: c.cfg.Token.Reveal()}, nil
	}
	if session := c.proofs.now(); session != "" {
		return proof{session: session}, nil
	}
	select {
	case c.proofs.turn <- struct{}{}:
		defer func() { <-c.proofs.turn }()
	case <-ctx.Done(): // login says so in the kit's words
	}
	if session := c.proofs.now(); session != "" { // somebody else was faster
		return proof{session: session}, nil
	}
	session, err := c.login(ctx)
	if err == nil {
		c.proofs.keep(session)
	}
	return proof{session: session}, err
}

func (c *Client) login(ctx context.Context) (string, error) {
	const op = "session.create"
	resp, err := c.kit.Do(ctx, op, http.MethodPost, "/session", func(r *resty.Request) {
		r.SetHeader("Accept", "application/json").
			SetFormData(map[string]string{"email": c.cfg.Email, "password": c.cfg.Password.Reveal()})
	})
	if err != nil {
		return "", refusedLogin(reasoned(err), resp)
	}
	for _, cookie := range resp.Cookies() {
		if cookie.Name == sessionCookie && cookie.Value != "" {
			return cookie.Value, nil
		}
	}
	return "", refusedLogin(c.kit.Unreadable(op, http.MethodPost, resp.StatusCode(), errors.New("no session")), nil)
}

// refusedLogin is a failed login: nothing came of it, so it counts as a read.
func refusedLogin(err error, resp *resty.Response) error {
	e, ok := connectors.AsError(err)
	if !ok {
		return err
	}
	e.Outcome = connectors.NotApplied
	switch {
	case e.Status != http.StatusUnauthorized:
	case resp != nil && strings.HasPrefix(resp.Header().Get("WWW-Authenticate"), "TOTP"):
		e.Reason = "it asks for a code of the day: use a token instead of the password"
	default:
		e.Reason = "it refuses the mail address or the password"
	}
	return err
}

// open opens a live connection. The token goes into the address, where alone Traccar
// looks for it; so no text of a failed dial is passed on.
func (c *Client) open(ctx context.Context) (*live.Conn, error) {
	p, err := c.proof(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	address, header := c.cfg.address()+"/socket", http.Header{"User-Agent": {"targo-hub"}}
	if p.token != "" {
		address += "?token=" + url.QueryEscape(p.token)
	} else {
		p.on(header)
	}
	conn, status := c.dial.Open(ctx, address, header)
	if conn != nil {
		return conn, nil
	}
	failed := &connectors.Error{
		System: "traccar", Op: "socket.open", Status: status, Reason: "the live connection cannot be opened", Temporary: true,
	}
	switch {
	case status == 0 && ctx.Err() != nil:
		failed.Code = connectors.CodeTimeout
	case status == 0:
		failed.Code = connectors.CodeNetwork
	case status < 400: // a page, or the way to one
		failed.Code = connectors.CodeUnreadable
	case status == http.StatusUnauthorized:
		c.proofs.drop(p)
	}
	return nil, failed
}
