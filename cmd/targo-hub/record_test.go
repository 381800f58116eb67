package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/webhooks"
)

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// through sends a request of the ops app to ERPNext through the hub.
func (h *running) through(t *testing.T, method, path, body string) reply {
	t.Helper()
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return do(t, r)
}

func do(t *testing.T, r *http.Request) reply {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(raw)}
}

// directly asks ERPNext itself.
func (w *town) directly(t *testing.T, method, path, body string) reply {
	t.Helper()
	r, err := http.NewRequest(method, w.urls["erp"]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "token "+erpKey+":"+erpSecret)
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return do(t, r)
}

// TestOpsAppMovesItsBaseURL: what the ops app asks ERPNext it may ask the hub,
// with the same addresses and the same answers.
func TestOpsAppMovesItsBaseURL(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	w.quotation(t, "Résidentiel", nil)
	for _, path := range []string{
		"/api/resource/Customer?fields=" + url.QueryEscape(`["name","customer_name"]`) + "&order_by=name%20asc",
		"/api/resource/Customer/Client%20001",
		"/api/resource/Quotation?filters=" + url.QueryEscape(`[["status","=","Open"]]`),
		"/api/method/frappe.client.get_count?doctype=Customer",
		"/api/v2/document/Customer?limit=5",
	} {
		got, want := h.through(t, http.MethodGet, path, ""), w.directly(t, http.MethodGet, path, "")
		if want.status != http.StatusOK || got.status != want.status || got.body != want.body {
			t.Errorf("GET %s answered %d %s, ERPNext itself %d %s", path, got.status, got.body, want.status, want.body)
		}
		if got.header.Get("Set-Cookie") != "" || got.header.Get("Content-Type") != want.header.Get("Content-Type") {
			t.Errorf("GET %s answered with %v", path, got.header)
		}
	}
	made := h.through(t, http.MethodPost, "/api/resource/Issue", `{"subject":"Panne à Granby","customer":"Client 001"}`)
	if made.status != http.StatusOK || !strings.Contains(made.body, `"name":"ISS-`) {
		t.Errorf("an issue: %d %s", made.status, made.body)
	}
	for path, status := range map[string]int{
		"/api/resource/User": http.StatusForbidden, "/api/resource/DocType/User": http.StatusForbidden, "/api/resource/Customer/Nobody": http.StatusNotFound,
		"/api/method/frappe.core.doctype.user.user.generate_keys?user=Administrator": http.StatusForbidden,
	} {
		got := h.through(t, http.MethodGet, path, "")
		if got.status != status || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("GET %s answered %d %s", path, got.status, got.body)
		}
	}
	if got := do(t, mustRequest(t, http.MethodGet, h.url+"/api/resource/Customer")); got.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", got.status)
	}
}

func mustRequest(t *testing.T, method, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTwoDispatchersOneDocument: the second one hears what the first one wrote
// instead of overwriting it.
func TestTwoDispatchersOneDocument(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	name := w.put(t, "Issue", map[string]any{"subject": "Panne"})
	var read struct {
		Data struct {
			Modified string `json:"modified"`
		} `json:"data"`
	}
	first := h.through(t, http.MethodGet, "/api/resource/Issue/"+name, "")
	if err := json.Unmarshal([]byte(first.body), &read); err != nil {
		t.Fatal(err)
	}
	change := func(subject string) reply {
		body, _ := json.Marshal(map[string]string{"subject": subject, "modified": read.Data.Modified})
		return h.through(t, http.MethodPut, "/api/resource/Issue/"+name, string(body))
	}
	if got := change("Panne réglée"); got.status != http.StatusOK {
		t.Fatalf("the first: %d %s", got.status, got.body)
	}
	got := change("Panne générale")
	var refusal struct {
		Code    string `json:"code"`
		ExcType string `json:"exc_type"`
		Current struct {
			Subject string `json:"subject"`
		} `json:"current"`
	}
	if err := json.Unmarshal([]byte(got.body), &refusal); err != nil || got.status != http.StatusConflict ||
		refusal.Current.Subject != "Panne réglée" || refusal.ExcType != "TimestampMismatchError" {
		t.Errorf("the second: %d %s", got.status, got.body)
	}
}

// TestERPNextTellsOfItsChanges: a change in ERPNext reaches the listeners, and
// kept answers are not served after it.
func TestERPNextTellsOfItsChanges(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	const secret = "hook-secret-0001"
	h := w.start(t, "TARGO_ERPNEXT_WEBHOOK_SECRET="+secret, "TARGO_GATEWAY_KEEP=Issue:1h+1h+1h")
	name := w.put(t, "Issue", map[string]any{"subject": "Panne"})
	for _, hook := range webhooks.ERPNextWebhooks(h.url, secret, "Issue") {
		raw, err := json.Marshal(hook)
		if err != nil {
			t.Fatal(err)
		}
		if made := w.directly(t, http.MethodPost, "/api/resource/Webhook", string(raw)); made.status != http.StatusOK {
			t.Fatalf("%d %s", made.status, made.body)
		}
	}
	path := "/api/resource/Issue/" + name
	for _, want := range []string{"miss", "hit"} {
		if got := h.through(t, http.MethodGet, path, ""); got.header.Get("X-Hub-Cache") != want || !strings.Contains(got.body, `"Panne"`) {
			t.Errorf("X-Hub-Cache: %s, want %s (%s)", got.header.Get("X-Hub-Cache"), want, got.body)
		}
	}
	heard := h.hear(t, "documents")
	if got := w.directly(t, http.MethodPut, path, `{"subject":"Panne réglée"}`); got.status != http.StatusOK {
		t.Fatal(got.body)
	}
	if line := <-heard; !strings.Contains(line, name) {
		t.Errorf("heard %s", line)
	}
	if got := h.through(t, http.MethodGet, path, ""); got.header.Get("X-Hub-Cache") != "miss" || !strings.Contains(got.body, "réglée") {
		t.Errorf("after the change: X-Hub-Cache %s, %s", got.header.Get("X-Hub-Cache"), got.body)
	}
}

// hear gives the first event of a topic from now on.
func (h *running) hear(t *testing.T, topic string) <-chan string {
	t.Helper()
	r := mustRequest(t, http.MethodGet, h.url+"/events?topics="+topic).WithContext(t.Context())
	r.Header.Set("Authorization", "Bearer "+h.staff)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	heard := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
				heard <- string(data)
				return
			}
		}
		heard <- "nothing"
	}()
	return heard
}

// TestLostWebhookIsNoticed: ERPNext tells nothing at all, and the change is known
// within the interval all the same.
func TestLostWebhookIsNoticed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t, "TARGO_MIRROR_INTERVAL=10s")
	heard := h.hear(t, "documents")
	var list struct {
		Items []struct {
			Name string
			Last *struct{ Status string }
		}
	}
	await(t, "the mirror has read once", func() bool {
		h.call(t, http.MethodGet, "/schedule", nil, &list)
		for _, task := range list.Items {
			if task.Name == "mirror" && task.Last != nil && task.Last.Status == "done" {
				return true
			}
		}
		return false
	})
	name := w.put(t, "Issue", map[string]any{"subject": "Panne"})
	var started struct{ ID string }
	if status := h.call(t, http.MethodPost, "/schedule/mirror/run", nil, &started); status != http.StatusAccepted || started.ID == "" {
		t.Errorf("run now answered %d", status)
	}
	select {
	case line := <-heard:
		if !strings.Contains(line, name) {
			t.Errorf("heard %s", line)
		}
	case <-time.After(time.Minute):
		t.Error("nothing was heard")
	}
}
