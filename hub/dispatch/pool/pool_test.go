package pool_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/dispatch/pool"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/web"
)

func clock() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local()) }

// founded is what sites begin as, by release: two groups and a technician of
// neither; jobs may be without a day, as old ones are.
var founded = erpnexttest.Founded(clock, func(site *erpnexttest.Founding) {
	for field, value := range map[string]string{"reqd": "0", "default": ""} {
		site.Put("Property Setter", map[string]any{"doctype_or_field": "DocField", "doc_type": "Dispatch Job", "field_name": "scheduled_date",
			"property": field, "value": value, "property_type": "Data"})
	}
	site.Put("Dispatch Technician", map[string]any{"technician_id": "T1", "full_name": "Rémi", "assigned_group": "Installation"})
	site.Put("Dispatch Technician", map[string]any{"technician_id": "T2", "full_name": "Zoé", "assigned_group": "Fibre"})
	site.Put("Dispatch Technician", map[string]any{"technician_id": "T3", "full_name": "Seul"})
	site.Put("Dispatch Technician", map[string]any{"technician_id": "T9", "full_name": "Parti", "assigned_group": "Fibre", "active": 0})
})

type office struct {
	tb    testing.TB
	site  *erpnextsim.Site
	erp   *erpnext.Client
	url   string
	calls atomic.Int32
}

func newOffice(tb testing.TB, profile erpnextsim.Profile) *office {
	tb.Helper()
	o := &office{tb: tb, site: erpnexttest.Site(tb, founded[profile], clock)}
	o.erp = erpnexttest.Client(tb, erpnexttest.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.calls.Add(1)
		o.site.ServeHTTP(w, r)
	})), nil)
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		tb.Fatal(err)
	}
	pool.New(o.erp, machine.Words{}).Mount(server.Router())
	edge := httptest.NewServer(server.Handler())
	tb.Cleanup(edge.Close)
	o.url = edge.URL
	return o
}

func (o *office) put(doctype string, doc map[string]any) string {
	o.tb.Helper()
	name, err := o.site.Put(doctype, doc)
	if err != nil {
		o.tb.Fatal(err)
	}
	return name
}

func (o *office) job(subject string, more map[string]any) string {
	doc := map[string]any{"subject": subject, "assigned_group": "Installation", "start_time": "", "scheduled_date": "2026-11-23"}
	for k, v := range more {
		doc[k] = v
	}
	return o.put("Dispatch Job", doc)
}

type answer struct {
	status int
	Items  []pool.Job `json:"items"`
	Next   string     `json:"next"`
	Code   string     `json:"code"`
}

func (o *office) ask(who, query string) (a answer) {
	o.tb.Helper()
	req, err := http.NewRequestWithContext(o.tb.Context(), http.MethodGet, o.url+"/dispatch/group-jobs?"+query, nil)
	if err != nil {
		o.tb.Fatal(err)
	}
	req.Header.Set(hubtest.RoleHeader, who)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.tb.Fatal(err)
	}
	defer resp.Body.Close()
	a.status = resp.StatusCode
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		o.tb.Fatal(err)
	}
	return a
}

func subjects(jobs []pool.Job) []string {
	out := []string{}
	for _, j := range jobs {
		out = append(out, j.Subject)
	}
	return out
}

// TestGroupJobs shows what may be claimed, and nothing else, on both releases.
func TestGroupJobs(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, profile)
			customer := o.put("Customer", map[string]any{"customer_name": "Ève Untel", "customer_type": "Individual"})
			house := o.put("Service Location", map[string]any{"customer": customer, "address_line": "9 rue des Essais", "city": "Granby",
				"latitude": 45.4, "longitude": -72.7, "access_notes": "code 1234"})
			o.job("without a day", map[string]any{"scheduled_date": nil})
			o.job("later", map[string]any{"scheduled_date": "2026-12-01"})
			first := o.job("first", map[string]any{"customer": customer, "service_location": house, "start_time": "08:00:00", "duration_h": 2})
			o.job("given", map[string]any{"assigned_tech": "T1", "status": "Assigned"})
			o.job("waits", map[string]any{"status": "On Hold"})
			o.job("done", map[string]any{"status": "Completed"})
			o.job("of others", map[string]any{"assigned_group": "Fibre"})
			got := o.ask("technician:T1", "")
			if diff := cmp.Diff([]string{"first", "later", "without a day"}, subjects(got.Items)); diff != "" {
				t.Fatal(diff)
			}
			want := pool.Job{Name: first, Subject: "first", JobType: "Installation", Priority: "medium", Status: "Open", AssignedGroup: "Installation",
				Customer: customer, CustomerName: "Ève Untel", ServiceLocation: house, Address: "9 rue des Essais, Granby", Latitude: 45.4, Longitude: -72.7,
				ScheduledDate: "2026-11-23", StartTime: "08:00:00", DurationH: 2, Modified: got.Items[0].Modified}
			if diff := cmp.Diff(want, got.Items[0]); diff != "" {
				t.Error(diff)
			}
			if got.Items[2].ScheduledDate != "" || got.Next != "" {
				t.Errorf("%+v", got)
			}
			if n := o.calls.Load(); n > 3 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestGroupJobsInPages walks with every page size; who claims a job on the way
