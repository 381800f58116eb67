package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

var (
	ann = hub.Actor{Role: hub.RoleStaff, ID: "ann@example.com"}
	bob = hub.Actor{Role: hub.RoleStaff, ID: "bob@example.com"}
)

func change(job, status string) ledger.Change {
	return ledger.Change{Job: job, Before: ledger.Fields{Status: &status}, After: ledger.Fields{Status: &status}}
}

// TestThirtyActions are remembered, however many are recorded at once, and each
// dispatcher has his own.
func TestThirtyActions(t *testing.T) {
	t.Parallel()
	l := ledger.New(hubtest.Store(t), time.Now)
	var errs [40]error
	for round := range 5 {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				_, errs[round*8+i] = l.Record(t.Context(), ann, ledger.Move, change(fmt.Sprint(round), "Open"))
			})
		}
		all.Wait()
	}
	id, err := l.Record(t.Context(), bob, ledger.Move)
	if err = errors.Join(append(errs[:], err)...); err != nil || id != "" {
		t.Fatal(id, err)
	}
	for i, who := range []hub.Actor{ann, bob} {
		actions, err := l.Actions(t.Context(), who)
		if err != nil || len(actions) != []int{30, 0}[i] {
			t.Fatalf("%s has %d actions, %v", who, len(actions), err)
		}
		if len(actions) > 0 && (actions[0].Changes[0].Job != "4" || actions[29].Changes[0].Job != "1") {
			t.Errorf("the last is of round %s, the first of %s", actions[0].Changes[0].Job, actions[29].Changes[0].Job)
		}
	}
}

// TestTakeBack forgets what was undone, and an action when nothing is left of it.
func TestTakeBack(t *testing.T) {
	t.Parallel()
	l := ledger.New(hubtest.Store(t), time.Now)
	id, err := l.Record(t.Context(), ann, ledger.Assign, change("A", "Open"), change("B", "Open"))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		job  string
		want []int
	}{{"A", []int{1}}, {"Z", []int{1}}, {"B", []int{}}} {
		if err := l.TakeBack(t.Context(), ann, id, step.job); err != nil {
			t.Fatal(err)
		}
		actions, err := l.Actions(t.Context(), ann)
		got := []int{}
		for _, a := range actions {
			got = append(got, len(a.Changes))
		}
		if diff := cmp.Diff(step.want, got); diff != "" || err != nil {
			t.Errorf("after %s: %s %v", step.job, diff, err)
		}
	}
}

// TestLongActionsFit: many jobs at once do not outgrow the store's values.
func TestLongActionsFit(t *testing.T) {
	t.Parallel()
	l := ledger.New(hubtest.Store(t), time.Now)
	long := strings.Repeat("x", 2000)
	changes := make([]ledger.Change, 50)
	for i := range changes {
		changes[i] = change(fmt.Sprint(i), long)
	}
	for range 6 {
		if _, err := l.Record(t.Context(), ann, ledger.Move, changes...); err != nil {
			t.Fatal(err)
		}
	}
	if actions, err := l.Actions(t.Context(), ann); err != nil || len(actions) != 2 {
		t.Errorf("%d actions, %v", len(actions), err)
	}
}

// TestTooLongAnAction is refused, and costs none of the others.
func TestTooLongAnAction(t *testing.T) {
	t.Parallel()
	l := ledger.New(hubtest.Store(t), time.Now)
	if _, err := l.Record(t.Context(), ann, ledger.Move, change("A", "Open")); err != nil {
		t.Fatal(err)
	}
	id, err := l.Record(t.Context(), ann, ledger.Move, change("B", strings.Repeat("x", 1<<19)))
	actions, read := l.Actions(t.Context(), ann)
	if err == nil || id != "" || read != nil || len(actions) != 1 {
		t.Errorf("%q, %v: %d actions, %v", id, err, len(actions), read)
	}
}

// fields draws some members of a job.
func fields(t *rapid.T) ledger.Fields {
	f := ledger.Fields{}
	if rapid.Bool().Draw(t, "with technician") {
		v := rapid.SampledFrom([]string{"", "T1", "T2"}).Draw(t, "technician")
		f.Technician = &v
	}
	if rapid.Bool().Draw(t, "with pin") {
		v := rapid.Bool().Draw(t, "pinned")
		f.Pinned = &v
	}
	if rapid.Bool().Draw(t, "with helpers") {
		v := rapid.Permutation([]string{"T3", "T4", "T5"}).Draw(t, "helpers")[:rapid.IntRange(0, 3).Draw(t, "of them")]
		f.Assistants = &v
	}
	return f
}

// job makes a job of fields; what is not meant is empty.
func job(f ledger.Fields) *erpnext.DispatchJob {
	j := &erpnext.DispatchJob{}
	if f.Technician != nil {
		j.AssignedTech = *f.Technician
	}
	if f.Pinned != nil {
		j.Pinned = erpnext.Flag(*f.Pinned)
	}
	if f.Assistants != nil {
		for _, name := range *f.Assistants {
			j.Assistants = append(j.Assistants, erpnext.JobAssistant{Technician: name})
		}
	}
	return j
}

// TestFields: what a wish does not have as the job has it is what differs, and a
// job that is given it differs no more.
func TestFields(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, wish := ledger.Of(job(fields(t))), fields(t)
		after := wish.Unlike(was)
		if len(after.Differences(was)) != count(after) || len(wish.Differences(was)) != count(after) {
			t.Fatalf("%v differ, %d are new", wish.Differences(was), count(after))
		}
		before := was.Only(after)
		if count(before) != count(after) {
			t.Fatalf("%d before, %d after", count(before), count(after))
		}
		now := was
		if after.Technician != nil {
			now.Technician = after.Technician
		}
		if after.Pinned != nil {
			now.Pinned = after.Pinned
		}
		if after.Assistants != nil {
			now.Assistants = after.Assistants
		}
		if !wish.Unlike(now).Empty() || len(before.Differences(was)) > 0 {
			t.Fatal("the wish was granted, but something is still wished")
		}
	})
}

func count(f ledger.Fields) (n int) {
	for _, there := range []bool{f.Technician != nil, f.Pinned != nil, f.Assistants != nil} {
		if there {
			n++
		}
	}
	return n
}

// TestValues: assistants who stay keep their rows, in the places that are wished.
func TestValues(t *testing.T) {
	t.Parallel()
	have := &erpnext.DispatchJob{Assistants: []erpnext.JobAssistant{{Technician: "T2", Confirmed: true, Hours: 2}}}
	have.Assistants[0].Name, have.Assistants[0].Idx = "row-2", 1
	status, names := erpnext.JobAssigned, []string{"T1", "T2"}
	words, err := machine.ParseWords("Assigned=Attribué")
	if err != nil {
		t.Fatal(err)
	}
	got := ledger.Fields{Status: &status, Assistants: &names}.Values(words, have)
	table, ok := got["assistants"].(erpnext.Table)
	if !ok || got["status"] != "Attribué" || len(got) != 2 {
		t.Fatalf("%v", got)
	}
	raw, err := table.MarshalJSON()
	want := `[{"idx":1,"technician":"T1"},{"name":"row-2","idx":2,"technician":"T2","confirmed":1,"hours":2}]`
	if err != nil || string(raw) != want {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "8:00:00": "08:00:00", "08:00": "08:00:00", "8:05": "08:05:00", "14:30:00.000000": "14:30:00"} {
		if got := ledger.Clock(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
