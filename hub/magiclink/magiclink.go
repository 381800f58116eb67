// Package magiclink lets technicians in without a password: by a link that is bound
// to them and to a work order, or by a code that is sent to their telephone. When a
// work order goes to somebody else, the links of whoever had it end, and the new one
// is told by one SMS, however many work orders he gets meanwhile.
//
// Its room otp has the codes, for technicians and for customers, and their page.
//
// Routes: POST /otp/tech-link, POST /magic-link/refresh; of the room otp,
// POST /otp/send, POST /otp/verify, GET and POST /otp. The page that a link opens
// is the field's: /j/{jwt}.
// Events: none.
// Systems called: ERPNext (Dispatch Job, Dispatch Technician; for codes, Customer).
// Remembers: magiclink:job:<work order>, who has it, who takes it himself and which links
// stand for it; magiclink:told:<technician>, of what he is to be told next; as jobs (magiclink.look, magiclink.tell), the work
// orders to look at and the SMS to write; what the room otp does.
package magiclink

import (
	"context"
	"embed"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/magiclink/otp"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed texts
var files embed.FS

// Texts are the messages; the outbox knows them under "magiclink".
func Texts() (*outbox.Texts, error) { return outbox.ParseTexts(files) }

// Config is the magiclink section of the settings.
type Config struct {
	Gather       time.Duration `yaml:"gather" env:"GATHER" default:"2m" doc:"for how long the changes to a technician's work are gathered before he gets one SMS about them"`
	CodesPerHour int           `yaml:"codes_per_hour" env:"CODES_PER_HOUR" default:"300" doc:"how many codes are sent in an hour, to all people together; 0 is no limit"`
}

// Validate names everything that is wrong with the section.
func (c Config) Validate() error {
	switch {
	case c.Gather < 0 || c.Gather > time.Hour:
		return config.Wrong("gather", "must be from 0s to 1h")
	case c.CodesPerHour < 0:
		return config.Wrong("codes_per_hour", "must not be negative")
	}
	return nil
}

// Keys makes and revokes tokens.
type Keys interface {
	otp.Keys
	// Short keeps a token under a code that fits into an SMS and proves as much.
	Short(ctx context.Context, token string, c access.Claims) (code string, err error)
	// RevokeID makes the token with this jti, which ends then, worthless at once.
	RevokeID(ctx context.Context, jti string, until time.Time) error
	// RevokeSubject makes all tokens of somebody worthless that were made until now.
	RevokeSubject(ctx context.Context, audience access.Audience, subject string) error
}

// Store is what the desk needs of hub/keep.
type Store interface {
	otp.Store
	keep.Desk
	keep.Lists
}

// Deps is what the desk works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: every route answers that the part is off
	Keys    Keys
	Store   Store
	Mail    otp.Mail
	Config  Config
	Public  func(path string) string // absolute address of a path of the hub
	Brand   string                   // who writes
	Office  string                   // telephone of the office, for whoever does not get in; "" shows none

	Final func(status string) bool // tells the last states of a work order, as the site spells them
	// Told tells when the technician was last sent a message with a link by others
	// than this desk, if he knows the work order as it stands from them; zero when he
	// does not, nil for never.
	Told func(ctx context.Context, technician string, job *erpnext.DispatchJob) (time.Time, error)
	// Learned is called when the technician was told that his work has changed, and of
	// these work orders; nil when nobody wants to know.
	Learned func(ctx context.Context, technician string, jobs ...*erpnext.DispatchJob) error

	Now func() time.Time
	Log *slog.Logger
}

// Desk makes links, and ends them.
type Desk struct {
	Deps
	codes *otp.Desk
}

// NewDesk makes a desk. It fails when a page cannot be read.
func NewDesk(d Deps) (*Desk, error) {
	codes, err := otp.NewDesk(otp.Deps{
		ERPNext: d.ERPNext, Keys: d.Keys, Store: d.Store, Mail: d.Mail, Prefix: "magiclink", Public: d.Public, Brand: d.Brand, Office: d.Office,
		PerHour: d.Config.CodesPerHour, Spread: time.Second, Until: func() time.Time { return expiry(d.Now(), "") },
		Now: d.Now, Log: d.Log,
	})
	if err != nil {
		return nil, err
	}
	return &Desk{Deps: d, codes: codes}, nil
}

// Word is what AddSecret of the outbox wants under "magiclink": the code that a
// message carries.
func (d *Desk) Word(ctx context.Context, reference string) (string, error) {
	return d.codes.Word(ctx, reference)
}

// The kinds of work.
const (
	kindLook = "magiclink.look"
	kindTell = "magiclink.tell"
)

// Work is what the desk does in the background. ERPNext may be away for hours; a
// technician is told as soon as it is back, of what is so then.
func (d *Desk) Work() []keep.Work {
	patience := []time.Duration{2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute}
	look := keep.Work{Kind: kindLook, Budget: 2 * time.Minute, Backoff: patience, MaxTries: 300, Retain: 7 * 24 * time.Hour, Do: d.lookAt}
	tell := look
	tell.Kind, tell.Do = kindTell, d.tell
	return append(d.codes.Work(), look, tell)
}

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	d.mountLinks(r)
	d.codes.Mount(r)
}

func (d *Desk) off() error {
	if d.ERPNext == nil {
		return hub.PartOff("ERPNext")
	}
	return nil
}
