package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/webhooks"
)

const simSecret = "invented-for-tests"

// house is a hub's door and mirror beside a simulated ERPNext.
type house struct {
	*mirror.Mirror
	t      *testing.T
	sim    *erpnextsim.Site
	client *erpnext.Client
	store  *sqlite.Engine
	ears   *listener
	door   *httptest.Server
}

// founded is what the sites of all houses begin as.
var founded = sync.OnceValues(func() (*erpnextsim.Image, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	return erpnextsim.Found(erpnextsim.Options{}, func(sim *erpnextsim.Site) error {
		return errors.Join(sim.Import(raw), sim.AddUser("hub@example.test", "key0", "secret0", "System Manager", "Support Team"))
	})
})

func furnish(t *testing.T) *house {
	t.Helper()
	image, err := founded()
	if err != nil {
		t.Fatal(err)
	}
	sim, err := erpnextsim.New(erpnextsim.Options{Image: image})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	h := &house{t: t, sim: sim, ears: &listener{}}
	t.Cleanup(func() {
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	if h.client, err = erpnext.New(erpnext.Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{}); err != nil {
		t.Fatal(err)
	}
	h.store = hubtest.Store(t)
	cfg := settings("Quotation", "Service Contract", "Dispatch Job", issue, "Service Subscription", "Sales Invoice")
	cfg.Deletions = true
	h.Mirror, err = mirror.New(cfg, mirror.Deps{ERPNext: h.client, Store: h.store, Events: h.ears, Changes: h.ears.changes, Page: 3})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) walk() {
	h.t.Helper()
	if _, err := h.Walk(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// file makes an Issue and returns its name and modified.
func (h *house) file(subject string) (name, modified string) {
	h.t.Helper()
	var doc struct{ Name, Modified string }
	if err := h.client.Insert(h.t.Context(), issue, map[string]any{"subject": subject}, &doc); err != nil {
		h.t.Fatal(err)
	}
	return doc.Name, doc.Modified
}

func (h *house) heardOf(name string) []mirror.Change {
	var list []mirror.Change
	for _, c := range h.ears.list() {
		if c.Name == name {
			list = append(list, c)
		}
	}
	return list
}

func TestOnASite(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	old, _ := h.file("before the mirror")
	h.walk()
	want := map[string]int{}
	var last string
	for i := range 7 {
		name, modified := h.file(fmt.Sprintf("lost webhook %d", i))
		want[stateOf(issue, name, modified)], last = 1, name
	}
	h.walk()
	h.walk()
	if got := h.ears.counts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if c := h.heardOf(last)[0]; c.Status != "Open" || c.Source != mirror.ByPoll {
		t.Errorf("told %+v", c)
	}
	if err := h.client.Delete(t.Context(), issue, last); err != nil {
		t.Fatal(err)
	}
	h.walk()
	if list := h.heardOf(last); len(list) != 2 || !list[1].Deleted || list[1].Doctype != issue {
		t.Errorf("of the deletion was told %+v", list)
	}
	if list := h.heardOf(old); len(list) > 0 {
		t.Errorf("history was told: %+v", list)
	}
	h.sim.Deny("Deleted Document")
	if note, err := h.Walk(t.Context()); err != nil || note != "0 changes noticed. The hub's user may not read deletions." {
		t.Errorf("%q, %v", note, err)
	}
	h.sim.Deny("Quotation")
	_, modified := h.file("beside what is refused") // it gets the name of the deleted one
	if _, err := h.Walk(t.Context()); err == nil || h.ears.counts()[stateOf(issue, last, modified)] != 1 {
		t.Errorf("with a doctype refused: %v; told %+v", err, h.heardOf(last))
	}
}

// guard lets nobody in: webhooks bring their own proof.
type guard struct{}

func (guard) Verify(context.Context, *http.Request, hub.Role) (hub.Actor, error) {
	return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Who are you?", nil)
}

// open opens the door for ERPNext's webhooks.
func (h *house) open() {
	h.t.Helper()
	log := slog.New(slog.DiscardHandler)
	door := inbox.NewDoor(inbox.Deps{Store: h.store, Events: h.ears, Log: log},
		webhooks.ERPNext(simSecret, func(ctx context.Context, e webhooks.ERPNextEvent) (inbox.Taken, error) {
			return inbox.Taken{State: "told"}, h.Told(ctx, mirror.Change{
				Doctype: e.Doctype, Name: e.Name, Modified: e.Modified, Status: e.Status, DocStatus: e.DocStatus,
				Customer: e.Customer, Deleted: e.Deleted(),
			})
		}))
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: guard{}, Log: log})
	if err != nil {
		h.t.Fatal(err)
	}
	door.Mount(edge.Router())
	h.door = httptest.NewServer(edge.Handler())
	h.t.Cleanup(h.door.Close)
	runner := keep.NewRunner(h.store, log, keep.RunnerOptions{})
	for _, w := range door.Work() {
		runner.Register(w)
	}
	hubtest.Run(h.t, runner)
}

// TestWebhooksOfASite creates the Webhook documents that operators are given and
// lets the site post by itself.
func TestWebhooksOfASite(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	h.open()
	h.walk()
	for _, d := range webhooks.ERPNextWebhooks(h.door.URL, simSecret, issue) {
		if err := h.client.Insert(t.Context(), "Webhook", d, nil); err != nil {
			t.Fatal(err)
		}
	}
	name, inserted := h.file(`"Panne" à l'étage`)
	hubtest.Await(t, "the insert is told", func() bool { return len(h.heardOf(name)) == 1 })
	var doc struct{ Modified string }
	if err := h.client.Update(t.Context(), issue, name, erpnext.Values{"status": "Replied"}, &doc); err != nil {
		t.Fatal(err)
	}
	hubtest.Await(t, "the update is told", func() bool { return len(h.heardOf(name)) == 2 })
	h.walk()
	if err := h.client.Delete(t.Context(), issue, name); err != nil {
		t.Fatal(err)
	}
	hubtest.Await(t, "the deletion is told", func() bool { return len(h.heardOf(name)) == 3 })
	h.walk()
	list := h.heardOf(name)
	if len(list) != 3 || list[0].Modified != inserted || list[1].Modified != doc.Modified || list[1].Status != "Replied" || !list[2].Deleted {
		t.Errorf("told %+v", list)
	}
	for _, c := range list {
		if c.Source != mirror.ByWebhook {
			t.Errorf("%s was brought by the %s", c.Modified, c.Source)
		}
	}
}
