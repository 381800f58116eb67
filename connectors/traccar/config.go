package traccar

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns Traccar. Without URL it is not
// called; without WebhookSecret nothing that it forwards is believed.
type Config struct {
	URL           string        `yaml:"url" env:"URL" doc:"address of Traccar: https://traccar.example.com (/api is added when it is missing)"`
	Token         config.Secret `yaml:"token" env:"TOKEN" doc:"token of a user who is linked to every device, made in Traccar with an expiration far away (by itself it lives 7 days); or email and password instead"`
	Email         string        `yaml:"email" env:"EMAIL" doc:"mail address of a user who is linked to every device, instead of token; the hub logs in again when the session ends"`
	Password      config.Secret `yaml:"password" env:"PASSWORD" doc:"password of that user"`
	WebhookSecret config.Secret `yaml:"webhook_secret" env:"WEBHOOK_SECRET" doc:"secret that Traccar sends along (forward.header and event.forward.header, as X-Webhook-Secret: … or Authorization: Bearer …)"`
	Timeout       time.Duration `yaml:"timeout" env:"TIMEOUT" default:"10s" doc:"longest wait for one answer of Traccar, and for its live connection to open"`
	Silence       time.Duration `yaml:"silence" env:"SILENCE" default:"120s" doc:"silence after which the live connection counts as dead; Traccar says something every 55 s"`
	Resync        time.Duration `yaml:"resync" env:"RESYNC" default:"1m" doc:"pause between two readings of all devices and positions beside the live connection, which does not tell of everything"`
}

// On tells whether Traccar can be called.
func (c Config) On() bool { return c.URL != "" }

// Forwards tells whether forwarded positions can be taken in.
func (c Config) Forwards() bool { return !c.WebhookSecret.Empty() }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(key, text string) { mistakes = append(mistakes, config.Wrong(key, "%s", text)) }
	u, err := url.Parse(c.URL)
	if c.URL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "") {
		wrong("url", "not an address like https://traccar.example.com")
	}
	person := c.Email != "" || !c.Password.Empty()
	switch {
	case person && !c.Token.Empty():
		wrong("token", "set it, or email and password, not both")
	case person && c.Email == "":
		wrong("email", "missing beside password")
	case person && c.Password.Empty():
		wrong("password", "missing beside email")
	case c.On() && !person && c.Token.Empty():
		wrong("token", "missing; or set email and password")
	}
	if token := c.Token.Reveal(); strings.TrimSpace(token) != token {
		wrong("token", "begins or ends with a blank, which no header can")
	}
	if secret := c.WebhookSecret.Reveal(); strings.TrimSpace(secret) != secret {
		wrong("webhook_secret", "begins or ends with a blank, which no header can")
	}
	if c.Timeout < 0 || c.Timeout > time.Minute {
		wrong("timeout", "must be at most 1m")
	}
	if c.Silence != 0 && (c.Silence < time.Minute || c.Silence > time.Hour) {
		wrong("silence", "must be from 1m to 1h: Traccar may say nothing for 55 s")
	}
	if c.Resync != 0 && c.Resync < 5*time.Second {
		wrong("resync", "must be at least 5s")
	}
	return errors.Join(mistakes...)
}

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Silence <= 0 {
		c.Silence = 2 * time.Minute
	}
	if c.Resync <= 0 {
		c.Resync = time.Minute
	}
	return c
}

// address is where the API is: under /api, wherever Traccar stands.
func (c Config) address() string {
	base := strings.TrimRight(c.URL, "/")
	if base == "" || strings.HasSuffix(base, "/api") {
		return base
	}
	return base + "/api"
}
