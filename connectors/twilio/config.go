package twilio

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns Twilio. Without AccountSID
// the part is off.
type Config struct {
	AccountSID    string        `yaml:"account_sid" env:"ACCOUNT_SID" doc:"SID of the Twilio account (AC…)"`
	AuthToken     config.Secret `yaml:"auth_token" env:"AUTH_TOKEN" doc:"primary auth token of the account; it also signs Twilio's webhooks"`
	AuthTokenNext config.Secret `yaml:"auth_token_next" env:"AUTH_TOKEN_NEXT" doc:"secondary token while tokens are changed: webhooks may then be signed with either"`
	From          string        `yaml:"from" env:"FROM" doc:"numbers that send (+15145550100, several with commas), or the SID of one messaging service (MG…)"`
	BaseURL       string        `yaml:"base_url" env:"BASE_URL" default:"https://api.twilio.com" doc:"address of Twilio's API"`
	Timeout       time.Duration `yaml:"timeout" env:"TIMEOUT" default:"15s" doc:"longest wait for one answer of Twilio"`

	// Closed says why Twilio must not be reached at all (see connectors.Options);
	// it is not set by an operator but by what guards the outbox.
	Closed error `yaml:"-" env:"-"`
}

// On tells whether SMS can be sent.
func (c Config) On() bool { return c.AccountSID != "" }

// Senders lists the numbers that send, or the one messaging service.
func (c Config) Senders() []string {
	var senders []string
	for sender := range strings.SplitSeq(c.From, ",") {
		if sender = strings.TrimSpace(sender); sender != "" {
			senders = append(senders, sender)
		}
	}
	return senders
}

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
	wrong(!alphanumeric(c.AuthTokenNext.Reveal()), "auth_token_next", "an auth token is made of letters and digits only")
	wrong(c.On() && c.AuthToken.Empty(), "auth_token", "missing")
	senders := c.Senders()
	wrong(c.On() && len(senders) == 0, "from", "missing")
	service := slices.ContainsFunc(senders, func(sender string) bool { return !strings.HasPrefix(sender, "+") })
	wrong(service && len(senders) > 1, "from", "several senders must all be numbers like +15145550100")
	wrong(service && len(senders) == 1 && !alphanumeric(senders[0]), "from", "neither a number like +15145550100 nor the SID of a messaging service")
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
