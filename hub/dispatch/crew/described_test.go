package crew_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// TestAssignIsDescribed: the description of the route shows the members of a single
// assignment beside the list of several.
func TestAssignIsDescribed(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+"/openapi.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	members := doc.Components.Schemas["AssignInputBody"].Properties
	for _, name := range []string{"job", "technician", "date", "start_time", "duration_h", "route_order", "group", "pinned", "assistants", "modified", "jobs", "force"} {
		if members[name] == nil {
			t.Errorf("%s is not described: %v", name, members)
		}
	}
}
