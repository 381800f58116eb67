package authentik

import (
	"errors"
	"net/url"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns Authentik: the server where
// the staff signs in and, beside it, the one where customers do. Without an
// address of keys either is off.
type Config struct {
	Server  `yaml:",inline"`
	Clients Server        `yaml:"clients" envPrefix:"CLIENTS_"`
	Timeout time.Duration `yaml:"timeout" env:"TIMEOUT" default:"5s" doc:"longest wait for the keys of Authentik"`
}

// Server is one Authentik and the provider in it that guards the hub.
type Server struct {
	JWKSURL  string `yaml:"jwks_url" env:"JWKS_URL" doc:"where Authentik publishes the keys of the hub's provider: https://auth.example.com/application/o/hub/jwks/ (the provider needs a signing key; without one nothing can be verified)"`
	Issuer   string `yaml:"issuer" env:"ISSUER" doc:"iss of its tokens, to the letter: https://auth.example.com/application/o/hub/"`
	Audience string `yaml:"audience" env:"AUDIENCE" doc:"client id of the provider, the aud of its tokens"`
}

// On tells whether sessions of this server are believed.
func (s Server) On() bool { return s.JWKSURL != "" }

// On tells whether sessions of either server are believed.
func (c Config) On() bool { return c.Server.On() || c.Clients.On() }

// Validate finds what cannot work, and what would merge staff and customers.
func (c Config) Validate() error {
	mistakes := append(c.Server.mistakes(""), c.Clients.mistakes("clients.")...)
	if c.Server.On() && c.Clients.On() {
		if c.Issuer == c.Clients.Issuer {
			mistakes = append(mistakes, config.Wrong("clients.issuer", "is that of the staff; customers need a server of their own"))
		}
		if c.JWKSURL == c.Clients.JWKSURL {
			mistakes = append(mistakes, config.Wrong("clients.jwks_url", "is that of the staff; customers need keys of their own"))
		}
	}
	if c.Timeout < 0 {
		mistakes = append(mistakes, config.Wrong("timeout", "must not be negative"))
	}
	return errors.Join(mistakes...)
}

func (s Server) mistakes(at string) (list []error) {
	wrong := func(key, text string) { list = append(list, config.Wrong(at+key, "%s", text)) }
	if u, err := url.Parse(s.JWKSURL); s.On() && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.Fragment != "") {
		wrong("jwks_url", "not an address like https://auth.example.com/application/o/hub/jwks/")
	}
	if s.On() && s.Issuer == "" {
		wrong("issuer", "missing; it is the iss of the tokens")
	}
	if s.On() && s.Audience == "" {
		wrong("audience", "missing; it is the client id of the provider")
	}
	if !s.On() && s.Issuer+s.Audience != "" {
		wrong("jwks_url", "missing; without keys nothing can be verified")
	}
	return list
}
