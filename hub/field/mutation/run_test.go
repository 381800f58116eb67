package mutation

import (
	"context"
	"errors"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	broke, page := &erpnext.Error{Status: 500, ExcType: "AttributeError"}, &erpnext.Error{Status: 413}
	for name, tc := range map[string]struct {
		err   error
		tries int
		want  string
	}{
		"well":                {nil, 0, Applied},
		"another writer":      {&erpnext.Error{Status: 417, ExcType: "TimestampMismatchError"}, 900, Retry},
		"away":                {hub.Fail(hub.Unavailable, "upstream-unavailable", "", nil), 900, Retry},
		"maintenance":         {&erpnext.Error{Status: 503, Retryable: true}, 900, Retry},
		"slow":                {hub.Fail(hub.Timeout, "timeout", "", context.DeadlineExceeded), 900, Retry},
		"nobody knows us":     {&erpnext.Error{Status: 401, ExcType: "AuthenticationError"}, 900, Retry},
		"we may not":          {&erpnext.Error{Status: 403, ExcType: "PermissionError"}, 900, Retry},
		"refused":             {&erpnext.Error{Status: 417, ExcType: "ValidationError", Text: "No."}, 0, Rejected},
		"a script breaks":     {broke, 0, Retry},
		"it breaks all day":   {broke, enough, Rejected},
		"a proxy's page":      {page, 0, Retry},
		"the same page again": {page, enough, Rejected},
		"our mistake":         {errors.New("a mistake"), 0, Retry},
		"again and again":     {errors.New("a mistake"), enough, Rejected},
		"nobody does it":      {hub.PartOff("it"), 0, Rejected},
		"office was faster":   {hub.Fail(hub.Conflict, "document-changed", "", nil), 0, Conflict},
		"somebody else's":     {hub.Fail(hub.Forbidden, "job-forbidden", "", nil), 0, Rejected},
		"too large":           {hub.Fail(hub.TooLarge, "picture-too-large", "", nil), 0, Rejected},
	} {
		tried := keep.Job{Attempts: []keep.Attempt{{Code: "upstream-unavailable"}}} // and not once since somebody asked
		for range min(tc.tries, 20) {
			tried.Attempts = append(tried.Attempts, keep.Attempt{Code: codeOf(tc.err), Status: 500})
		}
		if got := verdict(tc.err, tried); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// TestWhatIsHurried is what may be well again, not what breaks whenever it is tried.
func TestWhatIsHurried(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		last keep.Attempt
		want bool
	}{
		"nobody there": {keep.Attempt{Code: "upstream-unavailable"}, true}, "maintenance": {keep.Attempt{Status: 503}, true}, "a worker is gone": {keep.Attempt{Class: keep.Lost}, true},
		"a script breaks": {keep.Attempt{Status: 500, Code: "AttributeError"}, false}, "our mistake": {keep.Attempt{Code: "internal"}, false}, "a page": {keep.Attempt{Status: 413}, false},
	} {
		if got := passes(keep.Job{Attempts: []keep.Attempt{{Status: 417}, tc.last}}); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestEndsThatAreNoAnswers: a job that a person called off, or that was given up, or
// whose outcome was too long to keep.
func TestEndsThatAreNoAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		job         keep.Job
		state, code string
	}{
		"called off": {keep.Job{Status: keep.Cancelled}, Rejected, "state-conflict"},
		"given up":   {keep.Job{Status: keep.Dead, Attempts: []keep.Attempt{{Code: "timeout"}}}, Rejected, "timeout"},
		"strange":    {keep.Job{Status: keep.Dead, Attempts: []keep.Attempt{{Code: "SomeError"}}}, Rejected, "state-conflict"},
		"no answer":  {keep.Job{Status: keep.Done, State: Conflict}, Conflict, ""},
		"known":      {keep.Job{Status: keep.Done, State: Applied}, Duplicate, ""},
		"unreadable": {keep.Job{Status: keep.Done, State: Rejected, Result: []byte("{")}, Rejected, ""},
	} {
		got := resultOf(tc.job, true, hub.French)
		code := ""
		if got.Error != nil {
			code = got.Error.Code
		}
		if got.State != tc.state || code != tc.code || code != "" && got.Error.Title == "" {
			t.Errorf("%s: %+v %+v", name, got, got.Error)
		}
	}
}
