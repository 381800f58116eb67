package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestOperatorReplaysWhatDied parks two deliveries, looks at them, and has them
// tried again from the command line; the audit says who did it and why.
func TestOperatorReplaysWhatDied(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	environ := w.environ()
	h := w.startWith(t, environ)
	for _, body := range []string{`{"event_type":"form.completed","data":{"id":`, `{"event_type":"form.declined"}`} {
		if status := h.deliver(t, []byte(body)); status != http.StatusOK {
			t.Fatalf("%s was answered %d", body, status)
		}
	}
	await(t, "both are parked", func() bool { return h.inbox(t, "source=docuseal&status=dead").count == 2 })
	for _, c := range []struct {
		args string
		code int
		said []string
	}{
		{"inbox list --status dead --since 1h --source docuseal", 0, []string{"SEEN", "parked for a person"}},
		{"inbox list --verified-by basic", 0, []string{"REASON"}},
		{"inbox list --since yesterday", 1, []string{"neither an instant"}},
		{"inbox replay docuseal --since 1h", 0, []string{"would-replay", "2 fit, 0 tried again. Nothing was done: add --go."}},
		{"inbox replay docuseal --since 1h --limit 1 --go --reason mended", 0, []string{"replayed", "2 fit, 1 tried again. Call it again for the rest."}},
		{"inbox replay docuseal --since 1h --status done", 0, []string{"0 fit, 0 tried again."}},
		{"inbox replay docuseal", 2, []string{"--since"}},
		{"inbox replay docuseal --since 1h --status pending", 2, []string{"--status"}},
		{"inbox replay docuseal --since soon", 1, []string{"neither an instant"}},
	} {
		code, said := command(t, environ, strings.Fields(c.args)...)
		for _, part := range c.said {
			if code != c.code || !strings.Contains(said, part) {
				t.Errorf("%s: code %d, without %q:\n%s", c.args, code, part, said)
			}
		}
	}
	var trail struct {
		Items []struct{ Actor, Action, Detail string }
	}
	if status := h.call(t, http.MethodGet, "/audit?action=delivery.replay", nil, &trail); status != http.StatusOK || len(trail.Items) != 1 ||
		!strings.Contains(trail.Items[0].Detail, "mended") || !strings.Contains(trail.Items[0].Actor, "operator") {
		t.Errorf("the audit answered %d %+v", status, trail)
	}
}
