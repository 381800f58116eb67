package otp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	attempts  = 30 // at a page that others write
	keyPrefix = "otp:code:"
	guessed   = "guessed" // why no code is made
)

// page is what is remembered of an identifier.
type page struct {
	Made    string      `json:"made"`    // the wish that led to the code
	Hash    []byte      `json:"hash"`    // of the code
	Subject string      `json:"subject"` // whose it is; "" for nobody's
	Lang    hub.Lang    `json:"lang"`
	Until   time.Time   `json:"until"`
	Tries   int         `json:"tries"`
	Used    bool        `json:"used"`
	Sends   []time.Time `json:"sends"`            // when codes were made
	Missed  []time.Time `json:"missed,omitempty"` // when a code that was valid was guessed wrong
}

// recent are the codes that count for the limit.
func (p *page) recent(now time.Time) []time.Time {
	return since(p.Sends, now.Add(-sendsIn))
}

// missed are the wrong guesses that count for the limit.
func (p *page) missed(now time.Time) []time.Time { return since(p.Missed, now.Add(-missedIn)) }

func since(list []time.Time, begin time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(list), func(at time.Time) bool { return !at.After(begin) })
}

// full says why no code is made now; "" when one is.
func (p *page) full(now time.Time) string {
	sends := p.recent(now)
	switch n := len(sends); {
	case len(p.missed(now)) >= mostMissed:
		return guessed
	case n >= mostSends:
		return "too-many"
	case n > 0 && now.Sub(sends[n-1]) < resend:
		return "too-soon"
	}
	return ""
}

// try counts a guess, before anybody hears of its outcome.
func (p *page) try(now time.Time, right bool) {
	switch {
	case right:
		p.Used, p.Missed = true, nil
	case !p.Used && p.Tries < mostTries && now.Before(p.Until):
		p.Missed = append(p.missed(now), now)
	}
	p.Tries++
}

// life is for how long the page matters.
func (p *page) life() time.Duration {
	if len(p.Missed) > 0 {
		return missedIn
	}
	return sendsIn
}

// opens tells whether the page's code is still good for somebody.
func (p *page) opens(now time.Time) bool {
	return p.Subject != "" && !p.Used && p.Tries < mostTries && now.Before(p.Until)
}

// edit writes what change makes of a page, once nobody else writes it at the same
// time; false leaves it as it is. What is not there is an empty page.
func (d *Desk) edit(ctx context.Context, key string, change func(*page) bool) error {
	for range attempts {
		var p page
		raw, version, err := d.Store.Value(ctx, key)
		if err == nil {
			err = json.Unmarshal(raw, &p)
		} else if errors.Is(err, keep.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return fmt.Errorf("reading a code: %w", err)
		}
		if !change(&p) {
			return nil
		}
		if raw, err = json.Marshal(p); err != nil {
			return err
		}
		if _, err = d.Store.Swap(ctx, key, version, raw, p.life()); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return hub.Fail(hub.Unavailable, "unavailable", "Too much is tried at the same time.", keep.ErrStale, hub.WithRetryAfter(time.Second))
}

// key is under which an identifier is remembered: neither it nor its like stands
// there. Ways of writing the same number or address are one.
func (d *Desk) key(purpose, identifier string) (string, error) {
	sum, err := d.mac("identifier", purpose, plain(identifier))
	return keyPrefix + hex.EncodeToString(sum), err
}

// hash is what is stored of a code. It holds for one identifier, purpose and wish.
func (d *Desk) hash(key, made, code string) ([]byte, error) { return d.mac("hash", key, made, code) }

// mac is a hash that only the hub can make: without its key all codes are tried in a
// moment.
func (d *Desk) mac(parts ...string) ([]byte, error) {
	secret, err := d.Keys.Secret("otp")
	if err != nil {
		return nil, err
	}
	sum := hmac.New(sha256.New, secret)
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return sum.Sum(nil), nil
}

// reachable tells that an identifier reads as a number or an address: how it is
// written says nothing of whom it reaches.
func reachable(identifier string) bool {
	_, noNumber := hub.ParsePhone(norm.NFKC.String(identifier))
	return noNumber == nil || strings.Contains(norm.NFKC.String(identifier), "@")
}

// plain is the one spelling of an identifier.
func plain(text string) string {
	text = strings.TrimSpace(norm.NFKC.String(text))
	if strings.Contains(text, "@") {
		if address, err := hub.ParseMail(text); err == nil {
			return strings.ToLower(address)
		}
		return strings.ToLower(text)
	}
	if number, err := hub.ParsePhone(text); err == nil {
		return string(number)
	}
	return strings.ToUpper(strings.Join(strings.Fields(text), " "))
}
