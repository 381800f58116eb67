package inboxtest

import (
	"context"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Jobs lists what is stored of a source, newest first.
func (h *House) Jobs(source string) []keep.Job {
	h.t.Helper()
	jobs, _, err := h.Engine.Jobs(context.Background(), keep.Filter{Kind: "inbox." + source, Limit: 200})
	if err != nil {
		h.t.Fatal(err)
	}
	return jobs
}

// Becomes waits until the delivery has the status.
func (h *House) Becomes(id string, status keep.Status) keep.Job {
	h.t.Helper()
	var job keep.Job
	hubtest.Await(h.t, "delivery "+id+" is "+string(status), func() bool {
		var err error
		if job, err = h.Engine.Job(context.Background(), id); err != nil {
			h.t.Fatal(err)
		}
		return job.Status == status
	})
	return job
}

// Hears waits for an event that holds the text.
func (h *House) Hears(name, text string) {
	h.t.Helper()
	hubtest.Await(h.t, "the news "+name, func() bool {
		events, _, err := h.Engine.Read(context.Background(), 0, 100, hub.TopicInbox)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range events {
			if e.Name == name && strings.Contains(string(e.Data), text) {
				return true
			}
		}
		return false
	})
}
