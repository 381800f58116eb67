package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
)

// TestHubWithAnEmptyStoreThanksNobodyAgain gives a hub in mode live an empty
// store, as a move to another one or a lost file does: what it finds signed is
// made whole, but the customers, who were thanked long ago, hear nothing.
func TestHubWithAnEmptyStoreThanksNobodyAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	environ := overridden(w.environ(), stormy())
	hub := &process{}
	t.Cleanup(hub.kill)
	hub.launch(t, environ)
	form := w.signed(t, &hub.running)
	if status := hub.deliver(t, form.body); status != http.StatusOK {
		t.Fatalf("the delivery was answered %d", status)
	}
	w.checkWork(t, &hub.running, form.quotation)
	await(t, "the customer was thanked", func() bool { return w.left(t) == 2 })
	hub.kill()

	environ = overridden(environ, []string{"TARGO_STATE=sqlite:" + filepath.Join(t.TempDir(), "empty.db")})
	hub.launch(t, environ)
	hub.deliver(t, form.body)
	var out struct {
		Status string
		Steps  []struct{ Name, State string }
	}
	await(t, "the signature was walked again", func() bool {
		var raw json.RawMessage
		hub.call(t, http.MethodGet, "/accept/"+form.quotation+"/state", nil, &raw)
		return json.Unmarshal(raw, &out) == nil && out.Status == "accepted"
	})
	for _, step := range out.Steps {
		if want := map[bool]string{true: "skipped", false: "done"}[step.Name == "message"]; step.State != want {
			t.Errorf("%s is %s, want %s", step.Name, step.State, want)
		}
	}
	w.checkWork(t, &hub.running, form.quotation)
	if n := w.left(t); n != 2 {
		t.Errorf("%d messages have left, want the 2 of before", n)
	}
}
