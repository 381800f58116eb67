package machine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// TestCheckAgreesWithNext tries every state after every other one.
func TestCheckAgreesWithNext(t *testing.T) {
	t.Parallel()
	for _, from := range machine.Statuses() {
		for _, to := range machine.Statuses() {
			err := machine.Check(machine.Ask{From: from, To: to, Reason: "parce que"})
			if allowed := slices.Contains(machine.Next(from), to); allowed != (err == nil) {
				t.Errorf("%s → %s: %v", from, to, err)
			}
			if err != nil && !hub.HasCode(err, "transition-illegal") {
				t.Errorf("%s → %s: %v", from, to, err)
			}
		}
	}
}

// TestTheWay is what every client relies on.
func TestTheWay(t *testing.T) {
	t.Parallel()
	way := []string{erpnext.JobOpen, erpnext.JobAssigned, erpnext.JobScheduled, erpnext.JobEnRoute, erpnext.JobInProgress, erpnext.JobPaused, erpnext.JobInProgress, erpnext.JobCompleted}
	for i := range way[1:] {
		if err := machine.Check(machine.Ask{From: way[i], To: way[i+1]}); err != nil {
			t.Error(err)
		}
	}
	for _, from := range machine.Statuses() {
		err := machine.Check(machine.Ask{From: from, To: erpnext.JobCancelled})
		if machine.Final(from) != (err != nil) {
			t.Errorf("%s cannot be called off, or can: %v", from, err)
		}
	}
}

// TestOnlyAPersonGoesBack and says why.
func TestOnlyAPersonGoesBack(t *testing.T) {
	t.Parallel()
	for _, from := range []string{erpnext.JobOnHold, erpnext.JobCompleted, erpnext.JobCancelled} {
		for reason, code := range map[string]string{"": "reason-missing", " ab ": "reason-missing", "parce que": ""} {
			ask := machine.Ask{From: from, To: erpnext.JobOpen, Person: true, Reason: reason}
			if err := machine.Check(ask); code == "" && err != nil || code != "" && !hub.HasCode(err, code) {
				t.Errorf("%s for %q: %v", from, reason, err)
			}
			if ask.Person = false; !hub.HasCode(machine.Check(ask), "transition-illegal") {
				t.Errorf("a robot opens one that is %s", from)
			}
		}
		if machine.Ask.Reopens(machine.Ask{From: from, To: erpnext.JobOpen}) != machine.Final(from) {
			t.Errorf("%s", from)
		}
	}
	again := machine.Ask{From: erpnext.JobCancelled, To: erpnext.JobOnHold, Person: true}
	if err := machine.Check(again); !hub.HasCode(err, "reason-missing") {
		t.Errorf("opened again, to wait: %v", err)
	}
	if again.Reason = "parce que"; machine.Check(again) != nil {
		t.Error("what is opened again cannot wait")
	}
	var problem *hub.Error
	if err := machine.Check(machine.Ask{From: "Dreaming", To: "Open"}); !errors.As(err, &problem) || !cmp.Equal(problem.State["allowed"], []string{}) {
		t.Errorf("%+v", problem)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, " , ": true, "En Route=En chemin": true, " En Route = En chemin , In Progress=En cours": true,
		"Open=Assigned,Assigned=Open": true, // swapped
		"Open=Assigned":               false, "Nowhere=Là": false, "Open=Ouvert,Open=Libre": false, "Open": false, "Open=": false, "Open=X,Assigned=X": false,
	} {
		if _, err := machine.ParseWords(text); want != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
	}
	w, err := machine.ParseWords("En Route=En chemin")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"En Route", "En chemin"} {
		if got, err := w.Status(text); got != erpnext.JobEnRoute || err != nil {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	swapped, err := machine.ParseWords("Paused=On Hold,On Hold=En attente")
	for text, want := range map[string]string{"On Hold": erpnext.JobOnHold, "Paused": erpnext.JobPaused, "En attente": erpnext.JobOnHold} {
		if got, bad := swapped.Status(text); got != want || bad != nil || err != nil { // what the hub's answers say is understood as they mean it
			t.Errorf("%q is %q, %v, %v", text, got, bad, err)
		}
	}
	if _, err := w.Status("en route"); !hub.HasCode(err, "status-unknown") {
		t.Error(err)
	}
	if got := w.All(erpnext.JobOpen, erpnext.JobEnRoute); !cmp.Equal(got, []string{"Open", "En chemin"}) {
		t.Errorf("%q", got)
	}
	if w.In("Rêve") != "Rêve" {
		t.Error("a strange word is lost")
	}
}

// TestWordsGoBothWays for any choice of words that is one.
func TestWordsGoBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, pool := "", rapid.Permutation(append(machine.Statuses(), "Ouvert", "En chemin", "Fini")).Draw(t, "words")
		for i, status := range machine.Statuses() {
			text += status + "=" + pool[i] + ","
		}
		w, err := machine.ParseWords(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range machine.Statuses() {
			if got := w.In(w.Out(status)); got != status {
				t.Fatalf("with %q: %s comes back as %s", text, status, got)
			}
		}
	})
}
