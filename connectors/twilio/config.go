package twilio

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns Twilio. Without AccountSID
// the part is off.
type Config struct {
	AccountSID string        `yaml:"account_sid" env:"ACCOUNT_SID" doc:"SID of the Twilio account (AC…)"`
	AuthToken  config.Secret `yaml:"auth_token" env:"AUTH_TOKEN" doc:"primary auth token of the account; it also signs Twilio's webhooks"`
	From       string        `yaml:"from" env:"FROM" doc:"number that sends (+15145550100), or the SID of a messaging service (MG…)"`
	BaseURL    string        `yaml:"base_url" env:"BASE_URL" default:"https://api.twilio.com" doc:"address of Twilio's API"`
	Timeout    time.Duration `yaml:"timeout" env:"TIMEOUT" default:"15s" doc:"longest wait for one answer of Twilio"`
}

// On tells whether SMS can be sent.
func (c Config) On() bool { return c.AccountSID != "" }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(bad bool, key, text string) {
		if bad {
			mistakes = append(mistakes, config.Wrong(key, "%s", text))
		}
	}
	wrong(!alphanumeric(c.AccountSID), "account_sid", "an account SID is made of letters and digits only")
	wrong(!alphanumeric(c.AuthToken.Reveal()), "auth_token", "an auth token is made of letters and digits only")
	wrong(c.On() && c.AuthToken.Empty(), "auth_token", "missing")
	wrong(c.On() && c.From == "", "from", "missing")
	wrong(c.From != "" && !strings.HasPrefix(c.From, "+") && !alphanumeric(c.From), "from", "neither a number like +15145550100 nor the SID of a messaging service")
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		wrong(err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"), "base_url", "not an address like https://api.twilio.com")
	}
	return errors.Join(mistakes...)
}

// alphanumeric is what the SDK demands of credentials before it sends anything.
func alphanumeric(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}
