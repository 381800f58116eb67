package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/store"
	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/mapbox"
	"gigafibre.ca/targo-hub/connectors/osrm"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
	"gigafibre.ca/targo-hub/connectors/stripe"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/field"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/magiclink"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/tracking"
	"gigafibre.ca/targo-hub/hub/vision"
	"gigafibre.ca/targo-hub/hub/web"
)

// Settings are all settings of the program on one page. A section that is left
// empty switches its part off.
type Settings struct {
	Edge          web.Config    `yaml:",inline"`
	State         store.Address `yaml:"state" env:"STATE" default:"sqlite:./targo-hub.db" doc:"where the hub keeps its work: sqlite:PATH, or redis://HOST:PORT/DB for several hubs on one Redis or Valkey (rediss for TLS, redis+sentinel, redis+cluster)"`
	StatePassword config.Secret `yaml:"state_password" env:"STATE_PASSWORD" doc:"password of that Redis; wins over one in the address"`
	TakeOver      time.Duration `yaml:"take_over" env:"TAKE_OVER" default:"30s" doc:"how long the work of a hub that died waits before another one takes it over; with a file at most 5s"`
	LogLevel      string        `yaml:"log_level" env:"LOG_LEVEL" default:"info" doc:"debug, info, warn or error"`
	Charge        charge.Config `yaml:",inline"`

	ERPNext   erpnext.Config          `yaml:"erpnext" envPrefix:"ERPNEXT_"`
	DocuSeal  docuseal.Config         `yaml:"docuseal" envPrefix:"DOCUSEAL_"`
	Twilio    twilio.Config           `yaml:"twilio" envPrefix:"TWILIO_"`
	Mailjet   mailjet.Config          `yaml:"mailjet" envPrefix:"MAILJET_"`
	Stripe    stripe.Config           `yaml:"stripe" envPrefix:"STRIPE_"`
	Traccar   traccar.Config          `yaml:"traccar" envPrefix:"TRACCAR_"`
	OSRM      osrm.Config             `yaml:"osrm" envPrefix:"OSRM_"`
	Mapbox    mapbox.Config           `yaml:"mapbox" envPrefix:"MAPBOX_"`
	Hooks     standardwebhooks.Config `yaml:"hooks" envPrefix:"HOOKS_"`
	Gemini    gemini.Config           `yaml:"gemini" envPrefix:"GEMINI_"`
	Authentik authentik.Config        `yaml:"authentik" envPrefix:"AUTHENTIK_"`
	Accept    accept.Config           `yaml:"accept" envPrefix:"ACCEPT_"`
	Contract  contract.Config         `yaml:"contract" envPrefix:"CONTRACT_"`
	Dispatch  dispatch.Config         `yaml:"dispatch" envPrefix:"DISPATCH_"`
	Field     field.Config            `yaml:"field" envPrefix:"FIELD_"`
	MagicLink magiclink.Config        `yaml:"magiclink" envPrefix:"MAGICLINK_"`
	Vision    vision.Config           `yaml:"vision" envPrefix:"VISION_"`
	Tracking  tracking.Config         `yaml:"tracking" envPrefix:"TRACKING_"`
	Access    access.Config           `yaml:"access" envPrefix:"ACCESS_"`
	Outbox    outbox.Config           `yaml:"outbox" envPrefix:"OUTBOX_"`
	Gateway   gateway.Config          `yaml:"gateway" envPrefix:"GATEWAY_"`
	Mirror    mirror.Config           `yaml:"mirror" envPrefix:"MIRROR_"`
	Schedule  schedule.Config         `yaml:"schedule" envPrefix:"SCHEDULE_"`
}

// Validate checks what belongs to no single part.
func (s *Settings) Validate() error {
	var wrong []error
	if _, err := s.place(); err != nil {
		wrong = append(wrong, config.Wrong("state", "%s", err.Error()))
	}
	if s.TakeOver < 3*time.Second || s.TakeOver > 10*time.Minute {
		wrong = append(wrong, config.Wrong("take_over", "must be from 3s to 10m"))
	}
	if _, err := levelOf(s.LogLevel); err != nil {
		wrong = append(wrong, config.Wrong("log_level", "must be debug, info, warn or error"))
	}
	if _, err := outbox.NewGate(s.Outbox, s.Edge.Public("")); err != nil {
		wrong = append(wrong, err) // names its keys itself
	}
	return errors.Join(wrong...)
}

// place is where the store is.
func (s *Settings) place() (store.Place, error) { return s.State.Place(s.StatePassword) }

// load reads the settings from the environment and the file.
func (c *console) load() (*Settings, []string, error) {
	settings := &Settings{}
	loaded, err := config.Read(settings, c.environ, c.file, "TARGO_CONFIG")
	if err != nil {
		return nil, nil, err
	}
	return settings, loaded.Warnings, nil
}

// keys reads the settings and the keys for tokens, which must be there.
func (c *console) keys() (*Settings, *access.Keyring, error) {
	settings, _, err := c.load()
	if err != nil {
		return nil, nil, err
	}
	if settings.Access.Keys.Empty() {
		return nil, nil, errors.New(`TARGO_ACCESS_KEYS is empty, so no token can be signed; make a key with: echo "TARGO_ACCESS_KEYS=k1:$(openssl rand -base64 32)"`)
	}
	ring, err := access.NewKeyring(settings.Access, nil)
	return settings, ring, err
}

func levelOf(text string) (level slog.Level, err error) {
	err = level.UnmarshalText([]byte(text))
	return level, err
}

// newLogger writes JSON lines. Messages are constant, secrets and numbers of
// people print masked by their types.
func newLogger(w io.Writer, level string) *slog.Logger {
	l, err := levelOf(level)
	if err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
}

type tokenCommand struct {
	Audience string        `arg:"" enum:"staff,accept,tech,portal" help:"staff, accept, tech or portal."`
	Subject  string        `arg:"" help:"User, quotation, technician or customer."`
	Job      string        `help:"Dispatch Job that a technician's token is bound to."`
	TTL      time.Duration `name:"ttl" default:"1h" help:"How long the token lives."`
	Scope    []string      `help:"Scopes."`
	Lang     string        `enum:"fr,en" default:"fr" help:"fr or en."`
}

// Run mints a token with the configured keys and prints it.
func (t tokenCommand) Run(c *console) error {
	_, keys, err := c.keys()
	if err != nil {
		return err
	}
	token, _, err := keys.Mint(c.ctx, access.Grant{
		Audience: access.Audience(t.Audience), Subject: t.Subject, Job: t.Job, Scopes: t.Scope, Lang: hub.Lang(t.Lang), TTL: t.TTL,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, token)
	return err
}
