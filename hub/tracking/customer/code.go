package customer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	chance   = 10 // bytes of a code: 80 bits, 16 letters
	attempts = 20 // at a value that others write

	outlives = 24 * time.Hour     // how long a link works after its visit is over
	unused   = 7 * 24 * time.Hour // after the day of the visit, or after it was asked for last

	jobPrefix, codePrefix = "track:job:", "track:code:"
)

// alphabet holds no letters that look alike, no signs that the end of an address in
// a text would lose, and nothing but small letters: telephones begin words with
// large ones, which count the same.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// order is a work order that a code is wanted for.
type order struct {
	Job, Customer string
	Day           time.Time // of the visit; zero when nobody said
	Over          bool      // no code is begun any more
}

// seed is what the code of a work order is made from.
type seed struct {
	Customer string `json:"customer"`
	Nonce    string `json:"nonce"`
}

// link is what a code stands for.
type link struct {
	Job      string    `json:"job"`
	Customer string    `json:"customer"`
	Until    time.Time `json:"until"`
	Over     time.Time `json:"over,omitzero"` // when the visit ended
	Trip     trip      `json:"trip,omitzero"`
}

// trip is one way to the visit, of one technician.
type trip struct {
	SetOut     time.Time `json:"set_out,omitzero"` // as the work order says; zero when it does not
	Technician string    `json:"technician"`
	Since      time.Time `json:"since"` // before it his places are nobody's business
}

// ends is when the link ends, as far as is known now.
func (l *link) ends() time.Time {
	if last := l.Over.Add(outlives); !l.Over.IsZero() && last.Before(l.Until) {
		return last
	}
	return l.Until
}

// lives tells that the link still shows something.
func (l *link) lives(now time.Time) bool { return l.Job != "" && now.Before(l.ends()) }

// code gives the code of a work order and what it stands for. For as long as the
// hub remembers the work order it is the same, on every replica; it is asked for, so
// it lives on.
func (d *Desk) code(ctx context.Context, o order) (string, link, error) {
	s, err := d.seed(ctx, o)
	if err != nil {
		return "", link{}, err
	}
	code, err := d.derive(o, s)
	if err != nil {
		return "", link{}, err
	}
	for range attempts {
		l, version, err := d.read(ctx, code)
		if err != nil {
			return "", link{}, err
		}
		if !l.lives(d.Now()) {
			if o.Over {
				return "", link{}, over()
			}
			l = link{Job: o.Job, Customer: o.Customer}
		}
		if l.Until = d.until(o); !o.Over {
			l.Over = time.Time{}
		}
		if err := d.write(ctx, code, version, l); !errors.Is(err, keep.ErrStale) {
			return code, l, err
		}
	}
	return "", link{}, crowded()
}

// until is when a link that is asked for now ends at the latest.
func (d *Desk) until(o order) time.Time {
	last := d.Now()
	if o.Day.After(last) {
		last = o.Day
	}
	return last.Add(unused).UTC().Truncate(time.Second)
}

// seed finds or makes what the code of a work order is made from. A work order that
// is another customer's now has another one: who has the old link sees nothing.
func (d *Desk) seed(ctx context.Context, o order) (seed, error) {
	for range attempts {
		var s seed
		raw, version, err := d.Store.Value(ctx, jobPrefix+o.Job)
		if err == nil {
			err = json.Unmarshal(raw, &s)
		}
		if err != nil && !errors.Is(err, keep.ErrNotFound) {
			return seed{}, fmt.Errorf("reading what the code of %s is made from: %w", o.Job, err)
		}
		if version == 0 || s.Customer != o.Customer {
			if o.Over {
				return seed{}, over()
			}
			s = seed{Customer: o.Customer, Nonce: rand.Text()}
		}
		if raw, err = json.Marshal(s); err != nil {
			return seed{}, err
		}
		_, err = d.Store.Swap(ctx, jobPrefix+o.Job, version, raw, d.until(o).Sub(d.Now())+unused) // longer than the link
		if err == nil || !errors.Is(err, keep.ErrStale) {
			return s, err
		}
	}
	return seed{}, crowded()
}

// derive makes the code: whoever reads the store cannot, for he has not the key.
func (d *Desk) derive(o order, s seed) (string, error) {
	if d.Keys == nil {
		return "", hub.PartOff("TARGO_ACCESS_KEYS")
	}
	secret, err := d.Keys.Secret("track")
	if err != nil {
		return "", err
	}
	sum := hmac.New(sha256.New, secret)
	for _, part := range []string{o.Job, s.Customer, s.Nonce} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return base32.NewEncoding(alphabet).EncodeToString(sum.Sum(nil)[:chance]), nil
}

// read gives what a text stands for that came as a code; the zero link when it is
// none. Whatever the text is, the same is done.
func (d *Desk) read(ctx context.Context, code string) (l link, version int64, err error) {
	raw, version, err := d.Store.Value(ctx, keyOf(code))
	if errors.Is(err, keep.ErrNotFound) {
		return link{}, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil {
		return link{}, 0, fmt.Errorf("reading a link: %w", err)
	}
	return l, version, nil
}

func (d *Desk) write(ctx context.Context, code string, version int64, l link) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := d.Store.Swap(ctx, keyOf(code), version, raw, max(l.Until.Sub(d.Now()), time.Second)); err != nil {
		return fmt.Errorf("keeping a link: %w", err)
	}
	return nil
}

// keyOf is under which a link is kept: the code itself stands nowhere.
func keyOf(code string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(code)))
	return codePrefix + hex.EncodeToString(sum[:])
}
