package paper_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// weather is what may stand between a phone and the hub: nothing, a line that holds
// work orders back until the weather changes, a café's network that answers in the
// hub's place, or a hub of another version.
type weather struct {
	now     atomic.Value // string: "", slow, portal, gate, gateway, update
	asked   atomic.Int64 // while it is not ""
	mu      sync.Mutex
	changed chan struct{} // closed with the next change
}

// set changes the weather and lets go of what the former one held back.
func (w *weather) set(now string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Store(now)
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// change is closed with the next change.
func (w *weather) change() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed
}

// nextVersion stands in for the hash of the next release.
const nextVersion = "ffffffffffff"

var versions = regexp.MustCompile(`/j/assets/[0-9a-f]{12}|const SHELL = "[0-9a-f]{12}"`)

func (w *weather) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		now, _ := w.now.Load().(string)
		if now != "" {
			w.asked.Add(1)
		}
		switch now {
		case "portal", "gate", "gateway":
			rw.Header().Set("Content-Type", "text/html")
			rw.Header().Set("Cache-Control", "public, max-age=600")
			rw.WriteHeader(map[string]int{"portal": 200, "gate": 401, "gateway": 502}[now])
			fmt.Fprint(rw, "<h1>Café Exemple</h1>")
		case "update":
			w.update(h, rw, r)
		case "slow":
			if change := w.change(); strings.HasPrefix(r.URL.Path, "/j/job/") && w.now.Load() == now {
				select {
				case <-change:
				case <-r.Context().Done():
				}
			}
			h.ServeHTTP(rw, r)
		default:
			h.ServeHTTP(rw, r)
		}
	})
}

// update answers as the next release does: other addresses, another script.
func (w *weather) update(h http.Handler, rw http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept-Encoding")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	body := versions.ReplaceAllFunc(answer.Body.Bytes(), func(found []byte) []byte {
		return regexp.MustCompile(`[0-9a-f]{12}`).ReplaceAll(found, []byte(nextVersion))
	})
	if strings.HasSuffix(r.URL.Path, "/app.js") {
		body = append(bytes.Clone(body), []byte("\ndocument.documentElement.dataset.release = \"2\";\n")...)
	}
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	if rw.Header().Get("Targo-App") != "" {
		rw.Header().Set("Targo-App", nextVersion)
	}
	rw.Header().Del("Content-Length")
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(body)
}

// TestWeather is a day between networks: whoever answers in the hub's place is not
// believed, a slow hub is not waited for, a release in the middle of the day gives
// pages of one piece, and what the technician did survives all of it. A browser that
// keeps nothing is left its forms.
func TestWeather(t *testing.T) {
	t.Parallel()
	o := newOffice()
	var saw struct {
		Portal, Gate, Gateway []string // the day, the job, what waits
		Slow                  []string
		Release, Kept         []string // of the page and of its script
		Sent, Blocked, Focus  string
		Troubles              []int // shown to another technician, then to this one
		Complaints            []string
	}
	drive(t, o, "weather.mjs", &saw)
	for name, got := range map[string][]string{"portal": saw.Portal, "gate": saw.Gate, "gateway": saw.Gateway} {
		if strings.Join(got, "|") != "Ma journée|Installation fibre, 500 Mbit/s|2 actions en attente de sync" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Join(saw.Slow, "|") != "Gardée|Le chien est attaché" {
		t.Errorf("over a slow line %q", saw.Slow)
	}
	if strings.Join(saw.Release, "|") != nextVersion+"|2" || strings.Join(saw.Kept, "|") != nextVersion+"|2" {
		t.Errorf("a new release shows %q, then in a dead zone %q", saw.Release, saw.Kept)
	}
	if saw.Sent != "Tout est envoyé" || o.kinds() != "note photo checklist note" || len(saw.Complaints) > 0 {
		t.Errorf("in the end %q, arrived %q, complaints %q", saw.Sent, o.kinds(), saw.Complaints)
	}
	if fmt.Sprint(saw.Troubles) != "[0 1]" || saw.Focus != "H1" {
		t.Errorf("conflicts shown to another and to him: %v; once settled the focus is on %s", saw.Troubles, saw.Focus)
	}
	if !strings.Contains(saw.Blocked, "demandent un navigateur") {
		t.Errorf("a browser that keeps nothing: %q", saw.Blocked)
	}
	if asked := o.weather.asked.Load(); asked > 200 {
		t.Errorf("%d requests to whoever was in the way", asked)
	}
}
