package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// ear listens to a hub's events until it is stopped, coming back with the id it
// saw last when the stream ends.
type ear struct {
	mu     sync.Mutex
	last   string
	heard  map[string]string // name of each event, by its id
	twice  int
	resets int
	stop   context.CancelFunc
	ended  sync.WaitGroup
}

// listening opens the ear at a hub.
func listening(t *testing.T, h *running, topics string) *ear {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	e := &ear{last: "0", heard: map[string]string{}, stop: cancel}
	e.ended.Go(func() {
		for ctx.Err() == nil {
			e.hear(ctx, h, topics)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	t.Cleanup(e.close)
	return e
}

func (e *ear) close() { e.stop(); e.ended.Wait() }

func (e *ear) hear(ctx context.Context, h *running, topics string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/events?topics="+topics, nil)
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Last-Event-ID", e.last)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	id, name := "", ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		switch key, value, _ := strings.Cut(lines.Text(), ": "); key {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			e.note(id, name)
		case "":
			if id != "" {
				e.last = id
			}
			name = ""
		}
	}
}

func (e *ear) note(id, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if name == "reset" {
		e.resets++
		return
	}
	if e.heard[id] != "" {
		e.twice++
	}
	e.heard[id] = name
}

func (e *ear) count(name string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, heard := range e.heard {
		if heard == name {
			n++
		}
	}
	return n
}

// check compares what was heard with the ids of the ring: none twice, none missed.
func (e *ear) check(t *testing.T, queued int) {
	t.Helper()
	await(t, strconv.Itoa(queued)+" events were heard", func() bool { return e.count("message.queued") >= queued })
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.twice > 0 || e.resets > 0 {
		t.Errorf("%d events were heard twice, and %d times some were missed", e.twice, e.resets)
	}
}

// TestTwoHubsOnOneRedis puts load on two hubs that share a Redis while one of
// them is killed (kill -9) and started again every second: order is kept inside
// each lane, nothing is lost, no key has two outcomes, a listener at the one that
// survives hears every event once, and the schedule runs once.
func TestTwoHubsOnOneRedis(t *testing.T) {
	t.Parallel()
	rounds := usualRounds
	if longRun() {
		rounds = longRounds
	}
	w := newTown(t)
	w.on(t, "redis")
	survivor, victim := &process{}, &process{}
	t.Cleanup(survivor.kill)
	t.Cleanup(victim.kill)
	survivor.launch(t, overridden(w.environ(), stormy()))
	environ := overridden(w.environ(), stormy())
	victim.launch(t, environ)
	heard := listening(t, &survivor.running, "messages")
	form := w.signed(t, &survivor.running)

	s := newStorm(w, survivor, victim)
	s.blow(4, 2)
	s.all.Go(func() {
		s.insist(func(h *process) (int, error) { return h.post(form.body, time.Now()) }, http.StatusOK)
	})
	for range rounds {
		<-time.After(time.Second)
		victim.kill()
		victim.launch(t, environ)
	}
	s.calm()
	w.checkWork(t, &survivor.running, form.quotation)
	jobs := s.rest(t)
	s.check(t, jobs)
	survivor.checkSchedule(t, jobs)
	messages := 0
	for _, j := range jobs {
		if strings.HasPrefix(j.Kind, "outbox.") {
			messages++
		}
	}
	heard.check(t, messages)
	if n := heard.count("message.queued"); n != messages {
		t.Errorf("%d messages were said to be queued, there are %d", n, messages)
	}
}

// TestReplicasAgree: what one of two hubs on a Redis wrote, the other serves; a
// request that is repeated at the other one is done once; and an event of one is
// heard at the other.
func TestReplicasAgree(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on(t, "redis")
	more := []string{"TARGO_GATEWAY_DOCTYPES=Item:read+write", "TARGO_GATEWAY_KEEP=Item:1h"}
	a, b := w.startWith(t, overridden(w.environ(), more)), w.startWith(t, overridden(w.environ(), more))
	heard := listening(t, b, "messages")

	const item = "/api/resource/Item/FIBRE-500"
	var shown struct{ Data map[string]any }
	cached := func() string {
		r, err := http.NewRequest(http.MethodGet, b.url+item, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+b.staff)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if err := json.NewDecoder(resp.Body).Decode(&shown); err != nil {
			t.Fatal(err)
		}
		return resp.Header.Get("X-Hub-Cache")
	}
	await(t, "the other hub keeps the item", func() bool { return cached() == "hit" })
	if status := a.call(t, http.MethodPut, item, map[string]any{"item_name": "Fibre 500 bis"}, nil); status != http.StatusOK {
		t.Fatalf("the write was answered %d", status)
	}
	await(t, "the other hub shows what was written", func() bool { cached(); return shown.Data["item_name"] == "Fibre 500 bis" })

	ids := map[string]bool{}
	for _, h := range []*running{a, b, a} {
		ids[h.sayOnce(t, "the-same-key-0001")] = true
	}
	if len(ids) != 1 {
		t.Errorf("a repeated request made %d messages", len(ids))
	}
	await(t, "the event is heard at the other hub", func() bool { return heard.count("message.queued") == 1 })
}

// sayOnce queues a message under an idempotency key and returns its id.
func (h *running) sayOnce(t *testing.T, key string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.url+"/messages", strings.NewReader(`{"channel":"sms","to":"+15145550123","body":"Avis"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var e entry
	if err := json.NewDecoder(resp.Body).Decode(&e); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("the message was answered %d, error %v", resp.StatusCode, err)
	}
	return e.ID
}
