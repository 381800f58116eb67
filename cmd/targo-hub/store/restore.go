package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

// What is held after a restore, and for how long the outbox looks twice at what
// stories make again.
const (
	messages    = "outbox."
	heldState   = "captured"
	heldNote    = "The store was restored from a backup: this may have been sent already. Release it after you have checked."
	restoredKey = "outbox:restored"
	remembered  = 7 * 24 * time.Hour
)

// Restore implements Place: the hub must be stopped. Nothing is sent twice: a
// message that had not left when the backup was made is held, and so is one that
// work makes again which had been done since.
func (f File) Restore(ctx context.Context, from string) (string, error) {
	done, err := sqlite.Restore(ctx, from, string(f), sqlite.RestoreOptions{Hold: []string{messages}, State: heldState, Note: heldNote})
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return "", fmt.Errorf("a targo-hub runs on %s (TARGO_STATE): stop it first", string(f))
	case err != nil:
		return "", fmt.Errorf("restoring %s: %s", from, cmp.Or(hub.ProblemOf(err).Detail, err.Error()))
	}
	if err := f.remember(ctx); err != nil {
		return "", fmt.Errorf("restoring %s (it is in place, but not marked as restored; run the command again): %w", from, err)
	}
	said := fmt.Sprintf("restored %s to %s\nmessages held: %d; they may have left after the backup was made, look at them before you release them\n", from, string(f), done.Held)
	if done.Aside != "" {
		said += "what was there before is at " + done.Aside + "\n"
	}
	return said, nil
}

// remember tells the outbox.
func (f File) remember(ctx context.Context) (err error) {
	engine, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	_, err = engine.Swap(ctx, restoredKey, keep.AnyVersion, []byte(time.Now().UTC().Format(time.RFC3339Nano)), remembered)
	return err
}

// Restore implements Place: it says what to do instead.
func (s Server) Restore(context.Context, string) (string, error) {
	return "", errors.New("a Redis restores itself: stop the hubs, put its files (appendonlydir, or dump.rdb with appendonly no for the first start) into its folder, and start it; " +
		"set TARGO_OUTBOX_MODE to capture until you have looked at what is queued")
}
