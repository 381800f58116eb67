package retry

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// How often each kind of call is made when every try fails the same way.
func TestTries(t *testing.T) {
	t.Parallel()
	undone, lost, refused := Verdict{Again: true, Undone: true}, Verdict{Again: true}, Verdict{Undone: true}
	for name, tc := range map[string]struct {
		how     Patience
		verdict Verdict
		tries   int
	}{
		"read": {Reading, lost, 3}, "read, undone": {Reading, undone, 3}, "read, refused": {Reading, refused, 1},
		"create, lost": {Creating, lost, 1}, "create, undone": {Creating, undone, 4}, "create, refused": {Creating, refused, 1},
		"write, lost": {Absolute, lost, 2}, "write, undone": {Absolute, undone, 4},
		"advice beyond the cap": {Creating, Verdict{Again: true, Undone: true, Advised: time.Minute}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				Usual().Do(t.Context(), tc.how, func(try int) *Verdict {
					if n++; try != n {
						t.Errorf("try %d is called %d", n, try)
					}
					return &tc.verdict
				})
				if n != tc.tries {
					t.Errorf("%d tries, want %d", n, tc.tries)
				}
			})
		})
	}
}

// Undone tries do not use up the one repetition of a lost one.
func TestLostAfterUndone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		Usual().Do(t.Context(), Absolute, func(int) *Verdict {
			n++
			return []*Verdict{{Again: true, Undone: true}, {Again: true}, nil}[n-1]
		})
		if n != 3 {
			t.Errorf("%d tries, want 3", n)
		}
	})
}

func TestNoWaitBeyondTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if began := time.Now(); Usual().Pause(ctx, 1, 0) || time.Since(began) != 0 {
			t.Error("it waited for nothing")
		}
		if Sleep(ctx, time.Hour) {
			t.Error("it slept through the end")
		}
	})
}

// The looks come after their waits and end with the context.
func TestLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began, looks := time.Now(), []time.Duration{}
		for range Usual().Look(ctx) {
			looks = append(looks, time.Since(began))
		}
		if want := []time.Duration{0, 300 * time.Millisecond}; !slices.Equal(looks, want) || time.Since(began) != time.Second {
			t.Errorf("looked at %v and ended after %v, want %v", looks, time.Since(began), want)
		}
	})
}
