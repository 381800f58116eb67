package wire_test

import (
	"io"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

// A socket lives on while it has another number: net/http's, for a moment. What
// happens to it then is not told of who has its place by now.
func TestWhatComesLateOfOneIsNotTheNextOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, wire.Options{Loops: 1})
	here, there := pair(t)
	other, err := here.File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	soon := wire.Client{Form: frame.Events, Source: r.source, Proof: wire.Proof{Expires: time.Now()}, Left: func(reason string) { r.left <- reason }}
	if err := r.loops.Add(here, soon); err != nil {
		t.Fatal(err)
	}
	r.leaves(wire.Expired)
	next := r.add(frame.Events, nil)
	_ = there.SetLinger(0) // broken off
	_ = there.Close()
	for range 20 {
		r.tick()
		if _, err := io.ReadFull(next, make([]byte, r.source.size)); err != nil {
			t.Fatalf("the next one is cut off: %v", err)
		}
	}
}
