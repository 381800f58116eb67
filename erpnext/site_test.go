package erpnext

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"gigafibre.ca/targo-hub/erpnext/schema"
)

// A user who may not ask for versions learns the generation all the same.
func TestShapeProbe(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]Profile{"JSONDecodeError": V15, "DataError": V16, "ValidationError": 0} {
		c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
			if strings.HasSuffix(r.Path, "get_versions") {
				reply(w, 403, `{"exc_type":"PermissionError"}`)
				return
			}
			reply(w, 417, refusal(class, "No"))
		})
		got, err := c.Profile(t.Context())
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %s, %v", class, got, err)
		}
		if last := s.asked()[1]; last.Body != "{" || last.Header.Get("Content-Type") != "application/json" {
			t.Errorf("asked with %+v", last)
		}
	}
}

// An upgraded site is asked for its version again, and then in its own form.
func TestUpgradeIsNoticed(t *testing.T) {
	t.Parallel()
	version := "15.90.0"
	c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		switch {
		case strings.HasSuffix(r.Path, "get_versions"):
			reply(w, 200, `{"message":{"frappe":{"version":"`+version+`"}}}`)
		case strings.Contains(r.Query, "count%28name%29") == (version[:2] == "15"):
			reply(w, 200, `{"data":[{"n":3}]}`)
		default:
			reply(w, 417, refusal("ValidationError", "No functions"))
		}
	})
	count := func(ctx context.Context) string {
		rows, err := List[map[string]int](ctx, c, Query{Doctype: "Issue", Compute: []Aggregate{Counted("n")}})
		return fmt.Sprint(rows, err)
	}
	for _, version = range []string{"15.90.0", "16.1.0", "16.1.0"} {
		if got := count(t.Context()); got != "[map[n:3]] <nil>" {
			t.Errorf("on %s: %s", version, got)
		}
	}
	probes := 0
	for _, r := range s.asked() {
		if strings.HasSuffix(r.Path, "get_versions") {
			probes++
		}
	}
	if probes != 2 {
		t.Errorf("%d probes, want 2", probes)
	}
}

// A probe that failed is made again; one that worked is not.
func TestProbesAreMadeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := inside(t, func(w http.ResponseWriter, r seen, n int) {
			switch {
			case n <= 3:
				reply(w, 502, badGateway)
			case strings.HasSuffix(r.Path, "get_single_value"): // the settings of the site are not for everybody
				reply(w, 403, `{"exc_type":"PermissionError"}`)
			case strings.HasSuffix(r.Path, "get_time_zone"):
				reply(w, 200, `{"message":{"time_zone":"America/Vancouver"}}`)
			default:
				reply(w, 200, `{"message":{"frappe":{"version":"16.4.1"},"erpnext":{"version":"15.0.0"}}}`)
			}
		})
		if _, err := c.Profile(t.Context()); err == nil {
			t.Error("a version out of nothing")
		}
		for range 3 {
			p, err := c.Profile(t.Context())
			zone, zoneErr := c.Zone(t.Context())
			if p != V16 || err != nil || zoneErr != nil || zone.String() != "America/Vancouver" {
				t.Errorf("%s %v, %v %v", p, err, zone, zoneErr)
			}
		}
		if n := len(s.asked()); n != 6 {
			t.Errorf("%d calls, want 6", n)
		}
	})
}

func TestFixturesAreTheSchema(t *testing.T) {
	t.Parallel()
	raw, err := Fixtures()
	if err != nil || !strings.Contains(string(raw), schema.ContractTerminated) || !slices.Contains(JobTypes(), "Installation") {
		t.Errorf("fixtures of %d bytes, %v", len(raw), err)
	}
}

// Early releases of version 16 have no bulk update of their own: it is asked for
// once, then each document is updated alone.
func TestBulkUpdateWhereThereIsNone(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		switch {
		case strings.HasSuffix(r.Path, "get_versions"):
			reply(w, 200, `{"message":{"frappe":{"version":"16.4.1"}}}`)
		case strings.HasPrefix(r.Path, "/api/v2/"):
			reply(w, 404, `{"errors":[{"type":"DoesNotExistError"}]}`)
		case strings.HasSuffix(r.Path, "/DJ-3"):
			reply(w, 417, refusal("ValidationError", "No"))
		default:
			reply(w, 200, `{"data":{}}`)
		}
	})
	docs := make([]Values, 45)
	for i := range docs {
		docs[i] = Values{"name": fmt.Sprint("DJ-", i), "notes": "x"}
	}
	failed, err := c.BulkUpdate(t.Context(), "Dispatch Job", docs)
	if err != nil || len(failed) != 1 || !IsValidation(failed["DJ-3"]) {
		t.Errorf("failed %v, %v", failed, err)
	}
	second := 0
	for _, r := range s.asked() {
		if strings.HasPrefix(r.Path, "/api/v2/") {
			second++
		}
	}
	if n := len(s.asked()); n != 1+1+45 || second != 1 {
		t.Errorf("%d calls, %d of them to the second version", n, second)
	}
}

// Where there is one, twenty go in one call, and what failed is told by name.
func TestBulkUpdateOfTheSite(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		if strings.HasSuffix(r.Path, "get_versions") {
			reply(w, 200, `{"message":{"frappe":{"version":"16.20.0"}}}`)
			return
		}
		reply(w, 200, `{"data":{"updated":["DJ-0"],"failed":[{"name":"DJ-3","error":"No"}],"total":20}}`)
	})
	docs := make([]Values, 45)
	for i := range docs {
		docs[i] = Values{"name": fmt.Sprint("DJ-", i), "notes": "x"}
	}
	failed, err := c.BulkUpdate(t.Context(), "Dispatch Job", docs)
	if err != nil || len(failed) != 1 || !IsValidation(failed["DJ-3"]) || len(s.asked()) != 4 {
		t.Errorf("%d calls, failed %v, %v", len(s.asked()), failed, err)
	}
	if _, err := c.BulkUpdate(t.Context(), "Dispatch Job", []Values{{"notes": "x"}}); err == nil {
		t.Error("a document without a name was taken")
	}
}
