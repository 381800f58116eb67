package consent

import "time"

// brief is how long an answer is believed: a campaign asks for everybody once, a
// conversation for one again and again.
const brief = time.Minute

// mostKnown bounds what is remembered.
const mostKnown = 4096

// question is what was asked: by what right, or whether somebody opted out.
type question struct {
	channel, customer, to string
	out                   bool
}

// answer is what was found out of a customer.
type answer struct {
	basis string
	ok    bool
	until time.Time // of the memory
}

// recall also tells which turn it is: what was asked before a change of mind is
// not remembered after it.
func (r *Register) recall(key question) (known answer, turn int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok = r.known[key]
	return known, r.turn, ok && r.now().Before(known.until)
}

func (r *Register) remember(key question, turn int, a answer) {
	a.until = r.now().Add(brief)
	r.mu.Lock()
	defer r.mu.Unlock()
	if turn != r.turn {
		return
	}
	if len(r.known) >= mostKnown {
		clear(r.known)
	}
	r.known[key] = a
}

// forget drops everything: somebody changed his mind.
func (r *Register) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	clear(r.known)
}
