package audit_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/audit"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve puts a desk over the trail on loopback.
func serve(t *testing.T, trail audit.Trail) func(path string, role hub.Role) (*http.Response, string, error) {
	t.Helper()
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	audit.New(trail).Mount(edge.Router())
	server := httptest.NewServer(edge.Handler())
	t.Cleanup(server.Close)
	return func(path string, role hub.Role) (*http.Response, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(hubtest.RoleHeader, string(role))
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		raw, err := io.ReadAll(answer.Body)
		return answer, string(raw), err
	}
}

// noon is when everything was done.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// written is a store with n lines, each a minute after the one before.
func written(t *testing.T, n int) keep.Trail {
	t.Helper()
	store := hubtest.Store(t)
	for i := range n {
		record := keep.Record{
			At: noon().Add(time.Duration(i) * time.Minute), Actor: fmt.Sprintf("staff:a%d", i%3), Action: "message.release",
			Doctype: "Message", Name: fmt.Sprintf("m-%d", i), Detail: `=HYPERLINK("x"), "é"` + "\nsecond line", Request: "r",
		}
		if err := store.Audit(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func TestListNewestFirst(t *testing.T) {
	t.Parallel()
	ask := serve(t, written(t, 12))
	since := url.QueryEscape(noon().Add(9 * time.Minute).Format(time.RFC3339))
	for query, want := range map[string]string{
		"limit=2": "m-11 m-10", "name=m-4": "m-4", "actor=staff%3Aa1&limit=2": "m-10 m-7", "since=" + since: "m-11 m-10 m-9",
		"action=other": "", "doctype=Message&limit=1": "m-11", "doctype=Issue": "",
	} {
		answer, raw, err := ask("/audit?"+query, hub.RoleStaff)
		var list struct {
			Items []audit.Line
			Next  *string
		}
		if err = errors.Join(err, json.Unmarshal([]byte(raw), &list)); err != nil || answer.StatusCode != 200 {
			t.Fatalf("%s: %d %s, %v", query, answer.StatusCode, raw, err)
		}
		var names []string
		for _, line := range list.Items {
			names = append(names, line.Name)
		}
		if got := strings.Join(names, " "); got != want || list.Items == nil {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	var first, second struct {
		Items []audit.Line
		Next  string
	}
	_, raw, _ := ask("/audit?limit=7", hub.RoleStaff)
	if err := json.Unmarshal([]byte(raw), &first); err != nil || first.Next == "" || first.Items[0].Detail == "" || first.Items[0].Request != "r" {
		t.Fatalf("%s: %v", raw, err)
	}
	_, raw, _ = ask("/audit?limit=7&cursor="+url.QueryEscape(first.Next), hub.RoleStaff)
	if err := json.Unmarshal([]byte(raw), &second); err != nil || len(second.Items) != 5 || second.Next != "" || second.Items[0].Name != "m-4" {
		t.Errorf("the second page is %s, %v", raw, err)
	}
}

func TestExportIsATable(t *testing.T) {
	t.Parallel()
	ask := serve(t, written(t, 450))
	answer, raw, err := ask("/audit.csv", hub.RoleStaff)
	rows, odd := csv.NewReader(strings.NewReader(raw)).ReadAll()
	if err != nil || odd != nil || answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") || len(rows) != 451 {
		t.Fatalf("%d rows, %v, %v, %v", len(rows), err, odd, answer.Header)
	}
	if rows[0][0] != "at" || rows[1][4] != "m-449" || rows[450][4] != "m-0" || rows[450][0] != "2026-11-22T12:00:00Z" {
		t.Errorf("the table begins with %q and %q, and ends with %q", rows[0], rows[1], rows[450])
	}
	if detail := rows[1][5]; detail != `'=HYPERLINK("x"), "é"`+"\nsecond line" {
		t.Errorf("the detail is %q", detail)
	}
	_, raw, _ = ask("/audit.csv?name=m-7&since=2026-11-22T00:00:00Z", hub.RoleStaff)
	if rows, err := csv.NewReader(strings.NewReader(raw)).ReadAll(); err != nil || len(rows) != 2 {
		t.Errorf("filtered to %q, %v", raw, err)
	}
	if answer, raw, _ := ask("/audit.csv?since=yesterday", hub.RoleStaff); answer.StatusCode != 422 || strings.Contains(raw, "yesterday") {
		t.Errorf("a wrong instant answered %d %s", answer.StatusCode, raw)
	}
}

func TestOnlyTheStaffMayLook(t *testing.T) {
	t.Parallel()
	ask := serve(t, written(t, 1))
	for _, role := range []hub.Role{hub.RoleService, hub.RoleTechnician, hub.RoleCustomer, ""} {
		for _, path := range []string{"/audit", "/audit.csv"} {
			if answer, raw, _ := ask(path, role); answer.StatusCode != 401 || strings.Contains(raw, "m-0") {
				t.Errorf("%s as %q answered %d", path, role, answer.StatusCode)
			}
		}
	}
}

// brittle fails from the page on that has the number.
type brittle struct {
	keep.Trail
	page int
}

func (b *brittle) Audits(ctx context.Context, f keep.AuditFilter) ([]keep.Record, string, error) {
	if b.page--; b.page < 0 {
		return nil, "", keep.ErrClosed
	}
	return b.Trail.Audits(ctx, f)
}

// TestExportThatBreaksOffIsNoTable must not look whole.
func TestExportThatBreaksOffIsNoTable(t *testing.T) {
	t.Parallel()
	trail := written(t, 450)
	if answer, raw, err := serve(t, &brittle{trail, 0})("/audit.csv", hub.RoleStaff); answer.StatusCode != 503 || err != nil {
		t.Errorf("a store away answered %d %s, %v", answer.StatusCode, raw, err)
	}
	if answer, raw, err := serve(t, &brittle{trail, 1})("/audit.csv", hub.RoleStaff); err == nil {
		t.Errorf("half a table of %d bytes came to a proper end: %d", len(raw), answer.StatusCode)
	}
	if answer, _, err := serve(t, &brittle{trail, 0})("/audit", hub.RoleStaff); answer.StatusCode != 503 || err != nil {
		t.Errorf("a store away answered %d, %v", answer.StatusCode, err)
	}
}
