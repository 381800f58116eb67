package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestTheKeyOfTheCutover: while billing is paused an invoice is submitted with the
// key of the cut-over and in no other way; each use is in the audit, and the key
// is nowhere.
func TestTheKeyOfTheCutover(t *testing.T) {
	t.Parallel()
	const key = "cutover-0123456789-0123456789-0123456789"
	w := newTown(t)
	h := w.startWith(t, overridden(w.environ(), []string{
		"TARGO_BILLING_PAUSED=true", "TARGO_BILLING_CUTOVER_TOKEN=" + key, "TARGO_GATEWAY_DOCTYPES=defaults,Sales Invoice:all",
	}))
	customer := w.bound(t).customer
	draft := func() string {
		return "/api/resource/Sales%20Invoice/" + w.put(t, "Sales Invoice", m{
			"customer": customer, "company": "TARGO", "items": []any{m{"item_code": "FIBRE-500", "qty": 1, "rate": 10, "income_account": "Ventes - T"}},
		})
	}
	first, second := draft(), draft()
	for _, try := range []struct {
		token, path, key string
		status           int
		says             string
	}{
		{h.staff, first, "", 403, "billing-paused"},
		{h.staff, first, key + "x", 403, "cutover-token-wrong"},
		{h.staff, first, strings.ToUpper(key), 403, "cutover-token-wrong"},
		{"", first, key, 401, "unauthenticated"},
		{h.staff, first, key, 200, `"docstatus":1`},
		{h.staff, second, "", 403, "billing-paused"},
		{serviceToken, second, key, 200, `"docstatus":1`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, h.url+try.path, strings.NewReader(`{"docstatus":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "one-"+try.path[len(try.path)-3:]) // a refusal is not the answer for good
		if try.token != "" {
			r.Header.Set("Authorization", "Bearer "+try.token)
		}
		if try.key != "" {
			r.Header.Set("X-Cutover-Token", try.key)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if _ = resp.Body.Close(); err != nil || resp.StatusCode != try.status || !strings.Contains(string(body), try.says) || strings.Contains(string(body), key) {
			t.Errorf("%s with %q: %d %.300s", try.path, try.key, resp.StatusCode, body)
		}
	}
	var audit struct{ Items []m }
	if status := h.call(t, http.MethodGet, "/audit?action=billing.cutover-key", nil, &audit); status != 200 || len(audit.Items) != 2 {
		t.Errorf("the audit answers %d with %d uses: %v", status, len(audit.Items), audit.Items)
	}
}
