package fault

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j Judge
		mistake := []byte(`{"exc_type":"TypeError"}`)
		if !j.Counts("issue.list", 500, mistake) || j.Counts("issue.list", 500, mistake) {
			t.Error("a mistake in one kind of call counts once")
		}
		for i := range 5 {
			if !j.Counts(fmt.Sprintf("issue.%d", i), 500, mistake) {
				t.Error("many kinds of calls fail: it is the site")
			}
		}
		time.Sleep(61 * time.Second)
		if !j.Counts("issue.list", 500, mistake) {
			t.Error("after a minute it counts again")
		}
		for body, counts := range map[string]bool{
			`{"exc_type":"OperationalError"}`:        true,
			`{"exc_type":"SessionBootFailed"}`:       true,
			`{"exc_type":"SomethingNew"}`:            true,
			page:                                     true,
			"":                                       true,
			`{"exc_type":"SerializationFailure"}`:    false,
			`{"exc_type": "QueryDeadlockError"`:      false, // the beginning of a long body
			`{"errors":[{"type":"ImportError"`:       false,
			`{"exception":"builtins.KeyError: 'a'",`: false,
			`{"exc":"` + strings.Repeat("x", 4000):   true,
		} {
			j.Counts("issue.list", 500, mistake)
			if got := j.Counts("issue.list", 500, []byte(body)); got != counts {
				t.Errorf("%.40s counts: %v", body, got)
			}
		}
		for _, status := range []int{502, 503, 504} {
			if !j.Counts("issue.list", status, mistake) {
				t.Errorf("%d does not count", status)
			}
		}
	})
}
