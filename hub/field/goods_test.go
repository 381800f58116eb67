package field_test

import (
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestArticlesAreOnThePage of a work order, by name, so that a telephone knows them
// in a dead zone; what is none of them is refused in words.
func TestArticlesAreOnThePage(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	job := c.file(t, map[string]any{"start_time": "16:30:00", "route_order": 0})
	first := c.file(t, map[string]any{"start_time": "9:30:00", "route_order": 3})
	page := c.ask(t, "T1", http.MethodGet+" /j/job/"+job, nil).Body.String()
	for _, want := range []string{`<option value="CABLE">Article CABLE</option>`, `<option value="PRISE">Article PRISE</option>`, "data-whole"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	got := c.send(t, "T1", seq(1).wire("free", job, "material", body{"item": "Connecteur", "qty": 1}), seq(2).wire("number", job, "checklist", body{"label": "Puissance", "value": "abc"}))
	if got[0].Error == nil || !strings.Contains(got[0].Error.Detail, "Connecteur") || got[1].Error == nil || !strings.Contains(got[1].Error.Detail, "Puissance") {
		t.Errorf("%+v", got)
	}
	day := decode[sheet](t, c.ask(t, "T1", http.MethodGet+" /field/jobs", nil))
	if len(day.Jobs) != 2 || day.Jobs[0].Name != first || !day.Jobs[0].NextUp {
		t.Errorf("%+v", day.Jobs)
	}
	said := c.ask(t, "T1", http.MethodPost+" /field/mutations", body{"mutations": []body{seq(3).wire("seen", first, "note", body{"text": "vu"})}}).Body.String()
	if !strings.Contains(said, `"document":{`) || strings.Contains(said, "next_up") {
		t.Error(said)
	}
}
