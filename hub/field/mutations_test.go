package field_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/field"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

type (
	body   = map[string]any
	result struct {
		ID, State string
		Document  *field.Job
		Outcome   json.RawMessage
		Error     *struct{ Code, Title, Detail string }
	}
)

// seq is the place of a mutation in its telephone's queue.
type seq int

// wire is a mutation as a telephone sends it, five minutes ago.
func (s seq) wire(id, job, kind string, data body, more ...any) body {
	w := body{"id": "mutation-" + job + "-" + id, "seq": int(s), "job": job, "kind": kind, "at": morning.Add(-5 * time.Minute).Format(time.RFC3339), "data": data}
	for i := 0; i+1 < len(more); i += 2 {
		w[more[i].(string)] = more[i+1]
	}
	return w
}

func (c *crew) send(t testing.TB, who string, all ...body) []result {
	t.Helper()
	w := c.ask(t, who, http.MethodPost+" "+"/field/mutations", body{"sent_at": c.clock().Format(time.RFC3339), "mutations": all})
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body.String())
	}
	results := decode[struct{ Results []result }](t, w).Results
	if len(results) != len(all) {
		t.Fatalf("%d answers to %d mutations", len(results), len(all))
	}
	return results
}

// insist sends until nothing is to be sent again.
func (c *crew) insist(t testing.TB, who string, all ...body) (results []result) {
	t.Helper()
	hubtest.Await(t, "all mutations are finished", func() bool {
		results = c.send(t, who, all...)
		return !slices.ContainsFunc(results, func(r result) bool { return r.State == "retry" })
	})
	return results
}

