package traccar

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/live"
)

const (
	settle    = 500 * time.Millisecond // until the listener on the other side is registered for certain
	tolerated = 20                     // messages in a row that cannot be read
)

// Follow opens a live connection and passes on what it tells, until it ends or take
// fails; take is called in order and never twice at once. The first frame holds all
// devices and all positions; more of that kind come half a second later, for what
// moved in between, and at every resync. Empty keepalives are not passed on.
//
// The error says why it ended: the cause of ctx, take's own, ErrUnauthorized,
// ErrSilent, ErrClosed, ErrUnreadable or a *connectors.Error. The connection is
// closed when Follow returns.
func (c *Client) Follow(ctx context.Context, take func(Frame) error) error {
	// Over REST a proof that ran out is told from a server that fails; the upgrade
	// answers both with 500.
	devices, dropped, err := c.devices(ctx, nil)
	if err != nil {
		return ended(ctx, err)
	}
	conn, err := c.open(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	f := &following{client: c, conn: conn, take: take, free: time.Now(), read: make(chan Frame), over: make(chan struct{})}
	f.first = Frame{Snapshot: true, Devices: devices, Dropped: dropped}
	err = f.run(ctx)
	close(f.over)
	f.conn.Close()
	f.work.Wait()
	return ended(ctx, err)
}

// following is one live connection.
type following struct {
	client *Client
	conn   *live.Conn
	take   func(Frame) error
	first  Frame // begun with the devices; the first message completes it
	begun  bool
	bad    int       // messages in a row that could not be read
	free   time.Time // when the last frame had been taken
	resync *time.Timer
	again  time.Duration // after a reading that failed; twice as long after each
	read   chan Frame    // what was read beside it
	over   chan struct{}
	work   sync.WaitGroup
}

func (f *following) run(ctx context.Context) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	watchdog := time.NewTimer(f.patience())
	defer watchdog.Stop()
	f.resync = time.NewTimer(settle)
	f.resync.Stop() // until the first message is there
	defer f.resync.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m := <-f.conn.Heard():
			err = f.message(m)
			watchdog.Reset(max(f.patience(), time.Millisecond))
		case frame := <-f.read:
			f.resync.Reset(f.until(frame.Trouble))
			err = f.give(frame)
		case <-f.resync.C:
			f.work.Go(func() { f.reread(reading) })
		case <-watchdog.C:
			select {
			case m := <-f.conn.Heard():
				err = f.message(m)
			default:
				if f.patience() <= 0 {
					return ErrSilent
				}
			}
			watchdog.Reset(max(f.patience(), time.Millisecond))
		}
		if err != nil {
			return err
		}
	}
}

// patience is how long it may still stay silent. The positions come at once; the time
// that take takes does not count.
func (f *following) patience() time.Duration {
	limit := f.client.cfg.Silence
	if !f.begun {
		limit = f.client.cfg.Timeout
	}
	return limit - min(f.conn.Quiet(), time.Since(f.free))
}

// until is how long to wait for the next reading. One that failed is soon tried again:
// it may have been the one that tells of what moved before the listener was registered.
func (f *following) until(trouble error) time.Duration {
	if trouble == nil {
		f.again = 0
		return f.client.cfg.Resync
	}
	f.again = min(max(2*f.again, settle), f.client.cfg.Resync)
	return f.again
}

// reread asks for everything beside the connection.
func (f *following) reread(ctx context.Context) {
	devices, lost, err := f.client.devices(ctx, nil)
	frame := Frame{Snapshot: true, Devices: devices, Dropped: lost}
	if err == nil {
		frame.Positions, lost, err = f.client.positions(ctx)
		frame.Dropped += lost
	}
	if err != nil {
		frame = Frame{Trouble: judged(err)}
	}
	select {
	case f.read <- frame:
	case <-f.over:
	}
}

func (f *following) message(m live.Message) error {
	if m.Err != nil {
		return m.Err
	}
	frame, err := parse(m.Text)
	if err != nil {
		if f.bad++; f.bad > tolerated {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		frame = Frame{Dropped: 1}
	} else {
		f.bad = 0
	}
	if !f.begun {
		f.begun = true
		f.resync.Reset(settle)
		frame.Snapshot, frame.Devices, frame.Dropped = true, f.first.Devices, frame.Dropped+f.first.Dropped
		f.first = Frame{}
		return f.give(frame)
	}
	if frame.empty() {
		return nil
	}
	return f.give(frame)
}

func (f *following) give(frame Frame) error {
	err := f.take(frame)
	f.free = time.Now()
	return err
}
