package wire

// room is how much of an answer is read at once: its head with a small body, and
// what comes of a longer one.
const (
	room  = 8 << 10
	hall  = 32 << 10
	small = 8 << 10 // requests up to this go into the socket's buffer without waiting
)

// space is the memory that a connection needs only while it is at work.
type space struct {
	out   []byte
	in    []byte // first, or more when that was too little
	first []byte
}

func newSpace() any {
	first := make([]byte, room)
	return &space{in: first, first: first}
}

// release gives back what a call needed, without what an unusual answer or
// request made it grow to.
func (t *Transport) release(s *space) {
	if len(s.in) == hall {
		t.halls.Put((*[hall]byte)(s.in))
	}
	s.in = s.first
	if cap(s.out) > small {
		s.out = nil
	}
	t.spaces.Put(s)
}

// enlarge makes room for a body that is longer than what is there of it.
func (l *link) enlarge() {
	if len(l.in) >= hall {
		return
	}
	in := l.transport.halls.Get().(*[hall]byte)[:]
	l.w = copy(in, l.in[l.r:l.w])
	l.in, l.r = in, 0
}