func states(results []result) string {
	var out []string
	for _, r := range results {
		text := r.State
		if r.Error != nil {
			text += ":" + r.Error.Code
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// remarks are the texts under a work order.
func (c *crew) remarks(t testing.TB, job string) (texts []string) {
	t.Helper()
	all, err := c.erp.Comments(t.Context(), "Dispatch Job", job)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		text, _, _ := strings.Cut(one.Content, "<br>")
		texts = append(texts, text)
	}
	return texts
}

// TestOneSite is what telephones send of many work orders of one site.
func TestOneSite(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	for name, what := range map[string]func(*testing.T, *crew){
		"a day is written down": aDayIsWrittenDown, "ten times is once": tenTimesIsOnce, "nothing is written twice": nothingIsWrittenTwice,
		"hopeless ones are refused alone": hopelessOnesAreRefusedAlone, "odd ones": oddOnes, "the office was faster": theOfficeWasFaster, "he corrects himself": heCorrectsHimself,
		"it was his when he read it": itWasHisWhenHeReadIt, "a photo is attached once": aPhotoIsAttachedOnce, "the same picture again": theSamePictureAgain,
		"a signature": aSignature, "his signature after all": hisSignatureAfterAll,
	} {
		t.Run(name, func(t *testing.T) { what(t, c) }) // one after the other: they share the site's clock and line
	}
}

// aDayIsWrittenDown sends a visit at once, in the wrong order.
func aDayIsWrittenDown(t *testing.T, c *crew) {
	job, other := c.file(t, nil), c.file(t, nil)
	got := c.send(t, "T1",
		seq(5).wire("5-completed", job, "status", body{"status": "Completed"}),
		seq(2).wire("2-begun", job, "status", body{"status": "In Progress"}),
		seq(1).wire("1-other", other, "note", body{"text": "<b>portail</b>\nfermé"}),
		seq(1).wire("1-road", job, "status", body{"status": "En Route"}),
		seq(3).wire("3-power", job, "checklist", body{"label": "Puissance", "value": "-19,5"}),
		seq(4).wire("4-cable", job, "material", body{"item": "CABLE", "qty": 12, "serials": []string{"S1", "S2"}}))
	if s := states(got); s != "applied applied applied applied applied applied" {
		t.Fatal(s)
	}
	done := c.job(t, job)
	if done.Status != "Completed" || done.Checklist[0].Value != "-19,5" || done.Checklist[0].DoneBy != "technician:T1" || len(done.Checklist) != 2 ||
		done.Checklist[0].DoneAt.Text != "2026-11-23 08:55:00" || len(done.Materials) != 1 || done.Materials[0].Qty != 12 || done.Materials[0].Serials != "S1\nS2" {
		t.Errorf("%+v", done)
	}
	if got[0].Document == nil || got[0].Document.Status != "Completed" || got[0].Document.Place.AccessNotes == "" || string(got[0].Outcome) != `{"status":"Completed"}` {
		t.Errorf("%+v", got[0])
	}
	notes := got[2].Document.Notes
	at := morning.Add(-5 * time.Minute).UTC()
	if len(notes) != 1 || notes[0].Text != "<b>portail</b>\nfermé" || notes[0].By != "T1" || notes[0].At == nil || !notes[0].At.Equal(at) {
		t.Errorf("notes %+v", notes)
	}
}

// tenTimesIsOnce from two telephones at once, at two hubs.
func tenTimesIsOnce(t *testing.T, c *crew) {
	doors := []http.Handler{c.door, nil}
	c.open(t, shift{wait: 20 * time.Second}) // a second hub with the same store
	doors[1] = c.door
	job := c.file(t, nil)
	all := []body{seq(1).wire("note", job, "note", body{"text": "une fois"}), seq(2).wire("cable", job, "material", body{"item": "CABLE", "qty": 3}), seq(3).wire("road", job, "status", body{"status": "En Route"})}
	var phones sync.WaitGroup
	var mu sync.Mutex
	applied := 0
	for i := range 10 {
		phones.Go(func() {
			mine := slices.Clone(all)
			if i%2 == 1 {
				slices.Reverse(mine)
			}
			phone := &crew{door: doors[i/2%2], now: morning}
			for _, r := range phone.insist(t, "T1", mine...) {
				mu.Lock()
				switch r.State {
				case "applied":
					applied++
				case "duplicate":
				default:
					t.Errorf("%+v", r)
				}
				mu.Unlock()
			}
		})
	}
	phones.Wait()
	done := c.job(t, job)
	if n := c.remarks(t, job); len(n) != 1 || len(done.Materials) != 1 || done.Materials[0].Qty != 3 || done.Status != "En Route" || applied > 3 {
		t.Errorf("%d notes, %+v, %s, %d applied", len(n), done.Materials, done.Status, applied)
	}
	reused := c.send(t, "T1", seq(1).wire("note", job, "note", body{"text": "autre chose"}))
	if s := states(reused); s != "rejected:idempotency-mismatch" || reused[0].Error.Title == "" {
		t.Errorf("%s %+v", s, reused[0].Error)
	}
	if s := states(c.send(t, "T2", seq(1).wire("note", job, "note", body{"text": "une fois"}))); s != "rejected:job-forbidden" {
		t.Errorf("another technician with the same id: %s", s)
	}
}

// nothingIsWrittenTwice although a reply is lost after ERPNext has done what it
// was asked, at each write in turn.
func nothingIsWrittenTwice(t *testing.T, c *crew) {
	for cut := 1; cut <= 5; cut++ {
		id := func(what string) string { return fmt.Sprintf("%s-%d", what, cut) }
		job := c.file(t, nil)
		c.set(func() { c.cut = cut })
		c.insist(t, "T1", seq(1).wire(id("note"), job, "note", body{"text": "vu"}), seq(2).wire(id("power"), job, "checklist", body{"label": "Puissance", "value": "-20"}),
			seq(3).wire(id("cable"), job, "material", body{"item": "CABLE", "qty": 3}), seq(4).wire(id("road"), job, "status", body{"status": "En Route"}))
		done := c.job(t, job)
		if n := c.remarks(t, job); len(n) != 1 || len(done.Materials) != 1 || done.Status != "En Route" || done.Checklist[0].Value != "-20" || len(done.Checklist) != 2 {
			t.Errorf("cut at %d: %d notes, %+v", cut, len(n), done)
		}
	}
}

// TestTheHubDies after it has written, before it can say so: each time it begins
// again, it finds what it did.
func TestTheHubDies(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{lease: 400 * time.Millisecond, wait: time.Second})
	job := c.file(t, nil)
	c.set(func() { c.kills = 4 })
	all := []body{
		seq(1).wire("note", job, "note", body{"text": "vu"}), seq(2).wire("power", job, "checklist", body{"label": "Puissance", "value": "-20"}),
		seq(3).wire("cable", job, "material", body{"item": "CABLE", "qty": 3}), seq(4).wire("road", job, "status", body{"status": "En Route"}),
	}
	for _, r := range c.insist(t, "T1", all...) {
		if r.State != "applied" && r.State != "duplicate" {
			t.Errorf("%+v", r)
		}
	}
	done := c.job(t, job)
	if n := c.remarks(t, job); len(n) != 1 || len(done.Materials) != 1 || done.Materials[0].Qty != 3 || done.Status != "En Route" || done.Checklist[0].Value != "-20" || c.kills != 0 {
		t.Errorf("%d notes, %+v", len(n), done)
	}
}

// TestMovesHaveSeatsOfTheirOwn: more mutations than there are seats wait for moves,
// and none of them keeps a move from its seat.
func TestMovesHaveSeatsOfTheirOwn(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{wait: 20 * time.Second, slow: func(c *crew) (field.Take, keep.Work) {
		take := func(ctx context.Context, m field.Mutation) (any, error) {
			job, _, err := c.store.Put(ctx, keep.Job{Kind: "test.move", Dedupe: m.Key, Lane: "move:" + m.Job})
			if err == nil {
				_, err = saga.Await(ctx, c.store, job.ID, 10*time.Second)
			}
			return nil, err
		}
		return take, keep.Work{Kind: "test.move", Concurrency: 1, Do: func(context.Context, keep.Job) (keep.Result, error) { return keep.Result{}, nil }}
	}})
	var all []body
	for i := range 20 {
		all = append(all, seq(1).wire(fmt.Sprintf("move-%02d", i), c.file(t, nil), "status", body{"status": "En Route"}))
	}
	if s := states(c.send(t, "T1", all...)); s != strings.TrimSpace(strings.Repeat("applied ", 20)) {
		t.Error(s)
	}
}

