package outbox

import (
	"errors"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

// Mode says what the gate lets through.
type Mode string

// The modes.
const (
	Capture   Mode = "capture"   // nothing: messages are kept and shown
	Redirect  Mode = "redirect"  // everything, but to RedirectTo
	Allowlist Mode = "allowlist" // what is in Allow; the rest is captured
	Live      Mode = "live"      // everything
)

// Config is the outbox's part of the settings.
type Config struct {
	Mode       Mode     `yaml:"mode" env:"MODE" default:"capture" doc:"what the gate lets through: capture, redirect, allowlist or live"`
	Allow      []string `yaml:"allow" env:"ALLOW" doc:"recipients that allowlist lets through: numbers, addresses or @domain"`
	RedirectTo []string `yaml:"redirect_to" env:"REDIRECT_TO" doc:"who gets everything in redirect: one number, one address, or both"`
	LiveAck    string   `yaml:"live_ack" env:"LIVE_ACK" doc:"must repeat the host of TARGO_PUBLIC_URL, or live refuses to start"`
}

// Gate decides who may be written to.
type Gate struct {
	mode     Mode
	allow    map[string]bool
	redirect map[Channel]string
}

// Verdict is the gate's answer. Reason says in words why it does not pass.
type Verdict struct {
	Pass   bool
	To     string // who gets it; another than asked for when redirected
	Reason string
}

// NewGate checks the settings, all mistakes at once. Those that concern one
// setting name its key (see config.Wrong).
func NewGate(cfg Config, publicURL string) (*Gate, error) {
	g := &Gate{mode: cfg.Mode, allow: map[string]bool{}, redirect: map[Channel]string{}}
	if g.mode == "" {
		g.mode = Capture
	}
	allow, redirect := g.readAllow(cfg.Allow), g.readRedirect(cfg.RedirectTo)
	faults := []error{allow, redirect}
	switch g.mode {
	case Capture, Allowlist:
	case Redirect:
		if len(g.redirect) == 0 && redirect == nil {
			faults = append(faults, wrong("redirect_to", "missing; mode redirect needs to know who gets everything"))
		}
	case Live:
		faults = append(faults, acknowledged(cfg.LiveAck, publicURL))
	default:
		faults = append(faults, wrong("mode", "is none of capture, redirect, allowlist, live"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return g, nil
}

// wrong is a mistake in a key of the section.
func wrong(key, format string, args ...any) error {
	return config.Wrong("outbox."+key, format, args...)
}

// acknowledged makes sure that live was meant for this very host: a copied
// settings file must not write to customers from a test machine.
func acknowledged(ack, publicURL string) error {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return wrong("mode", "live needs a public URL with a host")
	}
	if ack == "" || (!strings.EqualFold(ack, u.Host) && !strings.EqualFold(ack, u.Hostname())) {
		return wrong("live_ack", "must repeat the host of the public URL (%s): mode live refuses to start without it", u.Host)
	}
	return nil
}

// Mode returns the mode, for the start log and the answers.
func (g *Gate) Mode() Mode { return g.mode }

// Judge decides about a checked address (see Address).
func (g *Gate) Judge(channel Channel, to string) Verdict {
	switch g.mode {
	case Live:
		return Verdict{Pass: true, To: to}
	case Redirect:
		if other, ok := g.redirect[channel]; ok {
			return Verdict{Pass: true, To: other}
		}
		return Verdict{Reason: "The gate redirects everything (mode redirect), but has no recipient for " + string(channel) + "."}
	case Allowlist:
		if g.allowed(to) {
			return Verdict{Pass: true, To: to}
		}
		return Verdict{Reason: "The gate lets only listed recipients through (mode allowlist), and this one is not listed."}
	case Capture:
	}
	return Verdict{Reason: "The gate is shut (mode capture): the message was kept and not sent."}
}

func (g *Gate) allowed(to string) bool {
	to = strings.ToLower(to)
	if g.allow[to] {
		return true
	}
	at := strings.LastIndexByte(to, '@')
	return at >= 0 && g.allow[to[at:]]
}

func (g *Gate) readAllow(entries []string) error {
	var faults []error
	for i, entry := range entries {
		entry = strings.TrimSpace(entry)
		if domain, ok := strings.CutPrefix(entry, "@"); ok && domain != "" && !strings.ContainsAny(domain, "@ ") {
			g.allow[strings.ToLower(entry)] = true
			continue
		}
		_, to, err := eitherAddress(entry)
		if err != nil {
			faults = append(faults, wrong("allow", "entry %d is no number, address or @domain", i+1))
			continue
		}
		g.allow[strings.ToLower(to)] = true
	}
	return errors.Join(faults...)
}

func (g *Gate) readRedirect(entries []string) error {
	var faults []error
	for i, entry := range entries {
		channel, to, err := eitherAddress(entry)
		if err != nil {
			faults = append(faults, wrong("redirect_to", "entry %d is no number or address", i+1))
			continue
		}
		if _, twice := g.redirect[channel]; twice {
			faults = append(faults, wrong("redirect_to", "names two recipients for %s", channel))
		}
		g.redirect[channel] = to
	}
	return errors.Join(faults...)
}

func eitherAddress(text string) (Channel, string, error) {
	channel := SMS
	if strings.Contains(text, "@") {
		channel = Email
	}
	to, err := Address(channel, text)
	return channel, to, err
}

// addressed puts the original recipient on the first line of a redirected
// letter, so that whoever tests sees for whom it was.
func addressed(letter Letter, to string, lang hub.Lang) Letter {
	if letter.To == to {
		return letter
	}
	line := "[Pour " + letter.To + "]"
	if lang == hub.English {
		line = "[For " + letter.To + "]"
	}
	letter.Body = line + "\n" + letter.Body
	letter.HTML = underBodyTag(letter.HTML, line)
	letter.To = to
	return letter
}
