package device_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

func (w *world) look(ctx context.Context, serial string) device.Page {
	w.Helper()
	p, err := w.desk.Look(ctx, serial)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// states tells how the cards stand: "ok ok ok ok ok ok empty".
func states(p device.Page) string {
	var all []string
	for _, card := range p.Cards {
		all = append(all, card.Status)
	}
	return strings.Join(all, " ")
}

// facts are all lines of a page.
func facts(p device.Page) string {
	var all []string
	for _, card := range p.Cards {
		for _, fact := range card.Facts() {
			all = append(all, card.Name+"."+fact.Key+"="+fact.Value)
		}
	}
	return strings.Join(all, "\n")
}

func TestAPageHasSevenCards(t *testing.T) {
	t.Parallel()
	w := reader(t)
	status, answer := w.ask("staff", http.MethodGet, "/device/ZZ77001122", nil)
	cards, _ := answer["cards"].(doc)
	if status != http.StatusOK || len(cards) != 7 {
		t.Fatalf("%d %v", status, answer)
	}
	for name, want := range map[string]string{
		"equipment": "name:EQP-A", "customer": "customer_name:Ann Exemple", "location": "address:12 rue A, Granby QC J2G 0A0",
		"subscription": "plan_name:Fibre 500", "issues": "subject:Pas d'Internet", "jobs": "name:DJ-A", "olt": "olt_name:OLT-1",
	} {
		card := cards[name].(doc)
		if text := fmt.Sprint(card["data"]); card["status"] != "ok" || !strings.Contains(text, want) {
			t.Errorf("%s: %v", name, card)
		}
		if at, err := time.Parse(time.RFC3339, card["as_of"].(string)); err != nil || time.Since(at) > time.Minute {
			t.Errorf("%s as of %v", name, card["as_of"])
		}
	}
	for _, hidden := range []string{"secret", "Maison", "admin", "password", "4321"} {
		if strings.Contains(fmt.Sprint(answer), hidden) {
			t.Errorf("the office is shown %s: %v", hidden, answer)
		}
	}
	if !strings.Contains(fmt.Sprint(answer), "192.0.2.77") {
		t.Errorf("the office is not shown the address: %v", answer)
	}
	if _, answer := w.ask("technician:T2", http.MethodGet, "/device/ZZ77001122", nil); strings.Contains(fmt.Sprint(answer), "192.0.2.77") {
		t.Errorf("who has no visit there is: %v", answer)
	}
	if p := w.look(office(t.Context()), "NW5500112233"); states(p) != "ok empty empty empty empty empty empty" {
		t.Errorf("a device in a van: %s", states(p))
	}
	for code, want := range map[string]string{"NW0000000001": "equipment-not-found", "BOX1234AA": "equipment-ambiguous", "-": "invalid"} {
		if _, err := w.desk.Look(office(t.Context()), code); !hub.HasCode(err, want) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
}

// TestADeviceWithoutACode is shown by the name of its document, in one round when
// it was seen before.
func TestADeviceWithoutACode(t *testing.T) {
	t.Parallel()
	w := reader(t)
	for round, want := range []int{2, 1} {
		w.asked()
		p := w.look(office(t.Context()), "EQP-M")
		if got := len(w.asked()); !strings.Contains(facts(p), "gpon_serial=TPLG0000AA02") || got != want {
			t.Errorf("round %d: %d calls, %s", round, got, facts(p))
		}
	}
}

// TestWhatWasRememberedIsVerified moves a device between two looks: nothing of the
// former customer is shown.
func TestWhatWasRememberedIsVerified(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	ctx := office(t.Context())
	w.look(ctx, "ZZ77001122")
	err := erpnexttest.Client(t, w.url, nil).Update(ctx, "Service Equipment", "EQP-A", doc{"customer": "Sam Sample", "service_location": "LOC-B", "subscription": "SUB-B"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.set(func() { w.dead = "/Issue" })
	p := w.look(ctx, "ZZ77001122")
	if got := facts(p); strings.Contains(got, "Ann") || strings.Contains(got, "LOC-A") || strings.Contains(got, "DJ-A") || !strings.Contains(got, "DJ-B") {
		t.Errorf("after the move: %s", got)
	}
	if states(p) != "ok ok ok ok error ok ok" {
		t.Errorf("what is not known is made up: %s", states(p))
	}
}

// away is what cannot be had, and how the cards stand then: of a device that nobody
// looked at before, or (warm) of one that somebody did.
var away = []struct {
	source string
	warm   bool
	want   string
}{
	{"/Issue", false, "ok ok ok ok error ok ok"},
	{"/Issue", true, "ok ok ok ok stale ok ok"},
	{"/api", false, "error error error error error error error"},
	{"/api", true, "stale stale stale stale stale stale stale"},
	{"Service Equipment", true, "stale stale stale stale stale stale stale"},
	{"the line hangs", true, "ok ok ok ok ok ok stale"},
	{"the line panics", false, "ok ok ok ok ok ok error"},
	{"the memory", true, "ok ok ok ok ok ok ok"},
}

// TestWhatIsAwayBlanksNothing lets each source in turn never come back.
func TestWhatIsAwayBlanksNothing(t *testing.T) {
	t.Parallel()
	var looks []func()
	for _, c := range away {
		w, broken := reader(t), new(atomic.Value)
		broken.Store("")
		w.open(func(_ context.Context, serial string) (any, error) { return w.state(broken.Load().(string), serial) })
		w.look(office(t.Context()), "NW5500112233") // the site is awake
		if c.warm {
			hubtest.Await(t, "all is well", func() bool {
				return states(w.look(office(t.Context()), "ZZ77001122")) == "ok ok ok ok ok ok ok"
			})
		}
		broken.Store(c.source)
		switch {
		case c.source == "the memory":
			w.desk = w.hired(forgetful{w.store}, func(context.Context, string) (any, error) { return doc{"state": "up"}, nil })
		case !strings.HasPrefix(c.source, "the line"):
			w.dead = c.source
		}
		looks = append(looks, func() {
			start := time.Now()
			p, err := w.desk.Look(office(t.Context()), "ZZ77001122")
			if took := time.Since(start); took > 3*time.Second || err != nil || states(p) != c.want {
				t.Errorf("%+v: it took %v, %v: %s", c, took, err, states(p))
			}
			for _, card := range p.Cards {
				if (card.Status == "error" || card.Status == "stale") && card.Note == "" || strings.Contains(card.Note, "10.0.0.9") || card.AsOf.IsZero() {
					t.Errorf("%+v, %s: %+v", c, card.Name, card)
				}
			}
		})
	}
	var all sync.WaitGroup
	for _, look := range looks {
		all.Go(look)
	}
	all.Wait()
}

// state is what tells of the line of an ONU, as far as it is not broken.
func (w *world) state(broken, serial string) (any, error) {
	switch broken {
	case "the line hangs": // and does not listen
		<-w.Context().Done()
	case "the line panics":
		panic("no answer from 10.0.0.9")
	}
	return doc{"state": "up", "rx_dbm": -19.5, "serial": serial}, nil
}

// forgetful is a store that does not come back.
type forgetful struct{ device.Store }

func (forgetful) Value(ctx context.Context, _ string) ([]byte, int64, error) {
	<-ctx.Done()
	return nil, 0, ctx.Err()
}

func (forgetful) Swap(ctx context.Context, _ string, _ int64, _ []byte, _ time.Duration) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func (forgetful) Audit(ctx context.Context, _ keep.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestAScanPreparesThePage: who scanned a device waits for one round of calls when
// he looks at it.
func TestAScanPreparesThePage(t *testing.T) {
	t.Parallel()
	w := reader(t)
	w.lookup("staff", "00e0fc123401", "DJ-A")
	w.set(func() { w.dead = "Service Equipment" })
	p := w.look(office(t.Context()), "ZZ77001122")
	if got := facts(p); states(p) != "stale stale stale stale stale stale stale" || !strings.Contains(got, "jobs.job=DJ-A") || strings.Contains(got, "Maison") {
		t.Errorf("%s\n%s", states(p), got)
	}
}

// TestManyLooksShareTheCalls counts what the site is asked when ten look at once.
func TestManyLooksShareTheCalls(t *testing.T) {
	t.Parallel()
	w := reader(t)
	w.look(office(t.Context()), "ZZ77001122")
	w.asked()
	w.set(func() { w.delay = 100 * time.Millisecond })
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got := states(w.look(office(t.Context()), "ZZ77001122")); got != "ok ok ok ok ok ok ok" {
				t.Error(got)
			}
		})
	}
	all.Wait()
	calls := w.asked()
	if len(calls) != 4 {
		t.Errorf("%d calls: %v", len(calls), calls)
	}
	if slices.Contains(calls, "POST /api/method/frappe.client.get_password") {
		t.Errorf("a password was read for the office: %v", calls)
	}
}
