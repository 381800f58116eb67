package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/keep"
)

// check compares what the senders were told with the store and the providers:
// nothing accepted is lost, nothing is there twice, and all of it came to an end.
func (s *storm) check(t *testing.T, jobs []keep.Job) {
	t.Helper()
	if len(s.odd) > 0 {
		t.Errorf("senders were answered %v", s.odd)
	}
	if len(s.said) == 0 || s.delivered == 0 {
		t.Fatalf("%d messages and %d deliveries were accepted: there was no storm", len(s.said), s.delivered)
	}
	sum := map[keep.Status]int{}
	byKey := map[string]keep.Job{}
	deliveries := 0
	for _, j := range jobs {
		switch {
		case strings.HasPrefix(j.Kind, "outbox.") && strings.HasPrefix(j.Dedupe, "storm-"):
			if _, twice := byKey[j.Dedupe]; twice {
				t.Errorf("message %s is there twice", j.Dedupe)
			}
			byKey[j.Dedupe] = j
			sum[j.Status]++
		case j.Kind == "inbox.docuseal" && j.State == "nothing-to-do":
			deliveries++
			if j.Status != keep.Done {
				t.Errorf("a delivery is %s: %s", j.Status, j.Note)
			}
		}
	}
	if deliveries != s.delivered {
		t.Errorf("%d deliveries were accepted, %d are there", s.delivered, deliveries)
	}
	if n := sum[keep.Done] + sum[keep.Dead] + sum[keep.Held] + sum[keep.Cancelled]; n != len(s.said) || len(byKey) != len(s.said) {
		t.Errorf("%d messages were accepted; %d ended, %d are there: %v", len(s.said), n, len(byKey), sum)
	}
	s.checkProviders(t, byKey)
	t.Logf("%d messages %v, %d deliveries", len(s.said), sum, s.delivered)
}

// checkProviders counts what reached the providers: at most one of each message,
// exactly one of what is said to be sent, in the order of each lane.
func (s *storm) checkProviders(t *testing.T, byKey map[string]keep.Job) {
	t.Helper()
	got, last := map[string]int{}, map[string]string{}
	for _, at := range []string{"sms", "mail"} {
		for _, m := range s.w.sent(t, at) {
			raw, _ := json.Marshal(m)
			_, rest, found := strings.Cut(string(raw), "Avis ")
			if found && !strings.Contains(rest, " numero ") {
				_, rest, found = strings.Cut(rest, "Avis ") // the first was the subject
			}
			if !found {
				continue
			}
			body := "Avis " + rest[:len("0 numero 0000")]
			lane := body[:len("Avis 0")]
			got[body]++
			if body < last[lane] {
				t.Errorf("%q came after %q", body, last[lane])
			}
			last[lane] = body
		}
	}
	for key, body := range s.said {
		j := byKey[key]
		switch n := got[body]; {
		case n > 1:
			t.Errorf("%q was sent %d times", body, n)
		case n == 0 && j.Status == keep.Done:
			t.Errorf("%q is %s, but nobody got it", body, j.State)
		case n == 1 && j.Status != keep.Done && j.State != "maybe-sent":
			t.Errorf("%q was sent, but is %s %s", body, j.Status, j.State)
		case j.Status == keep.Dead && j.State != "maybe-sent":
			t.Errorf("%q is dead: %s", body, j.Note)
		}
	}
}

// checkWork: the signature led to exactly one of everything.
func (w *town) checkWork(t *testing.T, h *running, quotation string) {
	t.Helper()
	h.awaitAccepted(t, quotation)
	contract := w.one(t, "Service Contract", "quotation", quotation)
	w.one(t, "Issue", "service_contract", contract["name"])
	w.checkChain(t, contract["name"])
	w.one(t, "Service Subscription", "service_contract", contract["name"])
	w.one(t, "File", "attached_to_name", quotation)
}

// checkSchedule: no instant has two runs, and none was done twice.
func (h *running) checkSchedule(t *testing.T, jobs []keep.Job) {
	t.Helper()
	due, done := map[string]bool{}, 0
	for _, j := range jobs {
		if j.Kind != "schedule.mirror" {
			continue
		}
		if due[j.Headers["due"]] {
			t.Errorf("the task has two runs for %s", j.Headers["due"])
		}
		due[j.Headers["due"]] = true
		good := 0
		for _, a := range j.Attempts {
			if a.Class == keep.OK {
				good++
			}
		}
		if good > 1 {
			t.Errorf("the run for %s was done %d times", j.Headers["due"], good)
		}
		done += good
	}
	if done == 0 {
		t.Error("the task never ran")
	}
	var list struct{ Items []struct{ Name string } }
	if status := h.call(t, http.MethodGet, "/schedule", nil, &list); status != http.StatusOK || len(list.Items) == 0 {
		t.Errorf("the schedule answers %d with %d tasks", status, len(list.Items))
	}
	t.Log(fmt.Sprint(done, " runs"))
}
