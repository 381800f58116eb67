package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// listen reads some events, until it has heard of want messages or the stream
// ends, and returns the id after which to go on.
func (h *running) listen(t *testing.T, after string, want int, heard *[]string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/events?topics=messages", nil)
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Last-Event-ID", after)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return after
	}
	defer resp.Body.Close()
	id, name, n := after, "", 1+rand.IntN(7)
	for lines := bufio.NewScanner(resp.Body); n > 0 && len(*heard) < want && lines.Scan(); {
		switch key, value, _ := strings.Cut(lines.Text(), ": "); key {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			if name == "message.queued" {
				*heard = append(*heard, id)
			}
			name = ""
			after = id
			n--
		}
	}
	return after
}

// TestListenerComesBack loses its connection at random, once with the hub
// restarted in between, and still hears every event once.
func TestListenerComesBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	environ := w.environ()
	h := w.startWith(t, environ)
	const messages = 60
	said := make(chan struct{})
	go func() {
		defer close(said)
		for i := range messages / 2 {
			h.say(t, "email", fmt.Sprintf("eve%d@example.com", i))
		}
	}()
	var heard []string
	after := "0"
	for len(heard) < messages/2 {
		after = h.listen(t, after, messages/2, &heard)
	}
	<-said
	h.stop()
	h = w.startWith(t, environ)
	for i := range messages / 2 {
		h.say(t, "email", fmt.Sprintf("adam%d@example.com", i))
	}
	for len(heard) < messages {
		after = h.listen(t, after, messages, &heard)
	}
	seen := map[string]bool{}
	for _, id := range heard {
		if seen[id] {
			t.Errorf("event %s was heard twice", id)
		}
		seen[id] = true
	}
	if len(seen) != messages {
		t.Errorf("%d events heard, want %d", len(seen), messages)
	}
	if resp, err := http.Get(h.url + "/events"); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a listener without a token: %v, error %v", resp.StatusCode, err)
	}
}
