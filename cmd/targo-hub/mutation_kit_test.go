package main

import (
	"net/http"
	"testing"
	"time"
)

// result is what became of a mutation.
type result struct {
	ID, State string
	Document  m
	Error     struct{ Code, Title, Detail string }
}

// note is a mutation that writes one, as a telephone sends it.
func note(id, job, text string) m { return mutation(id, job, "note", m{"text": text}) }

func mutation(id, job, kind string, data m) m {
	return m{"id": id, "seq": 1, "job": job, "kind": kind, "at": time.Now().UTC().Format(time.RFC3339), "data": data}
}

// mutate sends mutations as a telephone does, with its own idea of the time, until
// none asks to be sent again.
func (h *running) mutate(t *testing.T, token, sentAt string, mutations ...m) (out []result) {
	t.Helper()
	if sentAt == "" {
		sentAt = time.Now().UTC().Format(time.RFC3339)
	}
	await(t, "the mutations are taken", func() bool {
		var answer struct{ Results []result }
		status, text, err := h.ask(token, http.MethodPost, "/field/mutations", m{"sent_at": sentAt, "mutations": mutations}, &answer)
		if err != nil || status != http.StatusOK || len(answer.Results) != len(mutations) {
			t.Fatalf("mutations answered %d %s, %v", status, text, err)
		}
		out = answer.Results
		for _, r := range out {
			if r.State == "retry" {
				return false
			}
		}
		return true
	})
	return out
}
