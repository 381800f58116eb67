// Package docuseal calls DocuSeal, where customers sign commercial quotations:
// it makes a submission from a template drawn in DocuSeal's own pages, reads
// submissions back, downloads the signed documents, and asks what was completed
// while a webhook was lost. It also knows how DocuSeal proves its webhooks.
//
// DocuSeal is never allowed to write to the customer: every submission says
// send_email and send_sms false, because leaving them out means true.
//
// System called: DocuSeal's REST API. The package has no routes, publishes no
// events and remembers nothing.
package docuseal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
)

// Client calls DocuSeal. Every failure is a *connectors.Error.
type Client struct {
	api   *connectors.Client
	site  *connectors.Client // pages and files: no token goes there
	pages string             // address of the site: "https://sign.example.com"
	token string
}

// longestFile is the longest document that is downloaded.
const longestFile = 25 << 20

// New makes a client. metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	api, pages := addresses(cfg.URL)
	options := connectors.Options{
		System: "docuseal", BaseURL: api, Timeout: cfg.Timeout, Metrics: metrics,
		Secrets: []string{cfg.Token.Reveal(), cfg.WebhookSecret.Reveal(), cfg.WebhookHeader.Reveal()},
	}
	files := options
	files.System, files.BaseURL, files.MaxBody = "docuseal-files", pages, longestFile
	return &Client{api: connectors.New(options), site: connectors.New(files), pages: pages, token: cfg.Token.Reveal()}
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.api.State() }

// User returns whose token it is: the probe of the credentials.
func (c *Client) User(ctx context.Context) (User, error) {
	var user User
	if err := c.get(ctx, "user.get", "/user", nil, &user); err != nil {
		return user, err
	}
	if user.ID == 0 {
		return user, c.lacks("user.get", "user")
	}
	return user, nil
}

// CreateSubmission makes a submission for one signer and returns the signer
// with the link in EmbedSrc. DocuSeal takes no idempotency key: look with
// SubmittersByExternalID first, and when the outcome of a failure is Unknown
// look again. Fields that the template lacks are left out, because DocuSeal
// refuses a submission that names one.
func (c *Client) CreateSubmission(ctx context.Context, n NewSubmission) (*Submitter, error) {
	const op = "submission.create"
	template, err := c.Template(ctx, n.TemplateID)
	if err != nil {
		return nil, err
	}
	resp, err := c.api.Do(ctx, op, http.MethodPost, "/submissions", func(r *resty.Request) {
		r.SetHeader("X-Auth-Token", c.token).SetBody(n.wire(template))
	})
	if err != nil {
		return nil, reasoned(err)
	}
	var signers []Submitter // the answer is a bare list
	if err := c.api.Decode(op, resp, &signers); err != nil {
		return nil, err
	}
	if len(signers) != 1 || signers[0].ID == 0 || signers[0].SubmissionID == 0 {
		return nil, c.api.Unreadable(op, http.MethodPost, resp.StatusCode(), errors.New("not one signer"))
	}
	c.link(&signers[0])
	return &signers[0], nil
}

// Template returns the template with the names of its roles and fields.
func (c *Client) Template(ctx context.Context, id int) (Template, error) {
	var template Template
	if err := c.get(ctx, "template.get", "/templates/"+strconv.Itoa(id), nil, &template); err != nil {
		return template, err
	}
	if template.ID == 0 {
		return template, c.lacks("template.get", "template")
	}
	return template, nil
}

// Submission returns a submission as it stands now.
func (c *Client) Submission(ctx context.Context, id int64) (Submission, error) {
	var submission Submission
	if err := c.get(ctx, "submission.get", "/submissions/"+strconv.FormatInt(id, 10), nil, &submission); err != nil {
		return submission, err
	}
	if submission.ID == 0 {
		return submission, c.lacks("submission.get", "submission")
	}
	for i := range submission.Submitters {
		c.link(&submission.Submitters[i])
	}
	return submission, nil
}

// link fills in the signer's page, which only the answer to a creation holds.
func (c *Client) link(s *Submitter) {
	if s.EmbedSrc == "" && s.Slug != "" {
		s.EmbedSrc = c.pages + "/s/" + url.PathEscape(s.Slug)
	}
}

func (c *Client) get(ctx context.Context, op, path string, query map[string]string, out any) error {
	resp, err := c.api.Do(ctx, op, http.MethodGet, path, func(r *resty.Request) {
		r.SetHeader("X-Auth-Token", c.token).SetQueryParams(query)
	})
	if err != nil {
		return reasoned(err)
	}
	return c.api.Decode(op, resp, out)
}

// lacks is the failure of a read whose answer is JSON but not what was asked for.
func (c *Client) lacks(op, what string) error {
	return c.api.Unreadable(op, http.MethodGet, http.StatusOK, errors.New("no "+what))
}

// reasoned puts DocuSeal's refusals into words. Its own text may repeat what we
// sent, so only the known phrases are recognized.
func reasoned(err error) error {
	e, ok := connectors.AsError(err)
	if !ok || e.Status < 400 || e.Status >= 500 {
		return err
	}
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		return err
	}
	for _, known := range refusals() {
		if strings.Contains(body.Error, known.says) {
			e.Reason = known.reason
			return err
		}
	}
	return err
}

type refusal struct{ says, reason string }

func refusals() []refusal {
	return []refusal{
		{"Not authenticated", "the API token is not valid"},
		{"Not authorized", "the API token may not do this"},
		{"Template not found", "the template does not exist for this token"},
		{"Template has been archived", "the template is archived"},
		{"Template does not contain fields", "the template has no fields"},
		{"Too many requests", "it asks us to slow down"},
		{"already completed", "the signer has already signed"},
		{"already declined", "the signer has already declined"},
	}
}