// TestERPNextIsAway for an hour: everything is kept, and applied in order.
func TestERPNextIsAway(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{wait: 300 * time.Millisecond})
	job := c.file(t, nil)
	all := []body{seq(1).wire("road", job, "status", body{"status": "En Route"}), seq(2).wire("begun", job, "status", body{"status": "In Progress"}), seq(3).wire("note", job, "note", body{"text": "là"})}
	c.set(func() { c.away = true })
	if s := states(c.send(t, "T1", all...)); s != "retry retry retry" {
		t.Fatal(s)
	}
	c.set(func() { c.away, c.now = false, c.now.Add(time.Hour) })
	got := c.insist(t, "T1", all...)
	if s := states(got); s != "duplicate duplicate duplicate" {
		t.Error(s)
	}
	done := c.job(t, job)
	if done.Status != "In Progress" || done.EnRouteAt.Text != "2026-11-23 08:55:00" || len(c.remarks(t, job)) != 1 {
		t.Errorf("%+v", done)
	}
}

// hopelessOnesAreRefusedAlone: what is behind them goes on.
func hopelessOnesAreRefusedAlone(t *testing.T, c *crew) {
	job, theirs := c.file(t, nil), c.file(t, map[string]any{"assigned_tech": "T2"})
	got := c.send(t, "T1",
		seq(1).wire("kind", job, "dance", body{}), seq(2).wire("flow", job, "flow_step", body{}), seq(3).wire("x", job, "note", body{"text": "vu"}, "id", "short"),
		seq(4).wire("when", job, "note", body{"text": "vu"}, "at", "yesterday"), seq(5).wire("empty", job, "note", body{"text": " "}),
		seq(6).wire("label", job, "checklist", body{"label": "Rien", "value": "1"}), seq(7).wire("number", job, "checklist", body{"label": "Puissance", "value": "fort"}),
		seq(8).wire("item", job, "material", body{"item": "NOTHING", "qty": 1}), seq(9).wire("qty", job, "material", body{"item": "CABLE", "qty": -1}),
		seq(10).wire("upload", job, "photo", body{"kind": "before", "upload": "none"}), seq(1).wire("nowhere", "DJ-99999", "note", body{"text": "vu"}),
		seq(1).wire("theirs", theirs, "note", body{"text": "vu"}), seq(11).wire("good", job, "note", body{"text": "vu"}))
	want := "rejected:invalid rejected:part-off rejected:invalid rejected:invalid rejected:invalid rejected:invalid rejected:invalid rejected:invalid " +
		"rejected:invalid rejected:not-found rejected:job-not-found rejected:job-forbidden applied"
	if diff := cmp.Diff(want, states(got)); diff != "" {
		t.Error(diff)
	}
	if again := states(c.send(t, "T1", seq(8).wire("item", job, "material", body{"item": "NOTHING", "qty": 1}))); again != "rejected:invalid" {
		t.Errorf("the second time: %s", again)
	}
	if w := c.ask(t, "T1", http.MethodPost+" "+"/field/mutations", body{"sent_at": "now", "mutations": []body{}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("nobody knows when that was: %d", w.Code)
	}
}

// TestTooManyAtOnce are taken in handy portions.
func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{wait: 300 * time.Millisecond})
	job := c.file(t, nil)
	var all []body
	for i := range 1001 {
		all = append(all, seq(i).wire(fmt.Sprintf("%04d", i), job, "checklist", body{"label": "Puissance", "value": fmt.Sprint(i)}))
	}
	if w := c.ask(t, "T1", http.MethodPost+" "+"/field/mutations", body{"mutations": all}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", w.Code)
	}
	c.set(func() { c.away = true })
	got := c.send(t, "T1", all[:201]...)
	if i := slices.IndexFunc(got, func(r result) bool { return r.State != "retry" }); i >= 0 {
		t.Errorf("%d: %+v", i, got[i])
	}
	kept, err := c.store.Counts(t.Context())
	if err != nil || len(kept) == 0 {
		t.Fatal(kept, err)
	}
	n := 0
	for _, count := range kept {
		n += count.N
	}
	if n != 200 {
		t.Errorf("%d are stored", n)
	}
}

func (c *crew) edit(t testing.TB, job string, values erpnext.Values) {
	t.Helper()
	c.set(func() { c.now = c.now.Add(time.Second) })
	if err := c.erp.Update(t.Context(), "Dispatch Job", job, values, nil); err != nil {
		t.Fatal(err)
	}
}
