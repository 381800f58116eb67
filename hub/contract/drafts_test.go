package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/simkit"
)

// TestDraftsOfDaysAfterTheEnd: the draft of a change of plan goes with the days that
// it is for; one that is partly for days before the end is named, and stays.
func TestDraftsOfDaysAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		starts string // of the service
		touch  doc    // what became of the draft
		fault  *simkit.Fault
		want   string // step
		stays  bool
	}{
		"all of it is after the end": {"2026-06-16", nil, nil, "done", false},
		"its reply is lost":          {"2026-06-16", nil, &simkit.Fault{Match: "DELETE /api/resource/Sales Invoice", DropAfterCommit: true}, "done", false},
		"ERPNext is away":            {"2026-06-16", nil, &simkit.Fault{Match: "DELETE /api/resource/Sales Invoice", Status: 503}, "done", false},
		"ERPNext keeps it":           {"2026-06-16", nil, &simkit.Fault{Match: "DELETE /api/resource/Sales Invoice", Status: 417}, "skipped for days", true},
		"part of it":                 {"2026-01-01", nil, nil, "skipped for days", true},
		"a person's own":             {"2026-06-16", doc{"custom_hub_key": "SUB-1/other"}, nil, "skipped no draft", true},
		"all of it before the end":   {"2026-01-01", doc{"period_start": "2026-06-01", "period_end": "2026-06-14"}, nil, "skipped no draft", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.put("Service Subscription", doc{"name": "SUB-1", "start_date": c.starts})
			draft := p.must(post, "/contract/change-plan", faster())["invoice"].(string)
			if c.touch != nil {
				c.touch["name"] = draft
				p.put("Sales Invoice", c.touch)
			}
			if c.fault != nil {
				p.site.Fault().Fail(*c.fault)
			}
			p.must(post, "/contract/terminate", leave())
			p.idles()
			answer := p.must(http.MethodGet, "/contract/CTR-1/termination", nil)
			if got := step(answer, "drafts"); !strings.HasPrefix(got, c.want) {
				t.Errorf("step: %s", got)
			}
			if there := p.count("Sales Invoice", doc{"name": draft}) == 1; there != c.stays {
				t.Errorf("the draft is there: %v", there)
			}
			left, _ := answer["drafts_left"].([]any)
			said := p.count("Comment", doc{"content": "Brouillons à revoir, pour des jours après la fin : " + draft})
			if partly := c.want == "skipped for days"; (len(left) == 1) != partly || (said == 1) != partly {
				t.Errorf("left %v, %d comments", left, said)
			}
			if gone, _ := answer["drafts_deleted"].([]any); (len(gone) == 1) == c.stays {
				t.Errorf("deleted %v", gone)
			}
		})
	}
}