// hides no other.
func TestGroupJobsInPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, erpnextsim.V16)
	var want []string
	for _, day := range []string{"2026-11-23", "2026-11-24", ""} {
		for i := range 3 {
			subject := fmt.Sprintf("%s %d", day, i)
			o.job(strings.TrimSpace(subject), map[string]any{"scheduled_date": day})
			want = append(want, strings.TrimSpace(subject))
		}
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		cursor := ""
		for pages := 0; ; pages++ {
			page := o.ask("staff:ann", fmt.Sprintf("group=Installation&limit=%d&cursor=%s", limit, url.QueryEscape(cursor)))
			got = append(got, subjects(page.Items)...)
			if cursor = page.Next; cursor == "" || pages > len(want) {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: %s", limit, diff)
		}
	}
	page := o.ask("staff:ann", "group=Installation&limit=2")
	for _, job := range page.Items {
		if err := o.erp.Update(t.Context(), "Dispatch Job", job.Name, erpnext.Values{"assigned_tech": "T1", "status": "Assigned"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	next := o.ask("staff:ann", "group=Installation&limit=2&cursor="+url.QueryEscape(page.Next))
	if diff := cmp.Diff(want[2:4], subjects(next.Items)); diff != "" {
		t.Error(diff)
	}
}

// TestGroupJobsOfWhom: a technician sees his own group's, the staff anybody's.
func TestGroupJobsOfWhom(t *testing.T) {
	t.Parallel()
	o := newOffice(t, erpnextsim.V16)
	o.job("installation", nil)
	o.job("fibre", map[string]any{"assigned_group": "Fibre"})
	for name, tc := range map[string]struct {
		who, query string
		status     int
		want       []string
	}{
		"own, unnamed":       {"technician:T1", "", 200, []string{"installation"}},
		"own, named":         {"technician:T1", "technician=T1&group=Installation", 200, []string{"installation"}},
		"another's":          {"technician:T1", "technician=T2", 403, nil},
		"another group":      {"technician:T1", "group=Fibre", 403, nil},
		"of no group":        {"technician:T3", "", 200, []string{}},
		"who left":           {"technician:T9", "", 403, nil},
		"nobody":             {"technician:T7", "", 422, nil},
		"staff, group":       {"staff:ann", "group=Fibre", 200, []string{"fibre"}},
		"staff, technician":  {"staff:ann", "technician=T2", 200, []string{"fibre"}},
		"staff, both":        {"staff:ann", "technician=T2&group=Installation", 422, nil},
		"staff, of who left": {"staff:ann", "technician=T9", 200, []string{"fibre"}},
		"staff, neither":     {"staff:ann", "", 422, nil},
		"staff, unknown":     {"staff:ann", "technician=T7", 422, nil},
		"a customer":         {"customer:C1", "group=Fibre", 401, nil},
		"cursor of others":   {"staff:ann", "group=Fibre&cursor=abc", 422, nil},
		"cursor of no day":   {"staff:ann", "group=Fibre&cursor=2026-13-01/DJ-1", 422, nil},
		"too many at a time": {"staff:ann", "group=Fibre&limit=201", 422, nil},
	} {
		got := o.ask(tc.who, tc.query)
		if got.status != tc.status || tc.want != nil && !cmp.Equal(tc.want, subjects(got.Items)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
