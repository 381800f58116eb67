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

// firsts tells of each write whether it comes for the first time.
type firsts struct {
	mu   sync.Mutex
	seen map[string]bool
	n    int
}

func (f *firsts) write(r *http.Request) bool {
	if r.Method == http.MethodGet || !strings.HasPrefix(r.URL.Path, "/api/resource/") {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	defer f.mu.Unlock()
	key := r.Method + r.URL.Path + lock.ReplaceAllString(string(body), "")
	if f.seen[key] {
		return false
	}
	f.seen[key] = true
	f.n++
	return true
}

// TestEveryWriteFailsOnce: whatever write of whatever repair fails, the others are
// made, and the next inspections make up for it: exactly one of everything exists
// in the end.
func TestEveryWriteFailsOnce(t *testing.T) {
	t.Parallel()
	faults := map[string]func(p *plant, w http.ResponseWriter, r *http.Request){
		"refused with 500": func(_ *plant, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"exc_type":"TypeError","exception":"TypeError: broken on request of the test"}`)
		},
		"done, and the reply lost": func(p *plant, _ http.ResponseWriter, r *http.Request) {
			p.site.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		},
	}
	for name, fail := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docs, planted := sown(plants())
			p := open(t, erpnextsim.V16, docs...)
			before := p.everything(t)
			once := &firsts{seen: map[string]bool{}}
			fault := func(w http.ResponseWriter, r *http.Request) bool {
				if !once.write(r) {
					return false
				}
				fail(p, w, r)
				return true
			}
			p.fault.Store(&fault)
			failed, runs := 0, 0
			for left := 1; left > 0 && runs < 8; runs++ {
				r := p.inspect(t, orphans.ModeRepair)
				failed += r.Failed
				left = 0
				for _, f := range r.Findings {
					if f.Repairable && !f.Repaired {
						left++
					}
				}
			}
			if once.n < 26 {
				t.Errorf("only %d writes failed", once.n)
			}
			t.Logf("%d writes failed, %d repairs with them, in %d inspections", once.n, failed, runs)
			if diff := gocmp.Diff(unrepairable(planted), finds(p.inspect(t, orphans.ModeRepair))); diff != "" {
				t.Errorf("in the end (-want +found):\n%s", diff)
			}
			writes(t, changed(before, p.everything(t)))
		})
	}
}
