package census_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
)

var noon = time.Date(2026, 5, 20, 12, 0, 0, 0, hub.Local())

// french are the words of a site that has its own.
type french struct{}

func (french) In(word string) string {
	if word == "Assigned" {
		return erpnext.JobCompleted
	}
	return word
}

func (french) Out(status string) string {
	if status == erpnext.JobCompleted {
		return "Assigned"
	}
	return status
}

// town is a site with n services, each a contract, a subscription, an issue and a
// job that is done, in the site's words.
func town(t testing.TB, n int) (*census.Reader, *atomic.Int32) {
	t.Helper()
	raw, err := erpnext.Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	site, err := erpnextsim.New(erpnextsim.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	var docs []map[string]any
	add := func(doctype, name string, fields map[string]any) {
		fields["doctype"], fields["name"] = doctype, name
		docs = append(docs, fields)
	}
	for i := range n {
		contract, sub, issue := fmt.Sprintf("CTR-%d", i), fmt.Sprintf("SUB-%d", i), fmt.Sprintf("ISS-%d", i)
		add("Service Contract", contract, map[string]any{"customer": "C", "service_subscription": sub, "status": "Actif"})
		add("Service Subscription", sub, map[string]any{"customer": "C", "service_contract": contract, "status": "Actif", "plan_name": "Fibre", "service_category": "Internet"})
		add("Issue", issue, map[string]any{"subject": "x", "service_contract": contract, "status": "Open"})
		add("Dispatch Job", fmt.Sprintf("DJ-%d", i), map[string]any{"subject": "x", "service_contract": contract, "source_issue": issue, "status": "Assigned", "scheduled_date": "2026-05-20"})
	}
	laid, err := json.Marshal(docs)
	if err = errors.Join(err, site.Import(raw), site.AddUser("hub@example.test", "key0", "secret0", "System Manager"), site.Import(laid)); err != nil {
		t.Fatal(err)
	}
	calls := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	erp, err := erpnext.New(erpnext.Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"},
		erpnext.Deps{Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	return &census.Reader{ERPNext: erp, CutOff: "2026-03-29", Late: 35, Words: french{}, Now: func() time.Time { return noon }}, calls
}

// TestCallsFollowPages: a census costs lists by the page and by the batch of
// names, never by the document.
func TestCallsFollowPages(t *testing.T) {
	t.Parallel()
	const services = 520 // a page and a bit, two batches of names
	reader, calls := town(t, services)
	c, err := reader.Whole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Two pages each of contracts, subscriptions, jobs that are done, issues of
	// contracts and open issues; one of jobs that are not and of devices; five
	// counts, and what release the site has; two batches for the jobs of the issues,
	// each with one page.
	if n := calls.Load(); n > 2*5+2+5+1+2 {
		t.Errorf("%d calls", n)
	}
	if len(c.Contracts) != services || len(c.Subscriptions) != services || len(c.Jobs) != services || len(c.Issues) != services {
		t.Errorf("%d contracts, %d subscriptions, %d jobs, %d issues", len(c.Contracts), len(c.Subscriptions), len(c.Jobs), len(c.Issues))
	}
	for _, j := range c.Jobs {
		if j.Status != erpnext.JobCompleted || j.Beside {
			t.Fatalf("%+v", j)
		}
	}
	if len(c.Chain("CTR-7")) != 1 || len(c.Under("CTR-7")) != 1 || len(c.Tasks("ISS-7")) != 1 || len(c.Requests("CTR-7")) != 1 || len(c.PointingTo("SUB-7")) != 1 {
		t.Error("what belongs together is not found")
	}
}

// TestAroundIsBounded: a document is read again with what it hangs together with
// by no more lists than the package says.
func TestAroundIsBounded(t *testing.T) {
	t.Parallel()
	reader, calls := town(t, 3)
	for _, of := range [][2]string{
		{"Service Contract", "CTR-1"}, {"Service Subscription", "SUB-1"}, {"Dispatch Job", "DJ-1"}, {"Issue", "ISS-1"}, {"Service Equipment", "EQP-1"},
	} {
		calls.Store(0)
		c, err := reader.Around(t.Context(), of[0], of[1])
		if err != nil {
			t.Fatal(err)
		}
		if n := calls.Load(); n > 14 {
			t.Errorf("%s: %d calls", of[0], n)
		}
		if whole := c.Contract("CTR-1") != nil && c.Subscription("SUB-1") != nil && c.Job("DJ-1") != nil; !whole && of[0] != "Issue" && of[0] != "Service Equipment" {
			t.Errorf("%s: not all of the story", of[0])
		}
		if c.Contract("CTR-2") != nil {
			t.Errorf("%s: another story", of[0])
		}
	}
	if c, err := reader.Around(t.Context(), "Service Contract", "CTR-GONE"); err != nil || len(c.Contracts) > 0 {
		t.Errorf("what is gone: %v, %v", c, err)
	}
	if _, err := reader.Around(t.Context(), "Customer", "C"); err == nil {
		t.Error("a customer has a story")
	}
}

// BenchmarkWhole reads a town of 2 000 services.
func BenchmarkWhole(b *testing.B) {
	reader, calls := town(b, 2000)
	b.ResetTimer()
	for b.Loop() {
		calls.Store(0)
		if _, err := reader.Whole(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(calls.Load()), "calls/op")
}
