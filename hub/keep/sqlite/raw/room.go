package raw

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// roomLater is when it is worth to come back to a store without room.
const roomLater = 30 * time.Second

// Full says that the store has no room.
func Full(cause error) error {
	return hub.Fail(hub.Unavailable, "store-full", "There is no room left in the store.", cause, hub.WithRetryAfter(roomLater))
}

// Room watches how much room the file system has.
type Room struct {
	folder string
	least  uint64
	next   atomic.Int64 // when to look again, in nanoseconds since 1970
	short  atomic.Pointer[error]
}

// NewRoom watches the file system of a folder; below so many bytes it is short of
// room (0: never).
func NewRoom(folder string, least int64) *Room {
	return &Room{folder: folder, least: uint64(max(0, least))}
}

// Left says whether there is room, as it was at most a tenth of a second ago.
func (r *Room) Left() error {
	if r.least == 0 {
		return nil
	}
	now, next := time.Now().UnixNano(), r.next.Load()
	if now >= next && r.next.CompareAndSwap(next, now+int64(time.Second/10)) {
		r.short.Store(r.look())
	}
	if short := r.short.Load(); short != nil {
		return *short
	}
	return nil
}

// look asks the file system. One that does not tell is not in the way.
func (r *Room) look() *error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(r.folder, &fs); err != nil || uint64(fs.Bavail)*uint64(fs.Bsize) >= r.least {
		return nil
	}
	short := Full(fmt.Errorf("the file system of the store has less than %d bytes left", r.least))
	return &short
}
