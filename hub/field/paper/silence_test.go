package paper_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// silence is a line that stays open without a word: what is asked for is answered
// when a test says so, or never.
type silence struct {
	mu   sync.Mutex
	part string        // of the paths that are not answered
	next chan struct{} // closed when that changes; nil: everything is answered
	held []string      // what waits, since the last change
}

// fall holds back every path with this part from now on, and no other.
func (s *silence) fall(part string) { s.change(part, make(chan struct{})) }

func (s *silence) end() { s.change("", nil) }

func (s *silence) change(part string, next chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
	}
	s.part, s.next, s.held = part, next, nil
}

// heldBack gives the paths that wait for an answer.
func (s *silence) heldBack() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.held...)
}

// hold gives what a request must wait for, if it must.
func (s *silence) hold(path string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil || !strings.Contains(path, s.part) {
		return nil
	}
	s.held = append(s.held, path)
	return s.next
}

func (s *silence) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for next := s.hold(r.URL.Path); next != nil; next = s.hold(r.URL.Path) {
			select {
			case <-next:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
		}
		h.ServeHTTP(w, r)
	})
}

// TestSilence updates the hub while the line falls silent: as a new page is loaded,
// and while the service worker fetches its new files. Pages come all the same, with the
// files that are whole on the phone.
func TestSilence(t *testing.T) {
	t.Parallel()
	var saw struct {
		Loading, Kept, Day []string // release of the page and of its script
		Complaints         []string
	}
	drive(t, newOffice(), "silence.mjs", &saw)
	for name, got := range map[string][2][]string{
		"a page that falls silent after its text": {saw.Loading, {nextVersion, "1"}},
		"a kept page in the silence":              {saw.Kept, {nextVersion, "1"}},
		"the day in the silence":                  {saw.Day, {nextVersion, "1"}},
	} {
		if !slices.Equal(got[0], got[1]) {
			t.Errorf("%s: release %q, not %q", name, got[0], got[1])
		}
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the browser complains: %q", saw.Complaints)
	}
}

// TestEarly presses, types and chooses before the page's scripts have begun: nothing
// is sent as a plain form, nothing is lost.
func TestEarly(t *testing.T) {
	t.Parallel()
	o := newOffice()
	var saw struct {
		Same       bool   // the page that was pressed on is still there
		Note, Left string // what the page shows of it; and the day, for one who went on at once
		Complaints []string
	}
	drive(t, o, "early.mjs", &saw)
	if !saw.Same || saw.Note != "Trop vite" || saw.Left != "1 en attente" || o.kinds() != "note photo" {
		t.Errorf("same page %v, note %q, having gone on %q; arrived %q", saw.Same, saw.Note, saw.Left, o.kinds())
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the browser complains: %q", saw.Complaints)
	}
}
