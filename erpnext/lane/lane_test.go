package lane

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOneAtATimeInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lanes Lanes
		var order []string
		running := 0
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // they arrive one after the other
				_ = lanes.Alone(t.Context(), "customer/C-1", func(context.Context) error {
					if running++; running > 1 {
						t.Error("two at once")
					}
					time.Sleep(time.Second)
					order = append(order, fmt.Sprint(i))
					running--
					return nil
				})
			})
		}
		began := time.Now()
		if err := lanes.Alone(t.Context(), "customer/C-2", func(context.Context) error { return nil }); err != nil || time.Since(began) != 0 {
			t.Errorf("another key waits: %v", err)
		}
		all.Wait()
		if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, order); diff != "" || lanes.Len() != 0 {
			t.Errorf("order (-want +got), %d keys are left:\n%s", lanes.Len(), diff)
		}
	})
}

func TestWaitersLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lanes Lanes
		release := make(chan struct{})
		hold := func(context.Context) error { <-release; return nil }
		go func() { _ = lanes.Alone(t.Context(), "k", hold) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := lanes.Alone(ctx, "k", func(context.Context) error { t.Error("ran"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a waiter whose time is over: %v", err)
		}
		if err := lanes.Alone(ctx, "other", hold); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who comes too late: %v", err)
		}
		for range maxWaiting {
			go func() { _ = lanes.Alone(t.Context(), "k", func(context.Context) error { return nil }) }()
		}
		synctest.Wait()
		if err := lanes.Alone(t.Context(), "k", hold); !errors.Is(err, ErrFull) {
			t.Errorf("one too many: %v", err)
		}
		close(release)
		synctest.Wait()
		if lanes.Len() != 0 {
			t.Errorf("%d keys are left", lanes.Len())
		}
	})
}

func TestHeldKeyIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	var lanes Lanes
	failure := errors.New("no")
	err := lanes.Alone(t.Context(), "k", func(ctx context.Context) error {
		return lanes.Alone(ctx, "k", func(context.Context) error { return failure })
	})
	if !errors.Is(err, failure) || lanes.Len() != 0 {
		t.Errorf("%v, %d keys are left", err, lanes.Len())
	}
}
