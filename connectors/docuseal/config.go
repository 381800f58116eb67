package docuseal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns DocuSeal. Without URL the
// part is off.
type Config struct {
	URL                string        `yaml:"url" env:"URL" doc:"address of DocuSeal's API: https://sign.example.com/api for a server of your own (/api is added when the path is empty), https://api.docuseal.com for the cloud"`
	Token              config.Secret `yaml:"token" env:"TOKEN" doc:"API token (X-Auth-Token)"`
	WebhookSecret      config.Secret `yaml:"webhook_secret" env:"WEBHOOK_SECRET" doc:"signing secret of DocuSeal's webhooks, whole text with whsec_ (DocuSeal 2.5.3 and later)"`
	WebhookHeader      config.Secret `yaml:"webhook_header" env:"WEBHOOK_HEADER" doc:"header that DocuSeal's webhooks carry, as Name: value; used when there is no signing secret"`
	TemplateCommercial int           `yaml:"template_commercial" env:"TEMPLATE_COMMERCIAL" doc:"id of the template for commercial quotations"`
	TemplateProject    int           `yaml:"template_project" env:"TEMPLATE_PROJECT" doc:"id of the template for project quotations"`
	QuietDays          int           `yaml:"quiet_days" env:"QUIET_DAYS" default:"7" doc:"days without a webhook of DocuSeal, while envelopes are open, after which the hub warns; 0 for never"`
	ReconcileDays      int           `yaml:"reconcile_days" env:"RECONCILE_DAYS" default:"7" doc:"how many days the first reconciliation with DocuSeal looks back for signatures whose webhook was lost"`
	Timeout            time.Duration `yaml:"timeout" env:"TIMEOUT" default:"15s" doc:"longest wait for one answer of DocuSeal"`
}

// On tells whether DocuSeal can be called.
func (c Config) On() bool { return c.URL != "" }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(key, text string) { mistakes = append(mistakes, config.Wrong(key, "%s", text)) }
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil) {
		wrong("url", "not an address like https://sign.example.com/api")
	}
	if c.On() && c.Token.Empty() {
		wrong("token", "missing; DocuSeal shows it under Settings, API")
	}
	if name, value := c.Header(); !c.WebhookHeader.Empty() && (name == "" || value == "") {
		wrong("webhook_header", "not of the form Name: value")
	}
	if c.TemplateCommercial < 0 {
		wrong("template_commercial", "not a template id")
	}
	if c.TemplateProject < 0 {
		wrong("template_project", "not a template id")
	}
	if c.QuietDays < 0 || c.QuietDays > 365 {
		wrong("quiet_days", "must be from 0 to 365")
	}
	if c.ReconcileDays < 0 || c.ReconcileDays > 60 {
		wrong("reconcile_days", "must be from 0 to 60")
	}
	return errors.Join(mistakes...)
}

// Header splits WebhookHeader into its canonical name and its value.
func (c Config) Header() (name, value string) {
	name, value, _ = strings.Cut(c.WebhookHeader.Reveal(), ":")
	return http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
}

// addresses tells where the API and the pages are. A server of one's own has
// the API under /api; the cloud has it on a host of its own, without that path.
func addresses(text string) (api, pages string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", ""
	}
	path := strings.TrimRight(u.Path, "/")
	origin := u.Scheme + "://"
	if cloud, ok := strings.CutPrefix(u.Host, "api."); ok && strings.HasPrefix(cloud, "docuseal.") {
		return origin + u.Host + path, origin + cloud
	}
	if path == "" {
		path = "/api"
	}
	return origin + u.Host + path, origin + u.Host + strings.TrimSuffix(path, "/api")
}
