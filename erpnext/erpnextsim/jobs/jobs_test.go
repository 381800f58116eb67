package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJobsAreWorkedOffInOrder(t *testing.T) {
	t.Parallel()
	q := jobs.New("erp.example.com", slog.New(slog.DiscardHandler))
	defer q.Close()
	var order []string
	hold := make(chan struct{})
	first := q.Add(func() error { <-hold; order = append(order, "first"); return nil })
	second := q.Add(func() error { order = append(order, "second"); return errors.New("broken") })
	if !strings.HasPrefix(first, "erp.example.com||") || first == second {
		t.Errorf("ids %q and %q", first, second)
	}
	if got := q.State(second); got != jobs.Queued {
		t.Errorf("the second is %s before the first is done", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting in vain: %v", err)
	}
	close(hold)
	if err := q.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Join(order, " ") != "first second" || q.State(first) != jobs.Finished || q.State(second) != jobs.Failed || q.State("other") != "" {
		t.Errorf("%v: %s, %s", order, q.State(first), q.State(second))
	}
}
