package billing_test

import (
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
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
		if status, _ := o.ask(hub.RoleService, "GET", "/billing/guard", ""); status != 200 {
			t.Errorf("a machine is not told: %d", status)
		}
		if status, _ := o.ask(hub.RoleTechnician, "GET", "/billing/guard", ""); status == 200 {
			t.Errorf("a technician is told: %d", status)
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
		{hub.RoleStaff, "GET", "/billing/dry-run.csv?month=may", "", 422, `"query/month"`},
		{hub.RoleStaff, "GET", "/billing/dry-run.csv?sep=%7C", "", 422, `"query/sep","detail":"expected semicolon or comma"`},
		{hub.RoleStaff, "POST", "/billing/compare?of=some", "customer,amount", 422, `"query/of"`},
		{hub.RoleStaff, "POST", "/billing/compare", "\xff\xfec\x00", 422, "UTF-16"},
		{hub.RoleStaff, "POST", "/billing/compare?of=all", "customer,amount", 422, "total or a subtotal"},
		{hub.RoleStaff, "POST", "/billing/compare", "", 422, "empty"},
		{hub.RoleStaff, "POST", "/billing/compare", "qui,combien\nC,1", 422, "columns customer and amount"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\nC", 422, "line 2"},
		{hub.RoleStaff, "POST", "/billing/compare", "customer,amount\nC,1\nC,x", 422, "line 3 has not"},
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
