package upload_test

import (
	"bytes"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestACrowdArrives: pictures that become whole at the same moment are opened a few
// at a time, as each of them is in memory then.
func TestACrowdArrives(t *testing.T) {
	t.Parallel()
	var now, most, waiting atomic.Int64
	open := make(chan struct{})
	c := newCounter(t, func(raw []byte) ([]byte, string, error) {
		most.Store(max(most.Load(), now.Add(1)))
		waiting.Add(1)
		<-open
		now.Add(-1)
		return raw, ".jpg", nil
	})
	var crowd sync.WaitGroup
	for i := range 12 {
		raw := jpeg(1000, byte(i))
		where := c.begin("T1", len(raw), sumOf(raw)).Header().Get("Location")
		crowd.Go(func() {
			if w := c.piece("T1", where, 0, bytes.NewReader(raw)); w.Code != http.StatusNoContent {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	hubtest.Await(t, "the first ones are opened", func() bool { return waiting.Load() >= 4 })
	close(open)
	crowd.Wait()
	if most.Load() != 4 {
		t.Errorf("%d at once", most.Load())
	}
}
