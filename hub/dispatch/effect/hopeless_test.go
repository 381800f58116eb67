package effect

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestHopeless: a script of the site that breaks down over one document ends the
// tries after some minutes; that ERPNext is away never does.
func TestHopeless(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("writing: %w", &erpnext.Error{Status: 500, ExcType: "AttributeError"})
	for name, c := range map[string]struct {
		err   error
		tries int
		over  bool
	}{
		"a script, each time":  {broken, enough - 1, true},
		"a script, just now":   {broken, 1, false},
		"in another way":       {fmt.Errorf("writing: %w", &erpnext.Error{Status: 500, ExcType: "KeyError"}), -enough, false},
		"others in the way":    {&erpnext.Error{Status: 500, ExcType: "QueryDeadlockError", Retryable: true}, 5 * enough, false},
		"a gateway":            {&erpnext.Error{Status: 502}, 5 * enough, false},
		"nobody there":         {&erpnext.Error{Err: errors.New("refused")}, 5 * enough, false},
		"somebody else's page": {&erpnext.Error{Status: 500}, 5 * enough, false},
		"all is well":          {nil, enough, false},
	} {
		code := "AttributeError"
		if e, theirs := errors.AsType[*erpnext.Error](c.err); theirs && c.tries > 0 {
			_, code, _ = e.AttemptInfo()
		}
		work := keep.Job{Attempts: slices.Repeat([]keep.Attempt{{Status: 500, Code: code}}, max(c.tries, -c.tries))}
		if err := hopeless(work, c.err); (err != c.err) != c.over { // what is rejected is wrapped
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
}
