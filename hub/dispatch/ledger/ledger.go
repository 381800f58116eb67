// Package ledger remembers what each dispatcher did on the board, so that it can
// be taken back: the last 30 actions, and for each job how it was before and how
// the action left it. It knows the fields of a job that dispatchers change, and
// how many jobs are written at once.
//
// Routes, events: none. Systems called: ERPNext (Dispatch Job, written only).
// Remembers: dispatch:actions:<hash>, the actions of one dispatcher, 30 days.
package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Kinds of actions.
const (
	Assign     = "assign"
	Unassign   = "unassign"
	Move       = "move"
	Pin        = "pin"
	Assistants = "assistants"
	Publish    = "publish"
	DependsOn  = "depends-on"
)

// Action is something that a dispatcher did, to one job or to several at once.
type Action struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" doc:"assign, unassign, move, pin, assistants, publish, depends-on"`
	Changes []Change  `json:"changes"`
}

// Change is what an action did to one job: only the fields that it changed, and
// always the state.
type Change struct {
	Job    string `json:"job"`
	Before Fields `json:"before"`
	After  Fields `json:"after"`
}

// Limits of a memory. An action of many jobs is long: the oldest are forgotten
// before the value does not fit any more.
const (
	remembered = 30
	longest    = keep.ValueMax / 2 // bytes
	lasting    = 30 * 24 * time.Hour
	attempts   = 20 // at a value that others change
)

// Ledger keeps the actions.
type Ledger struct {
	store keep.Values
	now   func() time.Time
}

// New makes a ledger.
func New(store keep.Values, now func() time.Time) *Ledger { return &Ledger{store: store, now: now} }

// Record adds an action of the dispatcher and returns its id; without changes
// nothing is recorded.
func (l *Ledger) Record(ctx context.Context, by hub.Actor, kind string, changes ...Change) (string, error) {
	if len(changes) == 0 {
		return "", nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("naming an action: %w", err)
	}
	action := Action{ID: id.String(), At: l.now().UTC(), Kind: kind, Changes: changes}
	err = l.change(ctx, by, func(actions []Action) []Action { return append([]Action{action}, actions...) })
	if err != nil {
		return "", err
	}
	return action.ID, nil
}

// Actions lists what the dispatcher did, the last first.
func (l *Ledger) Actions(ctx context.Context, by hub.Actor) ([]Action, error) {
	actions, _, err := l.read(ctx, keyOf(by))
	return actions, err
}

// TakeBack forgets what was undone: the changes of the jobs that are named. An
// action of which nothing is left is forgotten as a whole.
func (l *Ledger) TakeBack(ctx context.Context, by hub.Actor, action string, jobs ...string) error {
	return l.change(ctx, by, func(actions []Action) []Action {
		kept := make([]Action, 0, len(actions))
		for _, a := range actions {
			if a.ID == action {
				a.Changes = slices.DeleteFunc(slices.Clone(a.Changes), func(c Change) bool { return slices.Contains(jobs, c.Job) })
			}
			if len(a.Changes) > 0 {
				kept = append(kept, a)
			}
		}
		return kept
	})
}

// change writes the actions anew, as often as somebody else was faster.
func (l *Ledger) change(ctx context.Context, by hub.Actor, how func([]Action) []Action) error {
	key := keyOf(by)
	for range attempts {
		actions, version, err := l.read(ctx, key)
		if err != nil {
			return err
		}
		raw, err := fitting(how(actions))
		if err != nil {
			return err
		}
		if _, err = l.store.Swap(ctx, key, version, raw, lasting); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return fmt.Errorf("writing the actions of %s: %w", by, keep.ErrStale)
}

// fitting writes as many of the actions as are remembered. One that does not fit
// by itself is not worth the others.
func fitting(actions []Action) ([]byte, error) {
	for n := min(len(actions), remembered); ; n-- {
		raw, err := json.Marshal(actions[:n])
		switch {
		case err != nil || len(raw) <= longest:
			return raw, err
		case n == 1:
			return nil, fmt.Errorf("an action of %d jobs is too long to be remembered", len(actions[0].Changes))
		}
	}
}

func (l *Ledger) read(ctx context.Context, key string) (actions []Action, version int64, err error) {
	raw, version, err := l.store.Value(ctx, key)
	switch {
	case errors.Is(err, keep.ErrNotFound):
		return []Action{}, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("reading the actions: %w", err)
	}
	if err := json.Unmarshal(raw, &actions); err != nil {
		return nil, 0, fmt.Errorf("reading the actions: %w", err)
	}
	return actions, version, nil
}

// keyOf names a dispatcher's memory without writing his address down.
func keyOf(by hub.Actor) string {
	sum := sha256.Sum256([]byte(by.String()))
	return "dispatch:actions:" + hex.EncodeToString(sum[:16])
}
