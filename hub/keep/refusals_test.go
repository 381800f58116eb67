package keep

import (
	"errors"
	"testing"

	"gigafibre.ca/targo-hub/hub"
)

// answer is an error with the other side's status, as connectors' are.
type answer struct {
	status int
	kind   hub.Kind
}

func (a answer) Error() string { return "no" }

func (a answer) AttemptInfo() (status int, code, detail string) { return a.status, "", "no" }

func (a answer) Problem() *hub.Error { return &hub.Error{Kind: a.kind, Code: "upstream-failed"} }

// A job is given up after so many refusals, however many tries are left; what is
// about all calls, or passes, is no refusal, and neither is what happened before a
// person had it tried again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	refusal := Attempt{Class: Retrying, Status: 417}
	away := Attempt{Class: Retrying, Status: 503}
	for name, c := range map[string]struct {
		attempts []Attempt
		tries    int
		err      error
		want     Status
	}{
		"the third":             {[]Attempt{refusal, refusal}, 2, answer{417, hub.Upstream}, Dead},
		"the second":            {[]Attempt{away, refusal}, 2, answer{417, hub.Upstream}, Pending},
		"the third in all":      {[]Attempt{refusal, away, refusal}, 3, answer{404, hub.NotFound}, Dead},
		"before it was retried": {[]Attempt{refusal, refusal, refusal}, 1, answer{417, hub.Upstream}, Pending},
		"attempts were thrown":  {[]Attempt{refusal, refusal}, 8, answer{422, hub.Upstream}, Dead},
		"away after refusals":   {[]Attempt{refusal, refusal}, 2, answer{503, hub.Unavailable}, Pending},
		"locked, and passes":    {[]Attempt{refusal, refusal}, 2, answer{417, hub.Unavailable}, Pending},
		"locked out":            {[]Attempt{refusal, refusal}, 2, answer{401, hub.Upstream}, Pending},
		"too much":              {[]Attempt{refusal, refusal}, 2, answer{429, hub.Unavailable}, Pending},
		"no answer at all":      {[]Attempt{refusal, refusal}, 2, errors.New("broken"), Pending},
	} {
		job := Job{Attempts: c.attempts, Tries: c.tries}
		if got := judge(Work{MaxTries: 20, Refusals: 3}, job, Result{}, c.err); got.Next != c.want {
			t.Errorf("%s: %s, want %s", name, got.Next, c.want)
		}
		if got := judge(Work{MaxTries: 20}, job, Result{}, c.err); got.Next != Pending {
			t.Errorf("%s, without a bound: %s", name, got.Next)
		}
	}
}
