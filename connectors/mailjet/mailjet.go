// Package mailjet sends mail through Mailjet's Send API v3.1.
//
// Every call carries one message, so that its outcome is clear: in a call with
// several, Mailjet may take some and refuse others, and the SDK loses which.
// CustomID is our id of the message; it comes back in webhooks, and Find asks
// for it when an answer was lost. The SDK's sandbox flag is not used: it goes out
// under a name that Mailjet does not document, so nothing may rely on it.
//
// System called: Mailjet's REST API, by its SDK. The SDK's own reading of
// failures is not used (it loses statuses, bodies and whole errors); the answer
// is read as it came over the wire. The package has no routes, publishes no
// events and remembers nothing.
package mailjet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
	sdk "github.com/mailjet/mailjet-apiv3-go/v4"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
)

// Config is the part of the settings that concerns Mailjet. Without APIKey the
// part is off.
type Config struct {
	APIKey          config.Secret `yaml:"api_key" env:"API_KEY" doc:"API key"`
	APISecret       config.Secret `yaml:"api_secret" env:"API_SECRET" doc:"secret key"`
	From            string        `yaml:"from" env:"FROM" doc:"sender, as Name <address>; Mailjet must know the address"`
	BaseURL         string        `yaml:"base_url" env:"BASE_URL" default:"https://api.mailjet.com/v3" doc:"address of Mailjet's API; ends in /v3"`
	WebhookUser     string        `yaml:"webhook_user" env:"WEBHOOK_USER" doc:"user name in the address of Mailjet's webhooks"`
	WebhookPassword config.Secret `yaml:"webhook_password" env:"WEBHOOK_PASSWORD" doc:"password in the address of Mailjet's webhooks, their only proof"`
	Timeout         time.Duration `yaml:"timeout" env:"TIMEOUT" default:"15s" doc:"longest wait for one answer of Mailjet"`
}

const defaultBase = "https://api.mailjet.com/v3"

// On tells whether mail can be sent.
func (c Config) On() bool { return !c.APIKey.Empty() }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(bad bool, key, text string) {
		if bad {
			mistakes = append(mistakes, config.Wrong(key, "%s", text))
		}
	}
	wrong(c.On() && c.APISecret.Empty(), "api_secret", "missing")
	wrong(c.On() && c.From == "", "from", "missing")
	if c.From != "" {
		_, err := mail.ParseAddress(c.From)
		wrong(err != nil, "from", "not an address like Name <name@example.com>")
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		wrong(err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"), "base_url", "not an address like "+defaultBase)
		wrong(!strings.HasSuffix(strings.TrimRight(c.BaseURL, "/"), "/v3"), "base_url", "must end in /v3")
	}
	wrong((c.WebhookUser == "") != c.WebhookPassword.Empty(), "webhook_password", "the webhook's user name and password go together")
	return errors.Join(mistakes...)
}

// Client calls Mailjet. Every failure is a *connectors.Error.
type Client struct {
	cfg  Config
	from mail.Address
	kit  *connectors.Client
}

// New makes a client. metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultBase
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	c := &Client{cfg: cfg, kit: connectors.New(connectors.Options{
		System: "mailjet", BaseURL: cfg.BaseURL, Timeout: cfg.Timeout, Metrics: metrics, MaxBody: 1 << 20,
		Secrets: []string{cfg.APIKey.Reveal(), cfg.APISecret.Reveal(), cfg.WebhookPassword.Reveal()},
	})}
	if from, err := mail.ParseAddress(cfg.From); err == nil {
		c.from = *from
	}
	return c
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Mail is one message to one person.
type Mail struct {
	ID      string // our id of the message, at most 64 characters
	To      string // address
	ToName  string
	ReplyTo string // address, "" for the sender's
	Subject string
	Text    string
	HTML    string // may be empty
}

// Sent is a message that Mailjet has taken.
type Sent struct {
	ID   string // MessageID: a number too large for browsers, hence text
	UUID string
}

// Send hands a message to Mailjet. The failure's Code is Mailjet's ("mj-0013")
// where it gave one, its Reason says in English what that means.
func (c *Client) Send(ctx context.Context, m Mail) (Sent, error) {
	const op = "message.send"
	info := sdk.InfoMessagesV31{
		From:    &sdk.RecipientV31{Email: c.from.Address, Name: c.from.Name},
		To:      &sdk.RecipientsV31{{Email: m.To, Name: m.ToName}},
		Subject: m.Subject, TextPart: m.Text, HTMLPart: m.HTML, CustomID: m.ID,
	}
	if m.ReplyTo != "" {
		info.ReplyTo = &sdk.RecipientV31{Email: m.ReplyTo}
	}
	reply, err := c.kit.Call(ctx, op, func(hc *http.Client) error {
		client := sdk.NewMailjetClient(c.cfg.APIKey.Reveal(), c.cfg.APISecret.Reveal(), c.cfg.BaseURL)
		client.SetClient(hc)
		_, err := client.SendMailV31(&sdk.MessagesV31{Info: []sdk.InfoMessagesV31{info}})
		return err
	})
	return c.judge(op, reply, err)
}

