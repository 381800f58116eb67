package orphans_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
)

// lock is the part of a write that says on what state of the document it rests.
var lock = regexp.MustCompile(`"modified":"[^"]*"`)

// times counts how often each write was asked for.
type times struct {
	mu   sync.Mutex
	seen map[string]int
}

// write is which time it is, from 1 on; 0 for what is no write.
func (f *times) write(r *http.Request) int {
	if r.Method == http.MethodGet || !strings.HasPrefix(r.URL.Path, "/api/resource/") {
		return 0
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	defer f.mu.Unlock()
	key := r.Method + r.URL.Path + lock.ReplaceAllString(string(body), "")
	f.seen[key]++
	return f.seen[key]
}

// TestEveryWriteFailsTwice: whatever write of whatever repair fails, the others are
// made, and the next inspections make up for it: exactly one of everything exists
// in the end. Each write is refused first, and done without a reply when it comes
// again.
func TestEveryWriteFailsTwice(t *testing.T) {
	t.Parallel()
	docs, planted := sown(plants())
	p := open(t, erpnextsim.V16, docs...)
	before := p.everything(t)
	count := &times{seen: map[string]int{}}
	fault := func(w http.ResponseWriter, r *http.Request) bool {
		switch count.write(r) {
		case 1:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"exc_type":"TypeError","exception":"TypeError: broken on request of the test"}`)
		case 2:
			p.site.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	}
	p.fault.Store(&fault)
	runs := 0
	for left := 1; left > 0 && runs < 12; runs++ {
		left = 0
		for _, f := range p.inspect(t, orphans.ModeRepair).Findings {
			if f.Repairable && !f.Repaired {
				left++
			}
		}
	}
	twice := 0
	for _, n := range count.seen {
		if n > 1 {
			twice++
		}
	}
	if len(count.seen) < 26 || twice < 26 {
		t.Errorf("only %d writes failed, %d of them twice", len(count.seen), twice)
	}
	t.Logf("%d writes failed, %d of them twice, in %d inspections", len(count.seen), twice, runs)
	if diff := gocmp.Diff(unrepairable(planted), finds(p.inspect(t, orphans.ModeRepair))); diff != "" {
		t.Errorf("in the end (-want +found):\n%s", diff)
	}
	writes(t, changed(before, p.everything(t)))
}
