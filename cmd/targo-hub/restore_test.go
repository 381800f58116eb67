package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// TestRestoredHubSendsNothingTwice makes a backup under load, goes on, loses the
// store, restores the backup and starts: nothing that left after the backup
// leaves again, not even when senders deliver again what the hub has forgotten.
func TestRestoredHubSendsNothingTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	environ := overridden(w.environ(), stormy())
	hub := &process{}
	t.Cleanup(hub.kill)
	hub.launch(t, environ)
	early, late := w.signed(t, &hub.running), w.signed(t, &hub.running)
	s := newStorm(w, hub)
	s.blow(4, 1)
	s.insist(func(h *process) (int, error) { return h.post(early.body, time.Now()) }, http.StatusOK)
	await(t, "messages were taken before the backup", func() bool { return s.taken() >= 5 })
	backup := filepath.Join(t.TempDir(), "backup.db")
	if code, printed := command(t, environ, "backup", backup); code != 0 {
		t.Fatal(printed)
	}
	s.insist(func(h *process) (int, error) { return h.post(late.body, time.Now()) }, http.StatusOK)
	before := s.taken()
	await(t, "messages were taken after it", func() bool { return s.taken() >= before+5 })
	s.calm()
	for _, form := range []signedForm{early, late} {
		w.checkWork(t, &hub.running, form.quotation)
	}
	s.rest(t)
	if code, printed := command(t, environ, "restore", backup); code == 0 || !strings.Contains(printed, "stop it first") {
		t.Errorf("restoring under a hub that runs: code %d: %s", code, printed)
	}
	hub.kill()
	left := w.left(t)

	code, printed := command(t, environ, "restore", backup)
	if code != 0 || !strings.Contains(printed, "restored") {
		t.Fatalf("code %d: %s", code, printed)
	}
	hub.launch(t, environ)
	for _, form := range []signedForm{early, late} { // as their senders do that look what was missed
		if status := hub.deliver(t, form.body); status != http.StatusOK {
			t.Fatalf("the repeated delivery was answered %d", status)
		}
	}
	for _, form := range []signedForm{early, late} {
		w.checkWork(t, &hub.running, form.quotation)
	}
	held := 0
	for _, j := range s.rest(t) {
		if strings.HasPrefix(j.Kind, "outbox.") && j.Status == keep.Held {
			held++
		}
	}
	if held == 0 {
		t.Error("nothing is held")
	}
	if after := w.left(t); after != left {
		t.Errorf("%d messages had left, %d have now", left, after)
	}
	e := hub.awaitMessage(t, hub.say(t, "sms", "+15145550123").ID, "sent", "delivered", "captured", "failed")
	if e.Status != "sent" && e.Status != "delivered" {
		t.Errorf("what a person asks for now is %s (%s)", e.Status, e.Reason)
	}
}

// left counts all that the providers got.
func (w *town) left(t *testing.T) int {
	t.Helper()
	return len(w.sent(t, "sms")) + len(w.sent(t, "mail"))
}
