package mailjet

import (
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
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

	// Closed says why Mailjet must not be reached at all (see connectors.Options);
	// it is not set by an operator but by what guards the outbox.
	Closed error `yaml:"-" env:"-"`
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
