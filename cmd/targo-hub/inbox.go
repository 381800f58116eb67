package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/tell"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/inbox"
)

// inboxCommand speaks with the running hub, because only one process may hold
// the store. It signs itself in with the configured keys.
type inboxCommand struct {
	List   inboxList   `cmd:"" help:"List what came in, newest first."`
	Show   inboxShow   `cmd:"" help:"Show one delivery with its tries."`
	Retry  inboxRetry  `cmd:"" help:"Try a delivery again that was given up or put aside."`
	Replay inboxReplay `cmd:"" help:"Try many deliveries of a sender again; without --go it only says which."`
}

type inboxList struct {
	Source     string `help:"Only of this sender: docuseal, twilio-sms, twilio-status, mailjet, stripe, erpnext, traccar, acceptance."`
	Status     string `help:"Only in this status: pending, running, done, dead, held, cancelled."`
	Text       string `short:"q" help:"Only with this in the key, the reason, the document or the customer."`
	Since      string `help:"Only what came in since then: an instant (2026-11-22T10:00:00Z), or how long ago (24h)."`
	VerifiedBy string `help:"Only what was proven so: hmac, basic, secret, header, reconciled."`
	Seen       int    `help:"Only what came at least so many times."`
	Limit      int    `default:"50" help:"How many at most."`
	JSON       bool   `name:"json" help:"Print the answer of the hub as it is."`
}

func (l inboxList) query() (url.Values, error) {
	query := url.Values{
		"limit": {fmt.Sprint(l.Limit)}, "source": {l.Source}, "status": {l.Status}, "q": {l.Text}, "verified_by": {l.VerifiedBy},
		"seen": {fmt.Sprint(l.Seen)},
	}
	if l.Since != "" {
		since, err := tell.Instant(l.Since, time.Now())
		if err != nil {
			return nil, err
		}
		query.Set("since", since.Format(time.RFC3339))
	}
	maps.DeleteFunc(query, func(_ string, values []string) bool { return values[0] == "" })
	return query, nil
}

// Run prints the list.
func (l inboxList) Run(c *console) error {
	query, err := l.query()
	if err != nil {
		return err
	}
	raw, err := c.ask(http.MethodGet, "/inbox?"+query.Encode(), "")
	if err != nil {
		return err
	}
	if l.JSON {
		_, err := fmt.Fprintln(c.out, string(raw))
		return err
	}
	var page struct {
		Items []inbox.Delivery `json:"items"`
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return fmt.Errorf("reading the hub's answer: %w", err)
	}
	return tell.Deliveries(c.out, page.Items)
}

type inboxShow struct {
	ID string `arg:"" help:"Id of the delivery."`
}

// Run prints the delivery as the hub answers it.
func (s inboxShow) Run(c *console) error {
	return c.print(http.MethodGet, "/inbox/"+url.PathEscape(s.ID), "")
}

type inboxRetry struct {
	ID     string `arg:"" help:"Id of the delivery."`
	Reason string `required:"" help:"Why, for the audit."`
}

// Run has the hub try again.
func (r inboxRetry) Run(c *console) error {
	body, err := json.Marshal(map[string]string{"reason": r.Reason})
	if err != nil {
		return err
	}
	return c.print(http.MethodPost, "/inbox/"+url.PathEscape(r.ID)+"/retry", string(body))
}

type inboxReplay struct {
	Source string `arg:"" help:"Which sender's: docuseal, twilio-sms, twilio-status, mailjet, stripe, erpnext, traccar, acceptance."`
	Since  string `required:"" help:"Came in since then: an instant (2026-11-22T10:00:00Z), or how long ago (24h)."`
	Until  string `help:"And before then."`
	Status string `default:"dead" enum:"dead,done,cancelled,held" help:"Those in this status: dead, done, cancelled or held."`
	Limit  int    `default:"200" help:"How many at most, the oldest first."`
	Reason string `help:"Why, for the audit."`
	Go     bool   `help:"Do it."`
}

// Run has the hub say which deliveries it would try again, or try them.
func (r inboxReplay) Run(c *console) error {
	order := map[string]any{"source": r.Source, "status": r.Status, "limit": r.Limit, "reason": r.Reason, "dry_run": !r.Go}
	for name, text := range map[string]string{"since": r.Since, "until": r.Until} {
		if at, err := tell.Instant(text, time.Now()); err == nil {
			order[name] = at
		} else if text != "" {
			return err
		}
	}
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	raw, err := c.ask(http.MethodPost, "/inbox/replay", string(body))
	if err != nil {
		return err
	}
	var replay inbox.Replay
	if err := json.Unmarshal(raw, &replay); err != nil {
		return fmt.Errorf("reading the hub's answer: %w", err)
	}
	return tell.Replay(c.out, replay)
}

func (c *console) print(method, path, body string) error {
	raw, err := c.ask(method, path, body)
	if err == nil {
		var pretty bytes.Buffer
		if json.Indent(&pretty, raw, "", "  ") != nil {
			pretty.Write(raw)
		}
		_, err = fmt.Fprintln(c.out, strings.TrimSpace(pretty.String()))
	}
	return err
}

// ask sends a request to the running hub of these settings, as the operator.
func (c *console) ask(method, path, body string) ([]byte, error) {
	settings, keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	token, _, err := keys.Mint(c.ctx, access.Grant{Audience: access.Staff, Subject: "operator", TTL: time.Minute})
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	r, err := tell.Request(c.ctx, settings.Edge.Listen, method, path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	status, raw, err := callHub(r)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		return nil, tell.Refusal(status, raw)
	}
	return raw, nil
}

// ready asks the running hub whether it can work.
func (c *console) ready(ctx context.Context, s *Settings) error {
	r, err := tell.Request(ctx, s.Edge.Listen, http.MethodGet, "/readyz", "")
	if err != nil {
		return err
	}
	status, _, err := callHub(r)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the hub is not ready: it answered %d", status)
	}
	_, err = fmt.Fprintln(c.out, "ready")
	return err
}

// callHub sends the request and reads the answer, within ten seconds.
func callHub(r *http.Request) (status int, body []byte, err error) {
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, errors.New("no hub answers at " + r.URL.Host + ": is it running?")
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	return resp.StatusCode, body, err
}
