package effect

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

func TestAnswersFitTheirItems(t *testing.T) {
	t.Parallel()
	for answerType, values := range map[string]map[string]bool{
		"number": {"": true, " ": true, "-19.5": true, "-19,5": true, " 12 ": true, "abc": false, "12 dBm": false, "1,2,3": false, "NaN": false, "inf": false},
		"check":  {"": true, "1": true, "Oui": true, "NON": true, "x": true, "false": true, "✓": true, "peut-être": false, "2": false},
		"text":   {"abc": true, "": true}, "photo": {"/files/a.jpg": true}, "select": {"Gauche": true}, "": {"n'importe": true},
	} {
		for value, fits := range values {
			if want := unfit(answerType, value); (want == "") != fits {
				t.Errorf("%s %q: %q", answerType, value, want)
			}
		}
	}
}

func TestDatabaseErrorsHaveWords(t *testing.T) {
	t.Parallel()
	if got := inWords("(1213, 'Deadlock found when trying to get lock; try restarting transaction')"); got == "" || got[0] == '(' {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"", "There is too little of PRISE.", "(see above), 'x'"} {
		if got := inWords(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestWorkOfAnotherOfThatName: what was set off before the work order was filed is
// about one that was deleted, unless the clocks merely differ.
func TestWorkOfAnotherOfThatName(t *testing.T) {
	t.Parallel()
	filed := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]bool{-time.Hour: false, 0: false, time.Minute: false, 3 * time.Minute: true, 24 * time.Hour: true} {
		if got := predates(keep.Job{Created: filed.Add(-ago)}, filed); got != want {
			t.Errorf("%v before: %v", ago, got)
		}
	}
}
