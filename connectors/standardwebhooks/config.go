package standardwebhooks

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns outgoing webhooks. Without a
// secret and hosts none is sent.
type Config struct {
	Secret     config.Secret `yaml:"secret" env:"SECRET" doc:"secret that outgoing webhooks are signed with (whsec_ and 24 to 64 bytes in base64; make one with: echo whsec_$(openssl rand -base64 32))"`
	SecretNext config.Secret `yaml:"secret_next" env:"SECRET_NEXT" doc:"the other secret while secrets are changed: webhooks are then signed with both"`
	Hosts      []string      `yaml:"hosts" env:"HOSTS" doc:"hosts that webhooks may go to over https: hooks.example.com, *.example.com, n8n.example.com:8443; n8n.example.com=10.0.0.5 for a name that stands for an address inside, 127.0.0.1:5678 (http, too) for this machine"`
	Timeout    time.Duration `yaml:"timeout" env:"TIMEOUT" default:"10s" doc:"longest wait for the answer to one webhook"`
}

// On tells whether webhooks can be sent.
func (c Config) On() bool { return !c.Secret.Empty() && len(c.Hosts) > 0 }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(key, text string) { mistakes = append(mistakes, config.Wrong(key, "%s", text)) }
	for key, secret := range map[string]config.Secret{"secret": c.Secret, "secret_next": c.SecretNext} {
		if _, err := keyOf(secret); !secret.Empty() && err != nil {
			wrong(key, err.Error())
		}
	}
	if c.Secret.Empty() && !c.SecretNext.Empty() {
		wrong("secret", "missing, although there is a next one")
	}
	if c.Secret.Empty() && len(c.Hosts) > 0 {
		wrong("secret", "missing, although there are hosts: a webhook is never sent unsigned")
	}
	for _, text := range c.Hosts {
		if _, err := parsePlace(text); err != nil {
			wrong("hosts", err.Error())
		}
	}
	return errors.Join(mistakes...)
}

// keyOf reads the bytes of a secret.
func keyOf(secret config.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(secret.Reveal(), "whsec_")
	if !ok {
		return nil, errors.New("does not begin with whsec_")
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("is not base64 behind whsec_")
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, errors.New("must hold from 24 to 64 bytes")
	}
	return key, nil
}
