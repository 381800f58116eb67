package device_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/device"
)

// story is one change.
type story struct {
	name   string
	writes int // what it takes
	do     func(ctx context.Context, d *device.Desk) error
}

func ordered(key string) device.Order { return device.Order{Key: key, Job: "DJ-A", Technician: "T1"} }

// stories are told one after the other.
var stories = []story{
	{"link", 2, func(ctx context.Context, d *device.Desk) error {
		return second(d.Link(ctx, device.LinkOrder{Order: ordered("k1"), Equipment: "EQP-N"}))
	}},
	{"take over", 2, func(ctx context.Context, d *device.Desk) error {
		return second(d.Link(ctx, device.LinkOrder{Order: ordered("k2"), Equipment: "EQP-B", Confirm: true}))
	}},
	{"swap", 3, func(ctx context.Context, d *device.Desk) error {
		return second(d.Swap(ctx, device.SwapOrder{Order: ordered("k3"), Old: "EQP-A", New: "EQP-M", Reason: "defective"}))
	}},
	{"take back", 2, func(ctx context.Context, d *device.Desk) error {
		return second(d.Link(ctx, device.LinkOrder{Order: ordered("k4"), Equipment: "EQP-N", Action: "removed"}))
	}},
	{"create", 3, func(ctx context.Context, d *device.Desk) error {
		return second(d.Create(ctx, device.CreateOrder{Order: ordered("k5"), Type: "Router", Serial: "RT88112233", MAC: "00:E0:FC:99:00:01"}))
	}},
}

// ended is how everything stands after all stories.
const ended = `EQP-N returned at - of - for - held by T1: install ->LOC-A by T1 on DJ-A good remove LOC-A>- by T1 on DJ-A unknown
EQP-B active at LOC-A of Ann Exemple for SUB-A held by -: install LOC-B>LOC-A by T1 on DJ-A good
EQP-A defective at - of - for - held by T1: install ->LOC-A by - on -  swap_out LOC-A>- by T1 on DJ-A unknown
EQP-M active at LOC-A of Ann Exemple for SUB-A held by -: swap_in ->LOC-A by T1 on DJ-A good
EQP-00001 active at LOC-A of Ann Exemple for SUB-A held by -: install ->LOC-A by T1 on DJ-A good
DJ-A: installed EQP-N>- installed EQP-B>- replaced EQP-A>EQP-M removed EQP-N>- installed EQP-00001>-
DJ-B:
`

func (w *world) end() string {
	w.Helper()
	return w.how([]string{"DJ-A", "DJ-B"}, slices.Concat([]string{"EQP-N", "EQP-B", "EQP-A", "EQP-M"}, w.router("RT88112233"))...)
}

// router lists the devices that were created, which should be one.
func (w *world) router(serial string) (names []string) {
	w.Helper()
	all, err := w.site.All("Service Equipment", doc{"serial_number": serial})
	if err != nil {
		w.Fatal(err)
	}
	for _, d := range all {
		names = append(names, d["name"].(string))
	}
	return names
}

// until does it again with the same key, as a phone would, until it is done. A hub
// that dies meanwhile is followed by another.
func (w *world) until(s story) (err error) {
	for range 20 {
		ctx, die := context.WithCancel(w.Context())
		w.set(func() { w.ended = die })
		err = s.do(ctx, w.desk)
		die()
		down := false
		w.set(func() { down = w.down })
		switch {
		case down:
			w.stop()
			w.set(func() { w.down = false })
			w.open(nil)
			w.works()
		case err == nil:
			return nil
		}
	}
	return err
}

// TestEveryWriteFailsOnce tells all stories while each write of each fails: before
// it is carried out; with its reply lost; with the hub dead at that moment, so that
// another one takes over what was stored. In the end there is exactly one of
// everything, on the release before as well.
func TestEveryWriteFailsOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		site         erpnextsim.Profile
		late, deadly bool
	}{
		"nothing is written": {erpnextsim.V16, false, false},
		"the reply is lost":  {erpnextsim.V15, true, false},
		"the hub dies":       {erpnextsim.V16, true, true},
	} {
		w := worldAt(t, erpnexttest.Site(t, founded[c.site], nil))
		w.late, w.deadly = c.late, c.deadly
		all.Go(func() { w.tell(name) }) // most of the time is the client's waiting between tries
	}
	all.Wait()
}

// tell tells all stories, with a line that breaks, and looks at what there is.
func (w *world) tell(name string) {
	w.Helper()
	for _, s := range stories {
		w.set(func() { w.cuts = map[string]bool{} })
		if err := w.until(s); err != nil || len(w.cuts) != s.writes {
			w.Errorf("%s, %s: %v, the line broke at %v", name, s.name, err, w.cuts)
		}
	}
	if diff := cmp.Diff(ended, w.end()); diff != "" {
		w.Errorf("%s: %s", name, diff)
	}
	found, p := w.lookup("technician:T1", "rt 88112233", "DJ-A"), w.look(as(w.Context(), "T1"), "RT88112233")
	if found["tier"] != "serial" || states(p) != "ok ok ok ok ok ok empty" {
		w.Errorf("%s: %v, %s", name, found, states(p))
	}
	w.asked()
	for _, s := range stories {
		if err := s.do(w.Context(), w.desk); err != nil || len(w.asked()) != 0 {
			w.Errorf("%s, %s, once more: it asks, %v", name, s.name, err)
		}
	}
}
