package device_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device"
)

// untilAnswered asks as long as it is told to ask again.
func untilAnswered(do func() error) (err error) {
	for range 20 {
		if err = do(); !hub.IsKind(err, hub.Unavailable) {
			return err
		}
	}
	return err
}

// twins are two desks of two hubs with one store, each of which works.
func (w *world) twins() []*device.Desk {
	w.Helper()
	other := w.hired(w.store, nil)
	w.run(other)
	return []*device.Desk{w.desk, other}
}

// TestTwoHubsAddOneDevice: six phones ask two hubs, each in its own notation.
func TestTwoHubsAddOneDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	desks := w.twins()
	for device, orders := range map[string][]device.CreateOrder{
		"RT-88112233":       {{Serial: "RT-88112233"}, {Serial: "rt88112233"}, {Serial: "S/N: RT 88112233"}, {Serial: "RT8811-2233"}},
		"00:E0:FC:99:00:01": {{MAC: "00:E0:FC:99:00:01"}, {Serial: "RT88112244", MAC: "00e0.fc99.0001"}, {Serial: "00E0FC990001"}},
	} {
		errs := make([]error, len(orders))
		var all sync.WaitGroup
		for i, o := range orders {
			o.Key, o.Type = fmt.Sprint(device, i), "Router"
			all.Go(func() {
				errs[i] = untilAnswered(func() error { return second(desks[i%2].Create(t.Context(), o)) })
			})
		}
		all.Wait()
		fine := 0
		for _, err := range errs {
			if err == nil {
				fine++
			} else if !hub.HasCode(err, "equipment-exists") {
				t.Errorf("%s is refused: %v", device, err)
			}
		}
		if found := w.lookup("staff", device, ""); fine != 1 || found["equipment"] == nil {
			t.Errorf("%s: %d were added: %v", device, fine, found)
		}
	}
}

// TestTwoHubsLinkOneDevice: to one visit it is linked once, whoever asks how often;
// of two visits one gets it.
func TestTwoHubsLinkOneDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	desks := w.twins()
	link := func(at int, o device.Order) error {
		return untilAnswered(func() error {
			return second(desks[at%2].Link(t.Context(), device.LinkOrder{Order: o, Equipment: "EQP-N"}))
		})
	}
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		who := []string{"T1", ""}[i%2]
		all.Go(func() { errs[i] = link(i, device.Order{Key: fmt.Sprint("k", i), Job: "DJ-A", Technician: who}) })
	}
	all.Wait()
	want := "EQP-N active at LOC-A of Ann Exemple for SUB-A held by -: install ->LOC-A by T1 on DJ-A good\nDJ-A: installed EQP-N>-\n"
	if got := w.how([]string{"DJ-A"}, "EQP-N"); errors.Join(errs...) != nil || got != want {
		t.Errorf("six phones at one visit: %v\n%s", errors.Join(errs...), got)
	}

	taken := make([]error, 2)
	for i, job := range []string{"DJ-A", "DJ-B"} {
		all.Go(func() {
			taken[i] = untilAnswered(func() error {
				return second(desks[i].Link(t.Context(), device.LinkOrder{Order: device.Order{Key: "m", Job: job}, Equipment: "EQP-M"}))
			})
		})
	}
	all.Wait()
	winner, loser := "A", "B"
	if taken[0] != nil {
		winner, loser = "B", "A"
	}
	if (taken[0] == nil) == (taken[1] == nil) || !hub.HasCode(errors.Join(taken...), "equipment-elsewhere") {
		t.Errorf("one device at two places: %v", taken)
	}
	got := w.how([]string{"DJ-" + winner, "DJ-" + loser}, "EQP-M")
	if !strings.HasPrefix(got, "EQP-M active at LOC-"+winner) || strings.Count(got, "install ") != 1 || strings.Count(got, "EQP-M>-") != 1 {
		t.Errorf("how it stands: %s", got)
	}
}

// TestAKeyStandsForOneOrder: it is answered again for the same one only.
func TestAKeyStandsForOneOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := device.Order{Key: "k", Job: "DJ-A", Technician: "T1"}
	for _, c := range []struct{ equipment, want string }{{"EQP-N", ""}, {"EQP-N", ""}, {"EQP-M", "idempotency-mismatch"}} {
		changed, err := w.desk.Link(t.Context(), device.LinkOrder{Order: o, Equipment: c.equipment})
		if c.want == "" && (err != nil || changed.Equipment.Name != c.equipment) || c.want != "" && !hub.HasCode(err, c.want) {
			t.Errorf("%s: %+v %v", c.equipment, changed, err)
		}
	}
	for other, order := range map[string]device.Order{"another's key": {Key: "k", Job: "DJ-A"}, "of another visit": {Key: "k", Job: "DJ-B"}} {
		if err := second(w.desk.Link(t.Context(), device.LinkOrder{Order: order, Equipment: "EQP-D"})); !hub.HasCode(err, "equipment-unfit") {
			t.Errorf("%s: %v", other, err)
		}
	}
}
