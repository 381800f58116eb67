package optout_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	optout.NewLedger(store, time.Now, nil).Mount(edge.Router())
	server := httptest.NewServer(edge.Handler())
	t.Cleanup(server.Close)
	for i, c := range []struct {
		role                hub.Role
		method, query, body string
		status              int
		scopes              string
	}{
		{hub.RoleService, "GET", "?to=5145550123", "", 401, ""},
		{hub.RoleStaff, "GET", "", "", 422, ""},
		{hub.RoleStaff, "GET", "?to=nobody", "", 422, ""},
		{hub.RoleStaff, "GET", "?to=5145550123", "", 200, ""},
		{hub.RoleStaff, "POST", "", `{"to":"514 555-0123","reason":"said so by telephone"}`, 201, "commercial"},
		{hub.RoleStaff, "POST", "", `{"to":"514 555-0123","scope":"all","reason":"angry"}`, 201, "commercial all"},
		{hub.RoleStaff, "POST", "", `{"to":"514 555-0123","scope":"some","reason":"angry"}`, 422, ""},
		{hub.RoleStaff, "POST", "", `{"to":"514 555-0123","reason":"    "}`, 422, ""},
		{hub.RoleStaff, "GET", "?to=%2B15145550123", "", 200, "commercial all"},
		{hub.RoleStaff, "GET", "?to=ann@example.com", "", 200, ""},
		{hub.RoleStaff, "DELETE", "?to=5145550123&scope=all", "", 422, ""},
		{hub.RoleStaff, "DELETE", "?to=5145550123&scope=all&reason=asked+for+it", "", 200, "commercial"},
		{hub.RoleStaff, "DELETE", "?to=5145550123&reason=asked+for+it", "", 200, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+"/messages/opt-outs"+c.query, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(hubtest.RoleHeader, string(c.role))
		r.Header.Set("Content-Type", "application/json")
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		var list struct{ Items []optout.Standing }
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		var scopes []string
		for _, s := range list.Items {
			scopes = append(scopes, string(s.Scope))
		}
		if answer.StatusCode != c.status || strings.Join(scopes, " ") != c.scopes || strings.Contains(string(raw), "5550123") {
			t.Errorf("%d: %s %s answered %d %s", i, c.method, c.query, answer.StatusCode, raw)
		}
	}
	records, _, err := store.Audits(t.Context(), keep.AuditFilter{})
	if err != nil || len(records) != 4 || records[0].Actor != "staff:ann" || records[0].Action != "message.opt-in" {
		t.Errorf("%+v %v", records, err)
	}
}
