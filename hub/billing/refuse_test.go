package billing_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/simkit"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	for paused, want := range map[bool]string{false: `{"paused":false,"key_configured":true}`, true: `{"paused":true,"why":"site","since":`} {
		o := open(t)
		o.site.Configure(func(s *erpnextsim.Settings) { s.PauseScheduler = paused })
		if status, body := o.ask(hub.RoleStaff, "GET", "/billing/guard", ""); status != 200 || !strings.HasPrefix(body, want) {
			t.Errorf("paused %v: %d %s", paused, status, body)
		}
		if status, _ := o.ask(hub.RoleService, "GET", "/billing/guard", ""); status != 401 {
			t.Errorf("a machine is told: %d", status)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, test := range []struct {
		role                 hub.Role
		method, target, body string
		status               int
		says                 string
	}{
		{hub.RoleTechnician, "GET", "/billing/dry-run", "", 401, "unauthenticated"},
		{hub.RoleCustomer, "GET", "/billing/dry-run.csv", "", 401, "unauthenticated"},
		{hub.RolePublic, "POST", "/billing/compare", "", 401, "unauthenticated"},
		{hub.RoleStaff, "GET", "/billing/dry-run?month=2026-13", "", 422, "2026-05"},
		{hub.RoleStaff, "GET", "/billing/dry-run.csv?month=may", "", 422, "2026-05"},
		{hub.RoleStaff, "GET", "/billing/dry-run.csv?sep=%7C", "", 422, "semicolon or comma"},
		{hub.RoleStaff, "POST", "/billing/compare?of=all", "customer,amount", 422, "total or a subtotal"},
		{hub.RoleStaff, "POST", "/billing/compare", "", 422, "empty"},
		{hub.RoleStaff, "POST", "/billing/compare", "client,montant\nC,1", 422, "columns customer and amount"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\nC", 422, "line 2"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\nC,1\nC,x", 422, "like 45.93, line 3"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\n,1", 422, "like 45.93"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\nC,1e999999999", 422, "like 45.93"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\nC,\"1", 422, "quotation"},
		{hub.RoleStaff, "GET", "/billing/dry-run?month=2026-05", "", 200, `"invoices":[],"skipped":[]`},
		{hub.RoleStaff, "GET", "/billing/dry-run.csv", "", 200, "0 invoices, 0 services skipped"},
	} {
		status, body := o.ask(test.role, test.method, test.target, test.body)
		if status != test.status || !strings.Contains(body, test.says) {
			t.Errorf("%s %s: %d %s", test.method, test.target, status, body)
		}
	}
}

// TestCompare lines up what we would bill with what the former system billed.
func TestCompare(t *testing.T) {
	t.Parallel()
	o := open(t)
	ann, bob := o.town()
	for _, test := range []struct {
		query, table string
		equal        int
		want         []string // customer hub legacy difference
	}{
		{"", "customer,amount\n" + ann + ",94.32\n\"" + strings.ReplaceAll(bob, `"`, `""`) + "\",-14.38\n", 2, nil},
		{"", "\ufeffAmount;Other;Customer\r\n90,00;x;" + ann + "\r\n4.35;y;" + ann + "\r\n10;z;Nobody\r\n", 0, []string{
			bob + " -14.38 0.00 -14.38", ann + " 94.33 94.35 -0.02", "Nobody 0.00 10.00 -10.00",
		}},
		{"?of=subtotal&month=2026-05", "customer,amount\n" + ann + ",82.05\n", 1, []string{bob + " -12.50 0.00 -12.50"}},
	} {
		status, body := o.ask(hub.RoleService, "POST", "/billing/compare"+test.query, test.table)
		var c billing.Comparison
		if err := json.Unmarshal([]byte(body), &c); status != 200 || err != nil {
			t.Fatalf("%d %s, %v", status, body, err)
		}
		var got []string
		for _, d := range c.Differences {
			got = append(got, d.Customer+" "+d.Hub.String()+" "+d.Legacy.String()+" "+d.More.String())
		}
		if diff := cmp.Diff(test.want, got); diff != "" || c.Equal != test.equal || c.Month != "2026-05" || c.Tolerance != "0.01" {
			t.Errorf("%s: %+v\n%s", test.query, c, diff)
		}
	}
	if o.writes.Load() != 0 {
		t.Errorf("a comparison wrote %d times", o.writes.Load())
	}
}

// TestASiteThatFails: before the first customer it is a refusal, afterwards the
// answer breaks off and is no report.
func TestASiteThatFails(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.town()
	o.site.Fault().Fail(simkit.Fault{Next: 50, Status: http.StatusForbidden, Match: "GET /api/resource/Customer"})
	if status, body := o.ask(hub.RoleStaff, "GET", "/billing/dry-run", ""); status < 500 || strings.Contains(body, `"complete"`) {
		t.Errorf("%d %s", status, body)
	}
	o.site.Fault().Reset()
	if status, body := o.ask(hub.RoleStaff, "GET", "/billing/dry-run", ""); status != 200 || !strings.Contains(body, `"complete":true`) {
		t.Errorf("%d %s", status, body)
	}
}
