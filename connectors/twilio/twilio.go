// Package twilio sends SMS through Twilio and explains its error codes.
//
// Twilio takes no idempotency key: when the answer to a sending is lost, the
// message may be on its way. Such a failure has the outcome Unknown, and nobody
// may send again by himself.
//
// System called: Twilio's REST API, by its SDK, at the configured address only.
// The SDK takes no context and knows one address; both are put right by the
// HTTP client that it is given. The package has no routes, publishes no events
// and remembers nothing.
package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	sdk "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// Client calls Twilio. Every failure is a *connectors.Error.
type Client struct {
	cfg      Config
	callback string
	kit      *connectors.Client
	base     *url.URL
}

// New makes a client. statusCallback is where Twilio reports what became of a
// message, "" for nowhere; metrics may be nil.
func New(cfg Config, statusCallback string, metrics *connectors.Metrics) *Client {
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://api.twilio.com"
	}
	base, err := url.Parse(strings.TrimRight(cfg.BaseURL, "/"))
	if err != nil {
		base = &url.URL{}
	}
	return &Client{
		cfg: cfg, callback: statusCallback, base: base,
		kit: connectors.New(connectors.Options{
			System: "twilio", BaseURL: cfg.BaseURL, Timeout: cfg.Timeout, Metrics: metrics, MaxBody: 1 << 20,
			Secrets: []string{cfg.AuthToken.Reveal(), cfg.AuthTokenNext.Reveal()}, Closed: cfg.Closed,
		}),
	}
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Sent is a message that Twilio has taken.
type Sent struct {
	SID      string // SM… or MM…
	Status   string // accepted, queued, …; what becomes of it comes to the status callback
	Segments int    // as billed; our own count while Twilio has none yet
}

// Text is an SMS.
type Text struct {
	From      string // a number of ours or a messaging service; "" for the first of the settings
	To        string // E.164
	Body      string // at most 1600 characters
	MessageID string // our id: Twilio gives it back with each report (?message= of the status callback); "" for none
}

// Send hands an SMS from the first number to Twilio. See SendText.
func (c *Client) Send(ctx context.Context, to, body string) (Sent, error) {
	return c.SendText(ctx, Text{To: to, Body: body})
}

// SendText hands an SMS to Twilio. The failure's Code is Twilio's ("21610") where
// it gave one, its Reason says in English what that means; see also CauseOf. In
// its chain is a cause that answers OptedOut() and SenderRefused().
func (c *Client) SendText(ctx context.Context, t Text) (Sent, error) {
	const op = "message.create"
	params := (&api.CreateMessageParams{}).SetTo(t.To).SetBody(t.Body)
	from := t.From
	if senders := c.cfg.Senders(); from == "" && len(senders) > 0 {
		from = senders[0]
	}
	if strings.HasPrefix(from, "MG") {
		params.SetMessagingServiceSid(from)
	} else {
		params.SetFrom(from)
	}
	if c.callback != "" {
		params.SetStatusCallback(withMessage(c.callback, t.MessageID))
	}
	var message *api.ApiV2010Message
	reply, err := c.kit.Call(ctx, op, func(hc *http.Client) (err error) {
		message, err = c.service(hc).CreateMessage(params)
		return err
	})
	if err != nil {
		return Sent{}, explained(err)
	}
	sent := Sent{SID: text(message.Sid), Status: text(message.Status), Segments: hub.SMSSegments(t.Body)}
	if sent.SID == "" {
		return Sent{}, c.kit.Unreadable(op, http.MethodPost, reply.Status, errors.New("no message SID"))
	}
	if n, err := strconv.Atoi(text(message.NumSegments)); err == nil && n > 0 {
		sent.Segments = n
	}
	return sent, nil
}

// withMessage adds our id to the address of the reports. It is signed with the
// rest of the address; nothing in it needs an escape.
func withMessage(callback, id string) string {
	switch {
	case id == "":
		return callback
	case strings.Contains(callback, "?"):
		return callback + "&message=" + url.QueryEscape(id)
	default:
		return callback + "?message=" + url.QueryEscape(id)
	}
}

// Account is whose credentials they are.
type Account struct {
	SID    string
	Name   string
	Status string // active, suspended, closed
	Type   string // Trial, Full
}

// Account reads the account: the probe of the credentials.
func (c *Client) Account(ctx context.Context) (Account, error) {
	const op = "account.get"
	var account *api.ApiV2010Account
	reply, err := c.kit.Call(ctx, op, func(hc *http.Client) (err error) {
		account, err = c.service(hc).FetchAccount(c.cfg.AccountSID)
		return err
	})
	if err != nil {
		return Account{}, explained(err)
	}
	if text(account.Sid) == "" {
		return Account{}, c.kit.Unreadable(op, http.MethodGet, reply.Status, errors.New("no account SID"))
	}
	return Account{SID: text(account.Sid), Name: text(account.FriendlyName), Status: text(account.Status), Type: text(account.Type)}, nil
}

// service is the SDK around an HTTP client that lives for one call. The handler
// is made by hand because the SDK's constructor lets TWILIO_EDGE and
// TWILIO_REGION of the environment change the address.
func (c *Client) service(hc *http.Client) *api.ApiService {
	client := &sdk.Client{
		Credentials: sdk.NewCredentials(c.cfg.AccountSID, c.cfg.AuthToken.Reveal()),
		HTTPClient:  &http.Client{Transport: rebased{base: c.base, next: hc.Transport}, CheckRedirect: hc.CheckRedirect},
	}
	client.SetAccountSid(c.cfg.AccountSID)
	return api.NewApiService(&sdk.RequestHandler{Client: client})
}

// rebased sends every request to the configured address, whatever address the
// SDK has made.
type rebased struct {
	base *url.URL
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r rebased) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.Host = r.base.Scheme, r.base.Host, ""
	out.URL.Path, out.URL.RawPath = r.base.Path+req.URL.Path, ""
	return r.next.RoundTrip(out)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
