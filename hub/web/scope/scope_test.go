package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/scope"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errSpent = errors.New("spent")

type (
	key   struct{}
	other struct{}
)

func TestValues(t *testing.T) {
	t.Parallel()
	s := &scope.Scope{Context: context.WithValue(t.Context(), key{}, 7)}
	if hub.RequestID(s) != "" || hub.ActorOf(s).Role != hub.RolePublic {
		t.Error("an empty scope knows something")
	}
	s.Facts = hub.Facts{Actor: &hub.Actor{Role: hub.RoleStaff, ID: "ann"}, Request: "r1"}
	for range 2 {
		derived, cancel := context.WithCancel(context.WithValue(s, other{}, 1))
		if hub.RequestID(derived) != "r1" || hub.ActorOf(derived).ID != "ann" || derived.Value(key{}) != 7 {
			t.Error("a fact is lost")
		}
		inner := hub.WithActor(hub.WithRequestID(derived, "r2"), hub.Actor{ID: "bob"})
		if hub.RequestID(inner) != "r2" || hub.ActorOf(inner).ID != "bob" {
			t.Error("a newer fact does not win")
		}
		cancel()
	}
	s.End()
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for name, waits := range map[string]bool{"waited for": true, "asked": false} {
		synctest.Test(t, func(t *testing.T) {
			s := &scope.Scope{Context: t.Context()}
			s.Limit(time.Now().Add(time.Second), errSpent)
			defer s.End()
			if until, ok := s.Deadline(); !ok || time.Until(until) != time.Second || s.Err() != nil || context.Cause(s) != nil {
				t.Errorf("%s: ended before its time", name)
			}
			derived := s.Value
			if waits {
				child, cancel := context.WithCancel(s)
				defer cancel()
				<-child.Done()
				if context.Cause(child) != errSpent {
					t.Errorf("%s: child ended by %v", name, context.Cause(child))
				}
			} else {
				time.Sleep(time.Second)
			}
			if !errors.Is(s.Err(), context.DeadlineExceeded) || context.Cause(s) != errSpent || derived(key{}) != nil {
				t.Errorf("%s: %v, %v", name, s.Err(), context.Cause(s))
			}
		})
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	conn, hangUp := context.WithCancel(t.Context())
	s := &scope.Scope{Context: conn}
	s.Limit(time.Now().Add(time.Hour), errSpent)
	late := &scope.Scope{Context: t.Context()}
	late.End()
	if late.Err() != context.Canceled {
		t.Error("who looks after the end sees a living scope")
	}
	if <-late.Done(); late.Err() != context.Canceled {
		t.Error(late.Err())
	}
	told := make(chan struct{})
	stop := context.AfterFunc(s, func() { close(told) })
	defer stop()
	hangUp()
	<-told
	if s.Err() != context.Canceled || context.Cause(s) != context.Canceled {
		t.Error(s.Err())
	}
	quick := &scope.Scope{Context: conn}
	if quick.Err() != context.Canceled {
		t.Error("the caller's leaving is not seen")
	}
	own := &scope.Scope{Context: t.Context()}
	own.Cancellable()()
	if own.Err() != context.Canceled {
		t.Error(own.Err())
	}
	if _, limited := own.Deadline(); limited {
		t.Error("a limit out of nowhere")
	}
}
