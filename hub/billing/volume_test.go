package billing_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/web"
)

// crowd answers lists as ERPNext does, for many customers who exist nowhere: the
// nth has the services of the rows n × 8 / 3 and on.
type crowd struct {
	customers, services int
	calls               atomic.Int64
	breaksAt            int64 // call after which nothing works; 0 = never
}

func customerNo(n int) string { return fmt.Sprintf("CUST-%06d", n) }
func serviceNo(n int) string  { return fmt.Sprintf("SUB-%06d", n) }

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n := c.calls.Add(1); c.breaksAt > 0 && n > c.breaksAt {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	var args struct {
		Doctype string `json:"doctype"`
		Filters [][]any
		Limit   int `json:"limit_page_length"`
	}
	if r.Method == http.MethodGet {
		args.Doctype = strings.TrimPrefix(r.URL.Path, "/api/resource/")
		_ = json.Unmarshal([]byte(r.URL.Query().Get("filters")), &args.Filters)
		args.Limit, _ = strconv.Atoi(r.URL.Query().Get("limit_page_length"))
	} else {
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &args)
	}
	w.Header().Set("Content-Type", "application/json")
	var data any = []any{}
	switch {
	case strings.HasSuffix(r.URL.Path, "get_count"):
		data = c.services
	case args.Doctype == "Customer":
		data = c.page(args.Limit, number(value(args.Filters, "name", "CUST-")))
	case args.Doctype == "Service Subscription":
		data = c.of(args.Filters, args.Limit)
	}
	raw, _ := json.Marshal(map[string]any{"data": data, "message": data})
	_, _ = w.Write(raw)
}

func (c *crowd) page(limit, after int) []any {
	rows := []any{}
	for n := after + 1; n <= c.customers && len(rows) < limit; n++ {
		rows = append(rows, map[string]any{"name": customerNo(n), "customer_name": "Cliente " + strconv.Itoa(n), "language": "fr", "disabled": 0})
	}
	return rows
}

func (c *crowd) of(filters [][]any, limit int) []any {
	rows := []any{}
	var customers []any
	for _, f := range filters {
		if list, ok := f[len(f)-1].([]any); ok {
			customers = list
		}
	}
	if len(customers) == 0 { // nobody's
		return rows
	}
	first, last := number(customers[0]), number(customers[len(customers)-1])
	begin := max((first-1)*c.services/c.customers, number(value(filters, "name", "SUB-")))
	for n := begin + 1; n <= last*c.services/c.customers && len(rows) < limit; n++ {
		owner := (n*c.customers + c.services - 1) / c.services
		rows = append(rows, map[string]any{
			"name": serviceNo(n), "customer": customerNo(owner), "service_location": "LOC-1", "service_category": "Internet", "plan_name": "Fibre 500",
			"monthly_price": 39.95, "billing_cycle": "Monthly", "status": "Actif", "start_date": "2024-01-15", "display_order": 10,
		})
	}
	return rows
}

// value is what a field must lie behind, 0 when nothing is said.
func value(filters [][]any, field, prefix string) any {
	for _, f := range filters {
		if text, ok := f[len(f)-1].(string); ok && slices.Contains(f, any(field)) && strings.HasPrefix(text, prefix) {
			return text
		}
	}
	return ""
}

func number(name any) int {
	text, _ := name.(string)
	n, _ := strconv.Atoi(text[strings.LastIndexByte(text, '-')+1:])
	return n
}

// before opens a desk before a crowd.
func before(tb testing.TB, c *crowd) (hubURL string) {
	tb.Helper()
	site := httptest.NewServer(c)
	tb.Cleanup(site.Close)
	erp, err := erpnext.New(erpnext.Config{URL: site.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		tb.Fatal(err)
	}
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{Scopes: []string{"billing"}}})
	if err != nil {
		tb.Fatal(err)
	}
	billing.NewDesk(billing.Deps{ERPNext: erp, Now: func() time.Time { return today }}).Mount(edge.Router())
	server := httptest.NewServer(edge.Handler())
	tb.Cleanup(server.Close)
	return server.URL
}

// fetch reads an answer without keeping it.
func fetch(tb testing.TB, url string) (size int64, tail string, err error) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set(hubtest.RoleHeader, string(hub.RoleStaff))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	buffer := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buffer)
		size += int64(n)
		if tail += string(buffer[:n]); len(tail) > 512 {
			tail = tail[len(tail)-512:]
		}
		if err == io.EOF {
			return size, tail, nil
		}
		if err != nil {
			return size, tail, err
		}
	}
}

// TestManyCustomers counts the calls, and every cent.
func TestManyCustomers(t *testing.T) {
	t.Parallel()
	c := &crowd{customers: 600, services: 1600}
	_, tail, err := fetch(t, before(t, c)+"/billing/dry-run")
	if err != nil || !strings.Contains(tail, `"subscriptions":1600,"customers":600,"invoices":600,"lines":1600`) || !strings.Contains(tail, `"subtotal":"63920.00"`) {
		t.Errorf("%s, %v", tail, err)
	}
	if n := c.calls.Load(); n > 12 {
		t.Errorf("%d calls", n)
	}
}

// TestBrokenOff: a report whose site fails in the middle has no end.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/billing/dry-run", "/billing/dry-run.csv"} {
		size, tail, err := fetch(t, before(t, &crowd{customers: 600, services: 1600, breaksAt: 8})+path)
		if err == nil || size == 0 || strings.Contains(tail, "complete") || strings.Contains(tail, "report;") {
			t.Errorf("%s: %d bytes that end in %q, %v", path, size, tail, err)
		}
	}
}

// BenchmarkBillingDryRun is the report of a whole company.
func BenchmarkBillingDryRun(b *testing.B) {
	c := &crowd{customers: 15_000, services: 40_000}
	address := before(b, c)
	var most, start uint64
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	start = stats.HeapAlloc
	for b.Loop() {
		c.calls.Store(0)
		size, _, err := fetch(b, address+"/billing/dry-run.csv")
		if err != nil || size == 0 {
			b.Fatal(err)
		}
		runtime.ReadMemStats(&stats)
		most = max(most, stats.HeapAlloc)
	}
	b.ReportMetric(float64(c.calls.Load()), "calls/op")
	b.ReportMetric(float64(max(most, start)-start)/(1<<20), "heap-MiB")
}
