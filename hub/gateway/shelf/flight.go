package shelf

import (
	"context"
	"sync"
	"time"
)

// Flights are the reads on their way. Who asks for what is already on its way
// waits for it instead of asking again.
type Flights struct {
	mu  sync.Mutex
	now map[Key]*Flight
}

// NewFlights makes an empty sky.
func NewFlights() *Flights { return &Flights{now: map[Key]*Flight{}} }

// Flight is one read on its way. Its first asker leads: he calls, and ends it
// with Land.
type Flight struct {
	of      *Flights
	key     Key
	stamp   Stamp
	members int           // callers who still want it, the leader among them
	done    chan struct{} // made for the first who waits
	landed  bool
	call    call

	// Read after Done is closed.
	Answer *Answer // nil with Err, or when everybody has to ask for himself
	Err    error
}

// Join returns the flight for a key. lead tells that the caller is the first:
// then he must call with Context and end with Land. A flight that began before
// something changed is not joined: whoever asks after a change wants to see it.
func (f *Flights) Join(key Key, stamp Stamp) (flight *Flight, lead bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if there := f.now[key]; there != nil && there.stamp.Holds() && there.members > 0 {
		there.members++
		if there.done == nil {
			there.done = make(chan struct{})
		}
		return there, false
	}
	flight = &Flight{of: f, key: key, stamp: stamp, members: 1}
	f.now[key] = flight
	return flight, true
}

// Waiting counts all who wait.
func (f *Flights) Waiting() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, flight := range f.now {
		n += flight.members
	}
	return n
}

// Done is closed when the flight has ended. Only who joined may ask.
func (f *Flight) Done() <-chan struct{} { return f.done }

// Stamp is the state of the world in which the flight began.
func (f *Flight) Stamp() Stamp { return f.stamp }

// Leave says that one caller no longer waits. With the last one the call ends.
func (f *Flight) Leave() {
	f.of.mu.Lock()
	f.members--
	if f.members <= 0 {
		f.forget()
	}
	cancel := f.call.cancel
	left := f.members <= 0
	f.of.mu.Unlock()
	if left && cancel != nil {
		cancel()
	}
}

// Alone ends the joining when nobody has joined. Then there is nobody to share
// with, and the leader may go on as if the answer were only his.
func (f *Flight) Alone() bool {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	if f.done != nil {
		return false
	}
	f.forget()
	return true
}

// Land ends the flight for everybody: with an answer, with an error, or with
// neither when the answer cannot be shared. Only the leader calls it; what he
// says first counts.
func (f *Flight) Land(answer *Answer, err error) {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.forget()
	if f.landed {
		return
	}
	f.landed, f.Answer, f.Err = true, answer, err
	if f.done != nil {
		close(f.done)
	}
}

func (f *Flight) forget() {
	if f.of.now[f.key] == f {
		delete(f.of.now, f.key)
	}
}

// Context returns the context of the leader's call: it ends with the budget, or
// when the last who wanted the answer has left, but not with any one caller. It
// is made ready for waiting only when somebody waits on it, because most calls
// end before anybody has to. release must be called after the call.
func (f *Flight) Context(caller context.Context, budget time.Duration) (ctx context.Context, release func()) {
	f.call.Context, f.call.flight, f.call.ends = caller, f, time.Now().Add(budget)
	return &f.call, f.call.release
}

// call is the context of a shared call.
type call struct {
	context.Context // of the leader: its values
	flight          *Flight
	ends            time.Time
	left            sync.Once // the leader

	ready  sync.Once
	real   context.Context // guarded by the flights' lock, as what follows
	cancel context.CancelFunc
	over   bool // released
	stop   func() bool
}

// Deadline is the end of the budget.
func (c *call) Deadline() (time.Time, bool) { return c.ends, true }

// Err tells whether the call is over. It must not say no once Done is closed:
// the library panics then.
func (c *call) Err() error {
	if c.Context.Err() != nil {
		c.leave()
	}
	c.flight.of.mu.Lock()
	real, over := c.real, c.over || c.flight.members <= 0
	c.flight.of.mu.Unlock()
	switch {
	case over:
		return context.Canceled
	case real != nil && real.Err() != nil:
		return real.Err()
	case time.Now().After(c.ends):
		return context.DeadlineExceeded
	}
	return nil
}

// Done is closed when the call is over.
func (c *call) Done() <-chan struct{} {
	c.ready.Do(func() {
		real, cancel := context.WithDeadline(context.WithoutCancel(c.Context), c.ends)
		c.flight.of.mu.Lock()
		c.real, c.cancel = real, cancel
		unwanted := c.flight.members <= 0
		c.flight.of.mu.Unlock()
		if unwanted {
			cancel()
		}
		c.stop = context.AfterFunc(c.Context, c.leave)
	})
	if c.real == nil { // released before anybody waited
		over, cancel := context.WithCancel(context.Background())
		cancel()
		return over.Done()
	}
	return c.real.Done()
}

func (c *call) leave() { c.left.Do(c.flight.Leave) }

func (c *call) release() {
	c.ready.Do(func() {}) // nobody makes it ready any more
	if c.stop != nil {
		c.stop()
	}
	c.flight.of.mu.Lock()
	c.over = true
	cancel := c.cancel
	c.flight.of.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}
