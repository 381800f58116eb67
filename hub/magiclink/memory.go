package magiclink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	attempts  = 30                  // at a memory that others change
	remember  = 90 * 24 * time.Hour // since the last change of a work order's hands
	mostLinks = 40                  // that stand for one work order; older ones end
)

// hands is what is remembered of a work order: in whose hands it is, and which links
// stand for it.
type hands struct {
	Known  bool    `json:"known"`
	Holder string  `json:"holder"` // "" for nobody
	Grants []grant `json:"grants,omitempty"`

	Ending []grant  `json:"ending,omitempty"` // links that are to be ended
	Owed   []debt   `json:"owed,omitempty"`   // who is yet to be told
	Former []string `json:"former,omitempty"` // whose links were ended

	Takers map[string]time.Time `json:"takers,omitempty"` // who takes it himself, until when that counts
}

// grant is a link that stands.
type grant struct {
	Technician string    `json:"technician"`
	JTI        string    `json:"jti"`
	Expires    time.Time `json:"expires"`
}

// debt is that somebody is to be told of a change.
type debt struct {
	Technician string `json:"technician"`
	Occasion   string `json:"occasion"`       // names the change
	Must       bool   `json:"must,omitempty"` // also when he knows the work order: his link has ended
}

// standing writes down that a link stands, and says in whose hands the work order
// is known to be.
func (d *Desk) standing(ctx context.Context, job *erpnext.DispatchJob, g grant) (holder string, err error) {
	var over []grant
	err = edit(ctx, d.Store, handsKey(job.Name), remember, func(h *hands) bool {
		now := d.Now()
		h.Grants = append(slices.DeleteFunc(h.Grants, func(old grant) bool { return !old.Expires.After(now) }), g)
		n := max(0, len(h.Grants)-mostLinks)
		over, h.Grants = slices.Clone(h.Grants[:n]), h.Grants[n:]
		if !h.Known {
			h.Known, h.Holder = true, job.AssignedTech
		}
		holder = h.Holder
		return true
	})
	for _, old := range over {
		err = errors.Join(err, d.Keys.RevokeID(ctx, old.JTI, old.Expires))
	}
	if err != nil {
		return "", fmt.Errorf("noting a link for %s: %w", job.Name, err)
	}
	return holder, nil
}

// edit writes what change makes of a memory, once nobody else writes it at the same
// time; false leaves it as it is. A ttl of 0 keeps it for ever.
func edit[T any](ctx context.Context, values keep.Values, key string, ttl time.Duration, change func(*T) bool) error {
	for range attempts {
		memory := new(T)
		raw, version, err := values.Value(ctx, key)
		if err == nil {
			err = json.Unmarshal(raw, memory)
		} else if errors.Is(err, keep.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", key, err)
		}
		if !change(memory) {
			return nil
		}
		if raw, err = json.Marshal(memory); err != nil {
			return err
		}
		if _, err = values.Swap(ctx, key, version, raw, ttl); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return fmt.Errorf("writing %s: %w", key, keep.ErrStale)
}
