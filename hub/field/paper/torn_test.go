package paper_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tear is a network that ends while the service worker is being fetched: so many
// requests after the script itself are still answered. Then connections end, or stay
// open without a word, as they do where the signal is lost.
type tear struct {
	mu    sync.Mutex
	armed bool
	left  int // after the script, which begins the count
	begun bool
	still chan struct{} // closed when the network is back; nil: connections end
}

// set arms it: "cut" ends connections, "still" leaves them open.
func (n *tear) set(kind string, left int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.armed, n.begun, n.left, n.still = true, false, left, nil
	if kind == "still" {
		n.still = make(chan struct{})
	}
}

func (n *tear) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.still != nil {
		close(n.still)
	}
	n.armed, n.still = false, nil
}

// ends tells that the request meets no network any more, and what to wait for first.
func (n *tear) ends(r *http.Request) (bool, chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case !n.armed:
		return false, nil
	case !n.begun:
		n.begun = strings.HasSuffix(r.URL.Path, "/sw.js")
		return false, nil
	case n.left > 0:
		n.left--
		return false, nil
	}
	return true, n.still
}

func (n *tear) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if over, still := n.ends(r); over {
			if still != nil {
				select {
				case <-still:
				case <-r.Context().Done():
				}
			}
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}

// over tells that the network has ended.
func (n *tear) over() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.armed && n.begun && n.left == 0
}

// TestTorn loses the signal in the middle of an update of the service worker, when a
// page of the new version is kept and its files are not: connections stay open, and
// say nothing. The kept page comes with the files that are there, none waits for the
// line, and the update is made up for later.
func TestTorn(t *testing.T) {
	t.Parallel()
	var saw struct {
		Before, Update, Torn, Healed string   // the version of the page's files
		Waited                       []int    // ms, for pages in the silence
		Complaints                   []string // of the browser
	}
	drive(t, newOffice(), "torn.mjs", &saw)
	if saw.Before == nextVersion || saw.Update != nextVersion || saw.Torn != saw.Before || saw.Healed != nextVersion {
		t.Errorf("files of %s, with the update %s, in the silence %s, then %s", saw.Before, saw.Update, saw.Torn, saw.Healed)
	}
	if len(saw.Waited) == 0 || slices.Max(saw.Waited) > 6000 { // 3 s, on a busy machine
		t.Errorf("waited for %v ms", saw.Waited)
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the browser complains: %q", saw.Complaints)
	}
}
