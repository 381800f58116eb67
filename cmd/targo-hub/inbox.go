package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/inbox"
)

// inboxCommand speaks with the running hub, because only one process may hold
// the store. It signs itself in with the configured keys.
type inboxCommand struct {
	List  inboxList  `cmd:"" help:"List what came in, newest first."`
	Show  inboxShow  `cmd:"" help:"Show one delivery with its tries."`
	Retry inboxRetry `cmd:"" help:"Try a delivery again that was given up."`
}

type inboxList struct {
	Source string `help:"Only of this sender: docuseal, acceptance."`
	Status string `help:"Only in this status: pending, running, done, dead, held, cancelled."`
	Limit  int    `default:"50" help:"How many at most."`
	JSON   bool   `name:"json" help:"Print the answer of the hub as it is."`
}

// Run prints the list.
func (l inboxList) Run(c *console) error {
	query := url.Values{"limit": {fmt.Sprint(l.Limit)}}
	if l.Source != "" {
		query.Set("source", l.Source)
	}
	if l.Status != "" {
		query.Set("status", l.Status)
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
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tRECEIVED\tSOURCE\tEVENT\tSTATUS\tREASON")
	for _, d := range page.Items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.ReceivedAt.Local().Format(time.DateTime+" MST"), d.Source, d.Event, d.Status, d.Reason)
	}
	return w.Flush()
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

func (c *console) print(method, path, body string) error {
	raw, err := c.ask(method, path, body)
	if err == nil {
		_, err = fmt.Fprintln(c.out, strings.TrimSpace(string(raw)))
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
	r, err := hubRequest(c.ctx, settings.Edge.Listen, method, path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	status, raw, err := callHub(r)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		var problem struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(raw, &problem) // an answer without words is told by its status
		return nil, fmt.Errorf("the hub answered %d: %s", status, problem.Detail)
	}
	return raw, nil
}

// ready asks the running hub whether it can work.
func (c *console) ready(ctx context.Context, s *Settings) error {
	r, err := hubRequest(ctx, s.Edge.Listen, http.MethodGet, "/readyz", "")
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

// hubRequest is a request to the hub that listens at the address, which may be
// "every address" (0.0.0.0).
func hubRequest(ctx context.Context, listen, method, path, body string) (*http.Request, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+net.JoinHostPort(host, port)+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	return r, nil
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
