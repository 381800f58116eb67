package redis

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// ledger is what was acknowledged: id by key.
type ledger struct {
	mu  sync.Mutex
	ids map[string]string
}

func (l *ledger) note(key, id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids[key] = id
	return len(l.ids)
}

// The server dies in the middle of the puts, again and again. The senders do as
// senders do: they send again what was not acknowledged.
func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	acked := &ledger{ids: map[string]string{}}
	var stop atomic.Bool
	var senders sync.WaitGroup
	for worker := range 8 {
		senders.Go(func() {
			for i := 0; !stop.Load(); i++ {
				key := fmt.Sprintf("%d-%d", worker, i)
				send(t, e, key, acked)
			}
		})
	}
	for round := range 3 {
		have := acked.note("none", "") + 100*(round+1)
		eventually(t, "many puts are acknowledged", func() bool { return acked.note("none", "") > have })
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	have := acked.note("none", "") + 100
	eventually(t, "the engine puts again by itself", func() bool { return acked.note("none", "") > have })
	stop.Store(true)
	senders.Wait()

	delete(acked.ids, "none")
	found := allJobs(t, e)
	for key, id := range acked.ids {
		if len(found[key]) != 1 || found[key][0] != id {
			t.Errorf("key %s gave %v, want %s", key, found[key], id)
		}
	}
	if len(found) != len(acked.ids) {
		t.Errorf("%d keys are stored, %d were acknowledged", len(found), len(acked.ids))
	}
}

// send puts until it is acknowledged.
func send(t *testing.T, e *Engine, key string, acked *ledger) {
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); {
		job, _, err := e.Put(t.Context(), keep.Job{Kind: "a", Lane: "l" + key[:1], Dedupe: key, Payload: []byte("body")})
		if err == nil {
			acked.note(key, job.ID)
			return
		}
		if !hub.IsKind(err, hub.Unavailable) {
			t.Errorf("Put = %v, want Unavailable", err)
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Error("nothing is acknowledged any more")
}

func allJobs(t *testing.T, e *Engine) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for f := (keep.Filter{Limit: 200}); ; {
		page, next, err := e.Jobs(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range page {
			found[job.Dedupe] = append(found[job.Dedupe], job.ID)
		}
		if next == "" {
			return found
		}
		f.Cursor = next
	}
}

// Who listens is told that something may be missing, and hears again afterwards.
func TestListenersComeBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	wake, err := e.Subscribe(t.Context(), keep.WakeEvents)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the channel is closed", func() bool {
		select {
		case _, open := <-wake:
			return !open
		default:
			return false
		}
	})
	wake, err = e.Subscribe(t.Context(), keep.WakeEvents)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Append(t.Context(), hub.NewEvent(hub.TopicJobs, "n", "", nil))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-wake:
		if string(m) != strconv.FormatInt(all[0].ID, 10) {
			t.Errorf("message %s", m)
		}
	case <-time.After(10 * time.Second):
		t.Error("no message came")
	}
}

func TestNobodyListensToWhatIsOver(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	_, err := e.Subscribe(t.Context(), "stays")
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := newLeaver(t)
	ear, err := e.Subscribe(ctx, "goes")
	if err != nil {
		t.Fatal(err)
	}
	leave()
	for range ear {
		continue
	}
	e.radio.Tidy(t.Context())
	eventually(t, "the server tells about one channel only", func() bool {
		channels, err := e.client.PubSubChannels(t.Context(), "*").Result()
		return err == nil && len(channels) == 1 && channels[0] == "{hub}:stays"
	})
}
