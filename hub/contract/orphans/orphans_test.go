package orphans_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/keep"
)

// profiles are the releases that everything is tried on.
var profiles = map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16}

// everything is the whole site: each document by doctype and name, with all its
// columns, and the rows of the tables that matter here.
func (p *plant) everything(t *testing.T) map[string]map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	p.site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_sim/state", nil))
	var shown struct {
		State struct {
			Documents map[string]int `json:"documents"`
		} `json:"state"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil || shown.State.Documents["Dispatch Job"] == 0 {
		t.Fatalf("state of the site: %v, %d doctypes", err, len(shown.State.Documents))
	}
	doctypes := append(slices.Collect(maps.Keys(shown.State.Documents)), "Dispatch Job Predecessor", "Sales Invoice Item")
	all := map[string]map[string]any{}
	for _, doctype := range doctypes {
		if fixed[doctype] { // ERPNext notes when a user was last seen; the others are large
			continue
		}
		docs, err := p.site.All(doctype, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			all[doctype+" "+fmt.Sprint(d["name"])] = d
		}
	}
	return all
}

// fixed are doctypes of the installation itself, which nobody compares.
var fixed = map[string]bool{"User": true, "DocType": true, "Custom Field": true, "Currency": true, "Country": true, "UOM": true, "Role": true}

// changed lists the documents that differ, by doctype.
func changed(before, after map[string]map[string]any) (documents []string) {
	for key, d := range after {
		if !reflect.DeepEqual(before[key], d) {
			documents = append(documents, key)
		}
	}
	for key := range before {
		if after[key] == nil {
			documents = append(documents, "gone: "+key)
		}
	}
	slices.Sort(documents)
	return documents
}

func (p *plant) inspect(t *testing.T, mode string, checks ...string) *orphans.Report {
	t.Helper()
	r, err := p.desk.Inspect(t.Context(), orphans.Order{Mode: mode, Checks: checks, By: "staff:ann"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// finds are the findings of a report as plants write them.
func finds(r *orphans.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		line := f.Check + " " + f.Name
		if f.Repairable {
			line = "!" + line
		}
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(bare(a), bare(b)) })
	return out
}

func unrepairable(finds []string) []string {
	return slices.DeleteFunc(slices.Clone(finds), func(f string) bool { return f[0] == '!' })
}

// TestHealthyStoriesAreLeftAlone: nothing is found among what is right, and what
// was imported is counted only.
func TestHealthyStoriesAreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, profile)
			before := p.everything(t)
			r := p.inspect(t, orphans.ModeRepair)
			if len(r.Findings) > 0 {
				t.Errorf("found %v", finds(r))
			}
			want := map[string]int{"Dispatch Job": 20, "Service Contract": 5, "Service Equipment": 5, "Service Subscription": 5}
			if diff := gocmp.Diff(want, r.Ignored); diff != "" {
				t.Errorf("ignored (-want +got):\n%s", diff)
			}
			if wrote := changed(before, p.everything(t)); len(wrote) > 0 {
				t.Errorf("wrote %v", wrote)
			}
		})
	}
}

// TestPlantedBreaches finds exactly what was planted among what is right, repairs
// what can be, writes nothing else, and finds the rest again.
func TestPlantedBreaches(t *testing.T) {
	t.Parallel()
	docs, planted := sown(plants())
	p := open(t, erpnextsim.V16, docs...)
	before := p.everything(t)
	for _, mode := range []string{orphans.ModeReport, orphans.ModeDryRun} {
		if diff := gocmp.Diff(planted, finds(p.inspect(t, mode))); diff != "" {
			t.Errorf("%s (-planted +found):\n%s", mode, diff)
		}
	}
	if wrote := changed(before, p.everything(t)); len(wrote) > 0 {
		t.Fatalf("a report wrote %v", wrote)
	}
	p.noted(t, p.repaired(t))
	after := p.everything(t)
	writes(t, changed(before, after))
	if diff := gocmp.Diff(unrepairable(planted), finds(p.inspect(t, orphans.ModeRepair))); diff != "" {
		t.Errorf("the second time (-want +found):\n%s", diff)
	}
	if wrote := changed(after, p.everything(t)); len(wrote) > 0 {
		t.Errorf("the second time wrote %v", wrote)
	}
}

// TestPlantedBreachesOnTheOlderRelease: lists and writes mean the same there.
func TestPlantedBreachesOnTheOlderRelease(t *testing.T) {
	t.Parallel()
	docs, planted := sown(plants())
	p := open(t, erpnextsim.V15, docs...)
	if diff := gocmp.Diff(planted, finds(p.repaired(t))); diff != "" {
		t.Errorf("(-planted +found):\n%s", diff)
	}
	if diff := gocmp.Diff(unrepairable(planted), finds(p.inspect(t, orphans.ModeReport))); diff != "" {
		t.Errorf("what is left (-want +found):\n%s", diff)
	}
}

// repaired inspects and repairs: all that can be repaired is.
func (p *plant) repaired(t *testing.T) *orphans.Report {
	t.Helper()
	r := p.inspect(t, orphans.ModeRepair)
	for _, f := range r.Findings {
		if (f.Name == "CTR-c1b") != (f.Severity == "warning") && strings.HasPrefix(f.Check, "contract-without") {
			t.Errorf("%s %s: %s", f.Check, f.Name, f.Severity)
		}
		if f.Repairable != f.Repaired || f.Error != "" {
			t.Errorf("%s %s: repaired %v, %s", f.Check, f.Name, f.Repaired, f.Error)
		}
	}
	return r
}

// writes compares what was written with what the plants allow. Rows of child
// tables and versions come and go with their documents.
func writes(t *testing.T, documents []string) {
	t.Helper()
	allowed, got := map[string]int{}, map[string]int{}
	for _, b := range plants() {
		for _, doctype := range b.writes {
			allowed[doctype]++
		}
	}
	along := []string{"Version", "Dispatch Job Predecessor", "Sales Invoice Item", "Sales Taxes and Charges", "Payment Schedule"}
	for _, document := range documents {
		doctype, name := document[:strings.LastIndexByte(document, ' ')], document[strings.LastIndexByte(document, ' ')+1:]
		if slices.Contains(along, doctype) {
			continue
		}
		got[doctype]++
		if _, tale, _ := strings.Cut(name, "-"); len(tale) > 4 && !strings.HasPrefix(tale, "0") && !strings.HasPrefix(tale, "2026") && doctype != "Sales Invoice" {
			t.Errorf("%s is nobody's business", document)
		}
	}
	if diff := gocmp.Diff(allowed, got); diff != "" {
		t.Errorf("written (-allowed +got):\n%s\n%s", diff, strings.Join(documents, "\n"))
	}
}

// noted looks for the audit line of each repair.
func (p *plant) noted(t *testing.T, r *orphans.Report) {
	t.Helper()
	lines, _, err := p.store.Audits(t.Context(), keep.AuditFilter{Action: "orphan.repair", Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Name == "SUB-a1b" { // was activated with its rebate
			continue
		}
		if f.Repairable && !slices.ContainsFunc(lines, func(l keep.Record) bool {
			return l.Actor == "staff:ann" && l.Doctype == f.Doctype && l.Name == f.Name
		}) {
			t.Errorf("no line in the audit of %s %s", f.Check, f.Name)
		}
	}
}
