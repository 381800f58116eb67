package wire

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// loop holds some of the sockets. All of it but the words left for it belongs to
// one goroutine.
type loop struct {
	all  *Loops
	poll *os.File // what tells which sockets are ready, for Go's own poller: no thread waits for it
	wait syscall.RawConn
	fd   int

	mu       sync.Mutex
	fresh    []*client
	ticked   bool
	probed   []string
	stopping bool

	clients []*client // by place; nil where nobody is
	free    []int32
	live    int
	closing bool
	born    time.Time
	kept    time.Duration // when house was kept last
	until   time.Duration // when a stop ends
	events  [256]unix.EpollEvent
	in      [8 << 10]byte
}

func newLoop(all *Loops) (*loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or else Go would not wait for it
		_ = unix.Close(fd)
		return nil, err
	}
	l := &loop{all: all, fd: fd, poll: os.NewFile(uintptr(fd), "sockets"), born: time.Now()}
	if l.wait, err = l.poll.SyscallConn(); err == nil {
		err = l.poll.SetReadDeadline(time.Time{}) // fails where it is not waited for
	}
	if err != nil {
		_ = l.poll.Close()
		return nil, err
	}
	return l, nil
}

// house is how often the clients' times are looked at.
func (l *loop) house() time.Duration {
	o := &l.all.options
	if l.closing {
		return o.Linger / 4
	}
	return min(time.Second, o.Beat/4, o.Write/4)
}

// now is the loop's clock.
func (l *loop) now() time.Duration { return time.Since(l.born) }

// alarm is when the loop wakes by itself: never as long as it has nobody.
func (l *loop) alarm() time.Time {
	if l.live == 0 && !l.closing {
		return time.Time{}
	}
	return l.born.Add(l.kept + l.house())
}

func (l *loop) run() {
	defer func() { _ = l.poll.Close() }()
	for {
		_ = l.poll.SetReadDeadline(l.alarm()) // before the words are read: who leaves some later wakes the wait
		worked := l.heed()
		now := l.now()
		if now-l.kept >= l.house() {
			l.kept = now
			l.keep(now)
		}
		if l.closing && (l.live == 0 || now > l.until) {
			l.each(func(c *client) { l.drop(c, Closing) })
			return
		}
		if n := l.ready(); n > 0 {
			l.handle(l.events[:n])
		} else if !worked {
			_ = l.wait.Read(func(uintptr) bool { return l.peek() })
		}
	}
}

// heed does what the words say, and tells whether there were any.
func (l *loop) heed() bool {
	l.mu.Lock()
	fresh, ticked, probed, stopping := l.fresh, l.ticked, l.probed, l.stopping
	l.fresh, l.ticked, l.probed = nil, false, nil
	l.mu.Unlock()
	now := l.now()
	for _, c := range fresh {
		l.admit(c, now)
	}
	for _, who := range probed {
		l.each(func(c *client) {
			if c.who == who && now-c.beaten > time.Second {
				l.beat(c, now)
			}
		})
	}
	if stopping && !l.closing {
		l.closing, l.until = true, now+l.all.options.Linger
		l.each(func(c *client) { l.farewell(c, Closing) })
	}
	if ticked && !l.closing {
		l.sweep(now)
	}
	return len(fresh) > 0 || ticked || len(probed) > 0
}

// ready asks for sockets that are ready, without waiting.
func (l *loop) ready() int {
	n, err := unix.EpollWait(l.fd, l.events[:], 0)
	if err != nil {
		return 0 // interrupted: asked again
	}
	return n
}

// peek tells whether some are ready, and keeps them ready.
func (l *loop) peek() bool {
	n := l.ready()
	if n > 0 {
		l.handle(l.events[:n])
	}
	return n > 0
}

func (l *loop) handle(events []unix.EpollEvent) {
	now := l.now()
	for i := range events {
		e := &events[i]
		c := l.clients[e.Fd] // the place, see admit
		if c == nil {
			continue // left earlier in this round
		}
		if e.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			l.drop(c, Gone)
			continue
		}
		if e.Events&(unix.EPOLLIN|unix.EPOLLRDHUP) != 0 {
			l.hear(c, now)
		}
		if e.Events&unix.EPOLLOUT != 0 && !c.gone {
			l.push(c, now)
		}
	}
}

// each calls f for every client; f may drop it.
func (l *loop) each(f func(*client)) {
	for _, c := range l.clients {
		if c != nil {
			f(c)
		}
	}
}

// sweep writes what is new to everybody.
func (l *loop) sweep(now time.Duration) {
	wrote, skipped := 0, 0
	for _, c := range l.clients {
		switch {
		case c == nil || c.leaving != "":
		case len(c.rest) > 0:
			skipped++ // it takes up where it stands once there is room
		default:
			wrote += l.write(c, now)
		}
	}
	l.all.options.Frames.Add(float64(wrote))
	l.all.options.Skipped.Add(float64(skipped))
}
