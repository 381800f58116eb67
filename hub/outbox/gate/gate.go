// Package gate decides who may be written to. It is a room of the outbox: no
// routes, no events, no systems, no memory; shut until somebody opens it on
// purpose.
package gate

import (
	"errors"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
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

// Settings are the gate's part of the outbox's settings.
type Settings struct {
	Mode       Mode
	Allow      []string // numbers, addresses or @domain
	RedirectTo []string // one number, one address, or both
	Ack        string   // must repeat the host of the public URL for live
}

// Gate decides who may be written to.
type Gate struct {
	mode     Mode
	host     string // of the public URL
	acked    bool   // the acknowledgement repeats it
	allow    map[string]bool
	redirect map[channel.Channel]string
}

// Verdict is the gate's answer. Reason says in words why it does not pass.
type Verdict struct {
	Pass   bool
	To     string // who gets it; another than asked for when redirected
	Reason string
}

// New checks the settings, all mistakes at once. Those that concern one
// setting name its key (see config.Wrong).
func New(cfg Settings, publicURL string) (*Gate, error) {
	g := &Gate{mode: cfg.Mode, allow: map[string]bool{}, redirect: map[channel.Channel]string{}}
	if g.mode == "" {
		g.mode = Capture
	}
	unacked := g.acknowledge(cfg.Ack, publicURL)
	allow, redirect := g.readAllow(cfg.Allow), g.readRedirect(cfg.RedirectTo)
	faults := []error{allow, redirect}
	switch g.mode {
	case Capture, Allowlist:
	case Redirect:
		if len(g.redirect) == 0 && redirect == nil {
			faults = append(faults, wrong("redirect_to", "missing; mode redirect needs to know who gets everything"))
		}
	case Live:
		faults = append(faults, unacked)
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

// acknowledge makes sure that live was meant for this very host: a copied
// settings file must not write to customers from a test machine.
func (g *Gate) acknowledge(ack, publicURL string) error {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return wrong("mode", "live needs a public URL with a host")
	}
	g.host = u.Host
	g.acked = ack != "" && (strings.EqualFold(ack, u.Host) || strings.EqualFold(ack, u.Hostname()))
	if !g.acked {
		return wrong("live_ack", "must repeat the host of the public URL (%s): mode live refuses to start without it", u.Host)
	}
	return nil
}

// Mode returns the mode, for the start log and the answers.
func (g *Gate) Mode() Mode { return g.mode }

// Wider tells whether this gate lets through what one of the other mode would
// have kept or sent elsewhere. Several hubs may share a store, and a mode may
// change while messages wait.
func (g *Gate) Wider(than Mode) bool {
	switch than {
	case Capture:
		return g.mode != Capture
	case Redirect, Allowlist:
		return g.mode == Live
	}
	return false
}

// Judge decides about a checked address (see Address).
func (g *Gate) Judge(c channel.Channel, to string) Verdict {
	switch g.mode {
	case Live:
		return Verdict{Pass: true, To: to}
	case Redirect:
		if other, ok := g.redirect[c]; ok {
			return Verdict{Pass: true, To: other}
		}
		return Verdict{Reason: "The gate redirects everything (mode redirect), but has no recipient for " + string(c) + "."}
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
		var to string
		var err error
		if name, ok := strings.CutPrefix(entry, "@"); ok {
			to, err = hub.ParseDomain(name)
			to = "@" + to
		} else {
			_, to, err = channel.Either(entry)
		}
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
		way, to, err := channel.Either(entry)
		if err != nil {
			faults = append(faults, wrong("redirect_to", "entry %d is no number or address", i+1))
			continue
		}
		if _, twice := g.redirect[way]; twice {
			faults = append(faults, wrong("redirect_to", "names two recipients for %s", way))
		}
		g.redirect[way] = to
	}
	return errors.Join(faults...)
}
