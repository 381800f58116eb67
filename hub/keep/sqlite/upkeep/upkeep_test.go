package upkeep

import (
	"context"
	"testing"
)

// store is a store that never is: so many operations, pages and moved pages.
type store struct {
	done, pages, moved int64
	busy               bool         // somebody is in the way
	tight              bool         // room is short
	meanwhile          func(*store) // what happens beside the settling
	modes              map[string]int
}

func (s *store) put(pages int64) {
	if s.moved == s.pages { // as SQLite begins the log anew
		s.pages, s.moved = 0, 0
	}
	s.done++
	s.pages += pages
}

func (s *store) keeper() *Keeper {
	s.modes = map[string]int{}
	return &Keeper{
		Checkpoint: func(mode string) (int64, int64, bool) {
			s.modes[mode]++
			if mode != "NOOP" && !s.busy {
				s.moved = s.pages
			}
			return s.pages, s.moved, !s.busy
		},
		Done: func() int64 { return s.done },
		Pause: func() func() {
			s.modes["pause"]++
			return func() { s.modes["proceed"]++ }
		},
		Settle: func(context.Context) bool {
			s.done++
			if then := s.meanwhile; then != nil {
				s.meanwhile = nil
				then(s)
			}
			return true
		},
		Tight:  func() bool { return s.tight },
		rested: true,
	}
}

func (s *store) look(t *testing.T, k *Keeper, times int) {
	t.Helper()
	for range times {
		k.Look(t.Context())
	}
}

func TestTheQuietMovesTheLog(t *testing.T) {
	t.Parallel()
	s := &store{}
	k := s.keeper()
	s.put(2 * WalFew)
	s.look(t, k, 1)
	if s.moved != 0 {
		t.Error("the log was moved while there is work")
	}
	s.look(t, k, 1)
	if s.moved != s.pages {
		t.Errorf("%d of %d pages were moved", s.moved, s.pages)
	}
	looks := s.modes["NOOP"]
	s.look(t, k, 10)
	if n := s.modes["NOOP"] - looks; n != 0 {
		t.Errorf("a store at rest was looked at %d times", n)
	}
}

func TestAPutBesideTheSettlingIsSeen(t *testing.T) {
	t.Parallel()
	s := &store{meanwhile: func(s *store) { s.put(2 * WalFew) }}
	k := s.keeper()
	s.put(2 * WalFew)
	s.look(t, k, 4)
	if s.pages != 2*WalFew || s.moved != s.pages {
		t.Errorf("%d of %d pages were moved", s.moved, s.pages)
	}
}

func TestWhoIsInTheWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := &store{busy: true}
	k := s.keeper()
	s.put(2 * WalFew)
	s.look(t, k, 5)
	s.busy = false
	s.look(t, k, 1)
	if s.moved != s.pages {
		t.Errorf("%d of %d pages were moved", s.moved, s.pages)
	}
}

func TestAHugeLogBeginsAnew(t *testing.T) {
	t.Parallel()
	s := &store{}
	k := s.keeper()
	s.put(walMany)
	s.look(t, k, 1)
	if s.moved != walMany || s.modes["pause"] != 0 {
		t.Errorf("many pages: %d were moved, %d pauses", s.moved, s.modes["pause"])
	}
	s.pages += walHuge
	s.put(1)
	s.look(t, k, 1)
	if s.modes["RESTART"] != 1 || s.modes["pause"] != 1 || s.modes["proceed"] != 1 {
		t.Errorf("a huge log: %v", s.modes)
	}
}

func TestALongSilenceGivesTheRoomOfTheLogBack(t *testing.T) {
	t.Parallel()
	s := &store{}
	k := s.keeper()
	s.put(2 * walMany)
	s.look(t, k, silence)
	if s.modes["TRUNCATE"] != 0 || s.moved != s.pages {
		t.Errorf("a moment of silence: %v", s.modes)
	}
	s.look(t, k, 2*silence)
	if s.modes["TRUNCATE"] != 1 || s.modes["pause"] != s.modes["proceed"] {
		t.Errorf("a long silence: %v", s.modes)
	}
}

func TestShortRoomIsReasonEnough(t *testing.T) {
	t.Parallel()
	s := &store{tight: true}
	k := s.keeper()
	s.put(2 * WalFew)
	s.look(t, k, 6)
	if s.modes["TRUNCATE"] != 1 {
		t.Errorf("room is short: %v", s.modes)
	}
}
