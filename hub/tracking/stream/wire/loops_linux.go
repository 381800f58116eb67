package wire

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
)

// Loops hold sockets. Make them with New, end them with Close.
type Loops struct {
	options Options
	beats   [4][]byte // by form
	loops   []*loop
	turn    atomic.Uint32
	running sync.WaitGroup
}

// New starts the loops.
func New(o Options) (*Loops, error) {
	o.complete(runtime.GOMAXPROCS(0))
	all := &Loops{options: o}
	for form := range all.beats {
		all.beats[form] = o.Press.Beat(frame.Form(form))
	}
	for range o.Loops {
		l, err := newLoop(all)
		if err != nil {
			all.Close()
			return nil, fmt.Errorf("making a loop of sockets: %w", err)
		}
		all.loops = append(all.loops, l)
		all.running.Go(l.run)
	}
	return all, nil
}

// Add takes a socket over, and closes conn when it has it. It fails with
// errors.ErrUnsupported for what is no plain socket, which stays the caller's,
// and with ErrClosed. From then on Left is called once.
func (all *Loops) Add(conn net.Conn, who Client) error {
	fd, err := dup(conn)
	if err != nil {
		return err
	}
	c := &client{
		source: who.Source, seen: who.Seen, rest: who.Head, fd: int32(fd), form: who.Form,
		early: who.Early, proof: who.Proof, who: who.Who, left: who.Left,
	}
	c.ear.Compressed = who.Form == frame.Deflate
	if !all.loops[int(all.turn.Add(1))%len(all.loops)].take(c) {
		return errors.Join(ErrClosed, unix.Close(fd))
	}
	_ = conn.Close() // the socket lives on in fd
	return nil
}

// dup gives the socket of a connection a second number, of our own.
func dup(conn net.Conn) (int, error) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return -1, errors.ErrUnsupported
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return -1, errors.Join(errors.ErrUnsupported, err)
	}
	fd, dupErr := -1, error(nil)
	if err := raw.Control(func(old uintptr) {
		fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return -1, fmt.Errorf("reaching a socket: %w", err)
	}
	if dupErr != nil {
		return -1, fmt.Errorf("taking over a socket: %w", dupErr)
	}
	return fd, nil
}

// Tick tells the loops that their sources have something new.
func (all *Loops) Tick() {
	for _, l := range all.loops {
		l.tell(func() { l.ticked = true })
	}
}

// Probe sends a sign of life to all clients of somebody who had none for a second,
// so that those which are dead are found out.
func (all *Loops) Probe(who string) {
	for _, l := range all.loops {
		l.tell(func() {
			if len(l.probed) < 64 && !slices.Contains(l.probed, who) {
				l.probed = append(l.probed, who)
			}
		})
	}
}

// Close says goodbye to every client, as quickly as Linger wants it, and ends the
// loops.
func (all *Loops) Close() {
	for _, l := range all.loops {
		l.tell(func() { l.stopping = true })
	}
	all.running.Wait()
}

// take brings a new client to the loop; false when it is closed.
func (l *loop) take(c *client) (taken bool) {
	l.tell(func() {
		if taken = !l.stopping; taken {
			l.fresh = append(l.fresh, c)
		}
	})
	return taken
}

// tell leaves word for the loop and wakes it.
func (l *loop) tell(word func()) {
	l.mu.Lock()
	word()
	l.mu.Unlock()
	_ = l.poll.SetReadDeadline(time.Unix(1, 0)) // of a loop that has ended it does nothing
}
