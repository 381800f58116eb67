package mailjetsim_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/mailjet/mailjetsim"
)

// Every mail to an address ends as its fate wants it, in one call for all of a
// batch; what bounces or is blocked was never sent.
func TestFates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, order := range []string{
		`{"to":"Gone@example.com","event":"bounce","hard_bounce":true}`, `{"to":"full@example.com","event":"bounce"}`,
		`{"to":"shut@example.com","event":"blocked"}`, `{"to":"angry@example.com","event":"spam"}`, `{"to":"leaving@example.com","event":"unsub"}`,
		`{"to":"keen@example.com","event":"click","url":"https://example.com/x"}`, `{"to":"healed@example.com","event":"bounce"}`, `{"to":"healed@example.com"}`,
	} {
		if status := w.call(t, "POST", "/_sim/fate", order, nil); status != http.StatusOK {
			t.Fatalf("%s: %d", order, status)
		}
	}
	if status := w.call(t, "POST", "/_sim/fate", `{"to":"x@example.com","event":"dance"}`, nil); status != 422 {
		t.Errorf("an unknown fate: %d", status)
	}
	names := []string{"gone", "full", "shut", "angry", "leaving", "keen", "healed"}
	messages := make([]string, 0, len(names))
	for _, name := range names {
		messages = append(messages, message(name+"@example.com", ""))
	}
	w.call(t, "POST", "/v3.1/send", batch(messages...), nil)
	got := map[string][]string{}
	for range 2 { // sent, and the fates
		_, events := w.next(t)
		for _, e := range events {
			line := e["event"].(string)
			if text, ok := e["error"].(string); ok {
				line += " " + e["error_related_to"].(string) + "/" + text
			}
			got[e["email"].(string)] = append(got[e["email"].(string)], line)
		}
		if len(events) == len(names)-3 {
			for _, e := range events {
				if e["event"] != "sent" {
					t.Errorf("a mixed call of the sent: %v", e)
				}
			}
		}
	}
	for name, want := range map[string]string{
		"gone@example.com": "bounce recipient/user unknown", "full@example.com": "bounce recipient/quota exceeded", "shut@example.com": "blocked mailjet/preblocked",
	} {
		if diff := cmp.Diff([]string{want}, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, name := range []string{"angry", "leaving", "keen"} {
		if len(got[name+"@example.com"]) != 2 {
			t.Errorf("%s: %v", name, got[name+"@example.com"])
		}
	}
	if diff := cmp.Diff([]string{"sent"}, got["healed@example.com"]); diff != "" {
		t.Error(diff)
	}
}

// Events of several kinds come in one array, or one by one where the address is
// registered that way.
func TestGroupByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailjetsim.Options) { o.Reports = []string{} })
	w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", ""), message("bo@example.com", "")), nil)
	const order = `{"event":"open","to":"ann@example.com","group":[{"event":"bounce","to":"bo@example.com","comment":"550"},{"event":"spam","to":"ann@example.com"}]}`
	w.call(t, "POST", "/_sim/event", order, nil)
	_, events := w.next(t)
	if len(events) != 3 || events[0]["event"] != "open" || events[1]["comment"] != "550" || events[2]["event"] != "spam" {
		t.Errorf("events %v", events)
	}
	var hooks struct{ Data []struct{ ID json.Number } }
	w.call(t, "GET", "/v3/REST/eventcallbackurl?EventType=open", "", &hooks)
	w.call(t, "PUT", "/v3/REST/eventcallbackurl/"+hooks.Data[0].ID.String(), `{"Version":1}`, nil)
	w.call(t, "POST", "/_sim/event", order, nil)
	for _, want := range []string{"open", "bounce", "spam"} {
		var one map[string]any
		if err := json.Unmarshal((<-w.got).body, &one); err != nil || one["event"] != want {
			t.Errorf("body %v, %v, want one %s", one, err, want)
		}
	}
	if status := w.call(t, "POST", "/_sim/event", `{"event":"open","group":[{"event":"dance"}]}`, nil); status != 404 {
		t.Errorf("an unknown event in a group: %d", status)
	}
}
