package optout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
)

// page is what is remembered about one address: of each scope at most one stop
// that a text can lift, and one that it cannot.
type page struct {
	Stops []Standing `json:"stops,omitempty"`

	// When stops were last taken back, so that an older wish that comes late
	// changes nothing: all of them, and those that a text can lift.
	Lifted  map[Scope]time.Time `json:"lifted,omitempty"`
	Started map[Scope]time.Time `json:"started,omitempty"`
}

// byText tells whether a START lifts what came from the source.
func byText(source string) bool { return source == SourceStop || source == SourceBlocked }

// add enters a stop. counts says that it is in force now.
func (p *page) add(o OptOut, masked string) (changed, counts bool) {
	if !o.At.After(p.Lifted[o.Scope]) || byText(o.Source) && !o.At.After(p.Started[o.Scope]) {
		return false, false
	}
	for i, s := range p.Stops {
		if s.Scope != o.Scope || byText(s.Source) != byText(o.Source) {
			continue
		}
		if o.At.After(s.At) && o.At.After(s.Again) {
			p.Stops[i].Again = o.At.UTC() // what was taken back before this stands
		}
		return false, true
	}
	p.Stops = append(p.Stops, Standing{
		Channel: o.Channel, To: masked, Scope: o.Scope, Source: o.Source, Sender: o.Sender, At: o.At.UTC(),
	})
	return true, true
}

// lift takes stops off. counts says that there were some and none is left.
func (p *page) lift(o OptOut) (changed, counts bool) {
	started := o.Source == SourceStart
	had := len(p.Stops)
	p.Stops = slices.DeleteFunc(p.Stops, func(s Standing) bool {
		return (o.Scope == "" || s.Scope == o.Scope) && (!started || byText(s.Source)) &&
			!s.At.After(o.At) && !s.Again.After(o.At)
	})
	noted := &p.Lifted
	if started {
		noted = &p.Started
	}
	if *noted == nil {
		*noted = map[Scope]time.Time{}
	}
	for _, scope := range []Scope{Commercial, All} {
		if (o.Scope == "" || o.Scope == scope) && o.At.After((*noted)[scope]) {
			(*noted)[scope] = o.At.UTC()
		}
	}
	return len(p.Stops) < had, len(p.Stops) < had && len(p.Stops) == 0
}

// patience is how often a page is read again that others write at the same time.
const patience = 20

// edit writes what the edit makes of a page, once nobody else writes it at the
// same time. The edit is done again on what they wrote.
func (l *Ledger) edit(ctx context.Context, key string, edit func(p *page) error) error {
	for range patience {
		p, version, err := l.read(ctx, key)
		if err != nil {
			return err
		}
		if err := edit(&p); err != nil {
			return err
		}
		if err = l.write(ctx, key, version, p); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return fmt.Errorf("writing the opt-outs of an address: %w", keep.ErrStale)
}

func (l *Ledger) write(ctx context.Context, key string, version int64, p page) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding opt-outs: %w", err)
	}
	if _, err := l.store.Swap(ctx, key, version, body, 0); err != nil {
		return fmt.Errorf("writing the opt-outs of an address: %w", err)
	}
	return nil
}

func (l *Ledger) read(ctx context.Context, key string) (p page, version int64, err error) {
	body, version, err := l.store.Value(ctx, key)
	if errors.Is(err, keep.ErrNotFound) {
		return page{}, 0, nil
	}
	if err != nil {
		return page{}, 0, fmt.Errorf("reading the opt-outs of an address: %w", err)
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return page{}, 0, fmt.Errorf("decoding the opt-outs of an address: %w", err)
	}
	return p, version, nil
}

func key(c channel.Channel, to string) string {
	return "outbox:optout:" + string(c) + ":" + channel.Key(c, to)
}
