package effect

import (
	"errors"
	"fmt"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestHopeless: a script of the site that breaks down over one document ends the
// tries after a day; that ERPNext is away never does.
func TestHopeless(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("writing: %w", &erpnext.Error{Status: 500, ExcType: "AttributeError"})
	for name, c := range map[string]struct {
		err   error
		tries int
		over  bool
	}{
		"a script, for a day":  {broken, enough - 1, true},
		"a script, just now":   {broken, 1, false},
		"a gateway":            {&erpnext.Error{Status: 502}, 5 * enough, false},
		"nobody there":         {&erpnext.Error{Err: errors.New("refused")}, 5 * enough, false},
		"somebody else's page": {&erpnext.Error{Status: 500}, 5 * enough, false},
		"all is well":          {nil, enough, false},
	} {
		if err := hopeless(keep.Job{Tries: c.tries}, c.err); (err != c.err) != c.over { // what is rejected is wrapped
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
}
