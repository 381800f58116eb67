// Package upkeep is what a store has done to it beside the work: the log goes
// into the file, waiting keys into their index, and what has ended is thrown
// away. It uses the quiet where it can.
package upkeep

import (
	"context"
	"time"
)

const (
	glance  = 100 * time.Millisecond // how often the keeper looks
	sweep   = time.Minute / 2        // how often it throws away
	walMany = 4 << 10                // pages in the log that wait for a checkpoint while there is work
	walHuge = 8 * walMany            // pages in the log after which it begins anew
	silence = 50                     // glances without work after which a log of many pages gives its room back

	// WalFew is how many pages in the log are not worth a checkpoint.
	WalFew = 128
)

// Keeper looks after one store, in one goroutine.
type Keeper struct {
	// Checkpoint works on the log; see raw.Conn.
	Checkpoint func(mode string) (pages, moved int64, ok bool)
	// Done is how many operations the writer has done so far.
	Done func() int64
	// Pause holds the writer up until proceed is called.
	Pause func() (proceed func())
	// Settle is an operation of the writer that puts a part of the waiting keys
	// into the index; it tells whether none is left.
	Settle func(ctx context.Context) (settled bool)
	// Sweep throws away what has ended.
	Sweep func(ctx context.Context)
	// Tight tells whether the file system is short of room.
	Tight func() bool

	before int64 // what Done was at the last look
	rested bool  // nothing was left to do then
	quiet  int   // looks without work
	pages  int64 // in the log, at the last look at it
}

// Run keeps the store until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	look, clean := time.NewTicker(glance), time.NewTicker(sweep)
	defer look.Stop()
	defer clean.Stop()
	k.rested = true
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			k.Look(ctx)
		case <-clean.C:
			k.Sweep(ctx)
		}
	}
}

// Look does what is to be done now. What the writer does meanwhile counts as
// work that has not been looked at, except for the settling itself.
func (k *Keeper) Look(ctx context.Context) {
	done := k.Done()
	idle := done == k.before
	k.before = done
	if k.quiet++; !idle {
		k.quiet = 0
	}
	if idle && k.rested {
		k.shrink()
		return
	}
	k.rested = k.move(idle) && idle
	if k.rested {
		k.rested = k.Settle(ctx)
		k.before++
	}
}

// shrink gives the room of the log back, after a long silence or when room is
// short. Else it is worth more than the room: a log that is written over is quicker
// than one that grows.
func (k *Keeper) shrink() {
	if k.pages <= WalFew || (k.pages <= walMany || k.quiet < silence) && !k.Tight() {
		return
	}
	defer k.Pause()()
	if _, _, ok := k.Checkpoint("TRUNCATE"); ok {
		k.pages = 0
	}
}

// move works beside the commits as long as it can. Only when the log has grown
// huge does it hold the writer up, for the few pages that came in meanwhile, so
// that the log begins anew. It tells whether nothing is left to do. When somebody
// is in the way (a reader, say) that is for the next look.
func (k *Keeper) move(idle bool) bool {
	enough := int64(walMany)
	if idle {
		enough = WalFew
	}
	pages, moved, ok := k.Checkpoint("NOOP")
	if ok {
		k.pages = pages
	}
	if !ok || pages-moved < enough {
		return ok && pages-moved < WalFew
	}
	for range 4 {
		if pages, moved, ok = k.Checkpoint("PASSIVE"); !ok || pages-moved < walMany/4 {
			break
		}
	}
	if ok && pages > walHuge {
		defer k.Pause()()
		pages, moved, ok = k.Checkpoint("RESTART")
	}
	return ok && pages-moved < WalFew
}
