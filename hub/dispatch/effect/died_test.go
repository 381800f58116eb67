package effect_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestOfficeReadsWhatBroke: a move that was given up because a program of the site
// breaks over it is told of under the work order; other ends are not.
func TestOfficeReadsWhatBroke(t *testing.T) {
	t.Parallel()
	p := newPlant(t, hubtest.Store(t))
	job := erpnexttest.Put(t, p.site, "Dispatch Job", map[string]any{"subject": "Chez Untel", "status": "Open"}, nil)
	for _, c := range []struct {
		err  error
		want int
	}{
		{errors.New("refused"), 0},
		{fmt.Errorf("writing: %w", &erpnext.Error{Status: 417, ExcType: "ValidationError"}), 0},
		{keep.Reject(fmt.Errorf("writing: %w", &erpnext.Error{Status: 500, ExcType: "AttributeError"})), 1},
	} {
		p.hubs[0].Died(t.Context(), keep.Job{Kind: effect.KindMove, Subject: keep.Subject{Doctype: "Dispatch Job", Name: job}}, c.err)
		said, err := p.erp.Comments(t.Context(), "Dispatch Job", job)
		if err != nil || len(said) != c.want || c.want > 0 && !strings.Contains(said[0].Content, "AttributeError") {
			t.Errorf("%v: %+v, %v", c.err, said, err)
		}
	}
}
