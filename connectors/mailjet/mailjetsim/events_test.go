package mailjetsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/connectors/mailjet/mailjetsim"
)

func TestOnlyExactly200IsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.status = []int{204, 500, 302, 200}
	w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", "")), nil)
	for range 4 {
		w.next(t)
	}
	w.sim.Close() // waits for the deliveries
	if n := len(w.got); n != 0 {
		t.Errorf("%d calls after a 200", n)
	}
}

func TestEventsByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailjetsim.Options) { o.Reports = []string{} })
	w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", ""), message("bo@example.com", "")), nil)
	tests := []struct {
		name, order string
		want        map[string]any
	}{
		{"open", `{"event":"open","to":"ann@example.com"}`, map[string]any{"event": "open", "email": "ann@example.com", "geo": "CA"}},
		{"click", `{"event":"click","custom_id":"m1","url":"https://example.com"}`, map[string]any{"url": "https://example.com"}},
		{"bounce", `{"event":"bounce","hard_bounce":true,"error_related_to":"recipient","error":"user unknown"}`, map[string]any{"hard_bounce": true, "error": "user unknown"}},
		{"blocked", `{"event":"blocked","error":"preblocked"}`, map[string]any{"error": "preblocked"}},
		{"spam", `{"event":"spam"}`, map[string]any{"source": "JMRPP"}},
		{"unsub", `{"event":"unsub"}`, map[string]any{"mj_list_id": json.Number("1")}},
	}
	for _, tt := range tests {
		var out struct {
			Status int `json:"http_status"`
			Body   string
		}
		if w.call(t, "POST", "/_sim/event", tt.order, &out); out.Status != http.StatusOK || out.Body == "" {
			t.Errorf("%s: %+v", tt.name, out)
		}
		_, events := w.next(t)
		for key, want := range tt.want {
			if events[0][key] != want {
				t.Errorf("%s: %s is %v, want %v", tt.name, key, events[0][key], want)
			}
		}
	}
	if status := w.call(t, "POST", "/_sim/event", `{"event":"open","to":"nobody@example.com"}`, nil); status != 404 {
		t.Errorf("unknown message: %d", status)
	}
	w.call(t, "POST", "/_sim/event", `{"event":"open","times":2}`, nil)
	w.next(t)
	w.next(t)
}

func TestVersionOneSendsOneObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailjetsim.Options) { o.Reports = []string{} })
	var hooks struct {
		Data []struct {
			ID        int64
			EventType string
		}
	}
	w.call(t, "GET", "/v3/REST/eventcallbackurl?EventType=open", "", &hooks)
	if len(hooks.Data) != 1 {
		t.Fatalf("hooks %+v", hooks)
	}
	path := fmt.Sprintf("/v3/REST/eventcallbackurl/%d", hooks.Data[0].ID)
	if status := w.call(t, "PUT", path, `{"Version":1}`, nil); status != 200 {
		t.Errorf("changing: %d", status)
	}
	w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", "")), nil)
	w.call(t, "POST", "/_sim/event", `{"event":"open"}`, nil)
	var one map[string]any
	if err := json.Unmarshal((<-w.got).body, &one); err != nil || one["event"] != "open" {
		t.Errorf("body %v, %v", one, err)
	}
}

func TestRegisteringWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailjetsim.Options) { o.HookURL = "" })
	const path = "/v3/REST/eventcallbackurl"
	order := fmt.Sprintf(`{"EventType":"sent","Url":%q,"Version":2}`, w.hub.URL)
	var made struct {
		Data []struct {
			ID     int64
			Status string
		}
	}
	if status := w.call(t, "POST", path, order, &made); status != 201 || made.Data[0].Status != "alive" {
		t.Fatalf("registering: %d %+v", status, made)
	}
	if status := w.call(t, "POST", path, order, nil); status != 400 {
		t.Errorf("registering twice: %d", status)
	}
	if status := w.call(t, "POST", path, `{"EventType":"dance","Url":"http://x"}`, nil); status != 400 {
		t.Errorf("unknown event: %d", status)
	}
	own := fmt.Sprintf("%s/%d", path, made.Data[0].ID)
	if status := w.call(t, "PUT", own, `{"Status":"dead"}`, nil); status != 200 {
		t.Errorf("suspending: %d", status)
	}
	w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", "")), nil)
	w.call(t, "PUT", own, order, &made)
	if made.Data[0].Status != "alive" {
		t.Errorf("after the update: %+v", made)
	}
	w.call(t, "POST", "/v3.1/send", batch(message("bo@example.com", "")), nil)
	if _, events := w.next(t); events[0]["email"] != "bo@example.com" {
		t.Errorf("a dead address was called: %v", events)
	}
	if status := w.call(t, "DELETE", own, "", nil); status != 204 {
		t.Errorf("removing: %d", status)
	}
	if status := w.call(t, "GET", own, "", nil); status != 404 {
		t.Errorf("after removing: %d", status)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailjetsim.Options) { o.Reports = []string{} })
	w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", "")), nil)
	w.call(t, "POST", "/_sim/reset", "", nil)
	var sent struct{ Items []any }
	if w.call(t, "GET", "/_sim/sent", "", &sent); len(sent.Items) != 0 {
		t.Errorf("after the reset: %v", sent.Items)
	}
}
