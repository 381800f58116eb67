// Package settings is the outbox's part of the settings. It is a room of the
// outbox: no routes, no events, no systems, no memory.
package settings

import (
	"errors"
	"net/mail"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/outbox/footer"
	"gigafibre.ca/targo-hub/hub/outbox/gate"
	"gigafibre.ca/targo-hub/hub/outbox/pace"
)

// Config is the outbox's part of the settings.
type Config struct {
	Mode         gate.Mode `yaml:"mode" env:"MODE" default:"capture" doc:"what the gate lets through: capture, redirect, allowlist or live"`
	Allow        []string  `yaml:"allow" env:"ALLOW" doc:"recipients that allowlist lets through: numbers, addresses or @domain"`
	RedirectTo   []string  `yaml:"redirect_to" env:"REDIRECT_TO" doc:"who gets everything in redirect: one number, one address, or both"`
	LiveAck      string    `yaml:"live_ack" env:"LIVE_ACK" doc:"must repeat the host of TARGO_PUBLIC_URL: live refuses to start without it, redirect and allowlist then reach simulators only"`
	QuietHours   string    `yaml:"quiet_hours" env:"QUIET_HOURS" default:"21:00-08:00" doc:"when SMS that are not urgent wait for the morning, in Toronto's time; off for never"`
	PerRecipient int       `yaml:"per_recipient" env:"PER_RECIPIENT" default:"8" doc:"SMS to one person in ten minutes, urgent ones apart; what is more waits; 0 for no limit"`
	PerSender    int       `yaml:"per_sender" env:"PER_SENDER" default:"20" doc:"SMS segments that one of our numbers sends in a second; what is more waits; 0 for no limit"`
	Identity     string    `yaml:"identity" env:"IDENTITY" doc:"who signs commercial messages, by name and address; the brand when empty"`
	Unsubscribe  string    `yaml:"unsubscribe" env:"UNSUBSCRIBE" doc:"mail or web address where people leave commercial mail; without it none is sent"`
}

// Validate finds what cannot work, apart from the gate (see Gate).
func (c Config) Validate() error {
	var mistakes []error
	if _, err := pace.ParseHours(c.QuietHours); err != nil {
		mistakes = append(mistakes, config.Wrong("quiet_hours", "%s", err.Error()))
	}
	if c.PerRecipient < 0 {
		mistakes = append(mistakes, config.Wrong("per_recipient", "must not be below 0"))
	}
	if c.PerSender < 0 {
		mistakes = append(mistakes, config.Wrong("per_sender", "must not be below 0"))
	}
	if strings.ContainsAny(c.Identity, "\r\n") || len(c.Identity) > 200 {
		mistakes = append(mistakes, config.Wrong("identity", "must be one line of at most 200 bytes"))
	}
	if c.Unsubscribe != "" && !reachable(c.Unsubscribe) {
		mistakes = append(mistakes, config.Wrong("unsubscribe", "neither a mail address nor an https address"))
	}
	return errors.Join(mistakes...)
}

func reachable(unsubscribe string) bool {
	u, err := url.Parse(footer.Target(unsubscribe))
	if err != nil || strings.ContainsAny(unsubscribe, "<> \r\n") {
		return false
	}
	if u.Scheme == "mailto" {
		_, err = mail.ParseAddress(u.Opaque)
		return err == nil
	}
	return u.Scheme == "https" && u.Host != ""
}

// Gate checks the gate's settings, all mistakes at once. Those that concern one
// setting name its key (see config.Wrong).
func (c Config) Gate(publicURL string) (*gate.Gate, error) {
	return gate.New(gate.Settings{Mode: c.Mode, Allow: c.Allow, RedirectTo: c.RedirectTo, Ack: c.LiveAck}, publicURL)
}
