package adapt_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
)

// finds is an ERPNext that finds these rows whatever is asked.
func finds(t *testing.T, rows ...map[string]any) access.Lookup {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{"data": rows}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(site.Close)
	return adapt.Technician(erpnexttest.Client(t, site.URL, nil))
}

// What the database takes for the same is not the same person.
func TestTechnicianOfAnAccount(t *testing.T) {
	t.Parallel()
	tech := func(name, user string) map[string]any { return map[string]any{"name": name, "user": user} }
	rene := access.Person{Username: "rene", Email: "rene@example.com"}
	for name, test := range map[string]struct {
		rows   []map[string]any
		person access.Person
		want   string
	}{
		"by address":            {[]map[string]any{tech("TECH-1", "rene@example.com")}, rene, "TECH-1"},
		"other letter case":     {[]map[string]any{tech("TECH-1", "Rene@Example.com")}, rene, "TECH-1"},
		"by name":               {[]map[string]any{tech("TECH-1", "rene")}, rene, "TECH-1"},
		"only an accent apart":  {[]map[string]any{tech("TECH-2", "rené@example.com")}, rene, ""},
		"only a blank apart":    {[]map[string]any{tech("TECH-2", "rene@example.com ")}, rene, ""},
		"beside the right one":  {[]map[string]any{tech("TECH-2", "rené@example.com"), tech("TECH-1", "rene@example.com")}, rene, "TECH-1"},
		"two":                   {[]map[string]any{tech("TECH-1", "rene"), tech("TECH-2", "rene@example.com")}, rene, ""},
		"none":                  {nil, rene, ""},
		"without name, address": {[]map[string]any{tech("TECH-1", "")}, access.Person{}, ""},
	} {
		got, err := finds(t, test.rows...)(t.Context(), test.person)
		if got != test.want || (test.want == "") != hub.IsKind(err, hub.NotFound) {
			t.Errorf("%s: %q %v, want %q", name, got, err, test.want)
		}
	}
}