// Stored is a message as Mailjet keeps it.
type Stored struct {
	ID     string
	UUID   string
	Status string // queued, sent, opened, clicked, bounce, blocked, spam, unsub, …
}

// Find asks whether Mailjet knows a message by our id: the way to learn what
// became of a call whose answer was lost. An empty list says no. Mailjet files a
// message some seconds after it took it, so an early no is not the last word.
func (c *Client) Find(ctx context.Context, id string) ([]Stored, error) {
	const op = "message.find"
	resp, err := c.kit.Do(ctx, op, http.MethodGet, "/REST/message", func(r *resty.Request) {
		c.sign(r).SetQueryParam("CustomID", id)
	})
	if err != nil {
		return nil, explained(err)
	}
	var answer struct {
		Data []struct {
			ID       int64  `json:"ID"`
			UUID     string `json:"UUID"`
			Status   string `json:"Status"`
			CustomID string `json:"CustomID"`
		} `json:"Data"`
	}
	if err := c.kit.Decode(op, resp, &answer); err != nil {
		return nil, err
	}
	if answer.Data == nil {
		return nil, c.kit.Unreadable(op, http.MethodGet, resp.StatusCode(), errors.New("no list"))
	}
	list := make([]Stored, 0, len(answer.Data))
	for _, d := range answer.Data {
		if d.CustomID == "" || d.CustomID == id {
			list = append(list, Stored{ID: strconv.FormatInt(d.ID, 10), UUID: d.UUID, Status: d.Status})
		}
	}
	return list, nil
}

// Senders lists the addresses that Mailjet lets us send from, with their status
// ("Active", "Inactive"): the probe of the credentials.
func (c *Client) Senders(ctx context.Context) (map[string]string, error) {
	const op = "sender.list"
	resp, err := c.kit.Do(ctx, op, http.MethodGet, "/REST/sender", func(r *resty.Request) {
		c.sign(r).SetQueryParam("Limit", "1000")
	})
	if err != nil {
		return nil, explained(err)
	}
	var answer struct {
		Data []struct {
			Email  string `json:"Email"`
			Status string `json:"Status"`
		} `json:"Data"`
	}
	if err := c.kit.Decode(op, resp, &answer); err != nil {
		return nil, err
	}
	if answer.Data == nil {
		return nil, c.kit.Unreadable(op, http.MethodGet, resp.StatusCode(), errors.New("no list"))
	}
	senders := make(map[string]string, len(answer.Data))
	for _, d := range answer.Data {
		senders[strings.ToLower(d.Email)] = d.Status
	}
	return senders, nil
}

func (c *Client) sign(r *resty.Request) *resty.Request {
	return r.SetBasicAuth(c.cfg.APIKey.Reveal(), c.cfg.APISecret.Reveal())
}

// judge reads the answer to a sending as it came over the wire. What counts is
// what is said about the message; the HTTP status of an answer that takes some
// messages and refuses others is not specified.
func (c *Client) judge(op string, reply connectors.Reply, err error) (Sent, error) {
	var answer sendAnswer
	readable := json.Unmarshal(reply.Body, &answer) == nil && len(answer.Messages) == 1
	if e, ok := connectors.AsError(err); ok && e.Code == connectors.CodeUnreadable && readable {
		err = nil // the SDK could not read it, but we can
	}
	if !readable {
		if err == nil {
			err = c.kit.Unreadable(op, http.MethodPost, reply.Status, errors.New("no word about the message"))
		}
		return Sent{}, explained(err)
	}
	one := answer.Messages[0]
	switch {
	case one.Status == "success" && len(one.To) > 0 && one.To[0].ID != 0:
		return Sent{ID: strconv.FormatInt(one.To[0].ID, 10), UUID: one.To[0].UUID}, nil
	case one.Status == "success":
		e := c.kit.Local(op, errors.New("no message id"))
		e.Status, e.Code, e.Reason = reply.Status, "sandbox", "it checked the message but did not send it (sandbox mode)"
		return Sent{}, e
	case len(one.Errors) > 0:
		return Sent{}, c.refused(op, reply, one.Errors[0])
	}
	if err == nil {
		err = c.kit.Unreadable(op, http.MethodPost, reply.Status, errors.New("a status that is not known"))
	}
	return Sent{}, explained(err)
}
