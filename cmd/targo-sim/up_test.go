package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/simkit"
)

// TestMain lets the test program play the hub: targo-sim starts it with "serve".
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		playHub()
		return
	}
	goleak.VerifyTestMain(m)
}

func playHub() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	staff := "Bearer " + os.Getenv("TARGO_DEMO_STAFF_TOKEN")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /accept/generate", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Quotation string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if r.Header.Get("Authorization") != staff || strings.HasSuffix(in.Quotation, "2") {
			simkit.WriteJSON(w, http.StatusConflict, map[string]string{"detail": "Refusée."})
			return
		}
		simkit.WriteJSON(w, http.StatusCreated, map[string]string{"url": os.Getenv("TARGO_PUBLIC_URL") + "/accept/" + in.Quotation})
	})
	mux.HandleFunc("POST /otp/tech-link", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Technician, Job string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if r.Header.Get("Authorization") != staff || in.Technician != "TECH-02" || in.Job == "" {
			simkit.WriteJSON(w, http.StatusForbidden, map[string]string{"detail": "Personne."})
			return
		}
		simkit.WriteJSON(w, http.StatusCreated, map[string]string{"url": os.Getenv("TARGO_PUBLIC_URL") + "/j/abcdefgh12345678"})
	})
	mux.HandleFunc("POST /track/{job}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != staff || !strings.HasPrefix(r.PathValue("job"), "DJ-") {
			simkit.WriteJSON(w, http.StatusForbidden, map[string]string{"detail": "Personne."})
			return
		}
		simkit.WriteJSON(w, http.StatusCreated, map[string]string{"url": os.Getenv("TARGO_PUBLIC_URL") + "/track/of-" + r.PathValue("job")})
	})
	mux.HandleFunc("GET /console/map", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the map for "+r.Header.Get("X-authentik-email"))
	})
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, _ *http.Request) {
		simkit.WriteJSON(w, http.StatusOK, map[string]any{"items": []any{map[string]string{"channel": "sms", "to": "+15145550111", "status": "captured", "body": "Bonjour <b>"}}})
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == staff && r.URL.Query().Get("last_event_id") == "0" {
			_, _ = io.WriteString(w, "event: job.created\ndata: {}\n\n")
		}
	})
	server := &http.Server{Addr: os.Getenv("TARGO_LISTEN"), Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }()
	_ = server.ListenAndServe()
}

// output is what a command prints, readable while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// up is a running `targo-sim up`.
type up struct {
	out, errs output
	file      string // of the environment
	env       map[string]string
	stop      context.CancelFunc
	ended     chan int
	client    *http.Client
}

func startUp(t *testing.T, args ...string) *up {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	u := &up{stop: stop, ended: make(chan int, 1), env: map[string]string{}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	u.file = filepath.Join(t.TempDir(), "env")
	go func() { u.ended <- run(ctx, append([]string{"up", "--env", u.file}, args...), &u.out, &u.errs) }()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(u.out.String(), "Ctrl-C") {
		select {
		case <-tick.C:
		case code := <-u.ended:
			t.Fatalf("ended with %d: %s", code, u.errs.String())
		case <-deadline:
			t.Fatalf("not up: %s", u.errs.String())
		}
	}
	t.Cleanup(stop)
	raw, err := os.ReadFile(u.file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		u.env[key] = value
	}
	if info, err := os.Stat(u.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the environment file is readable by others: %v, %v", info.Mode(), err)
	}
	return u
}

// end stops the command and returns its exit code.
func (u *up) end(t *testing.T) int {
	t.Helper()
	u.stop()
	select {
	case code := <-u.ended:
		return code
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
		return -1
	}
}

func (u *up) get(t *testing.T, address, authorization string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	res, err := u.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// One world serves all looks: raising it is the slow part.
func TestUp(t *testing.T) {
	t.Parallel()
	u := startUp(t, "--hub", "--hub-bin", os.Args[0])
	dir := filepath.Dir(strings.TrimPrefix(u.env["TARGO_STATE"], "sqlite:"))
	t.Run("simulators", func(t *testing.T) { checkSimulators(t, u) })
	t.Run("front page", func(t *testing.T) { checkFront(t, u) })
	t.Run("town", func(t *testing.T) { checkTownPages(t, u) })
	t.Run("states", func(t *testing.T) { checkStates(t, u) })
	t.Run("day", func(t *testing.T) { checkDay(t, u) })
	t.Run("trucks", func(t *testing.T) { checkTrucks(t, u) })
	t.Run("people", func(t *testing.T) { checkPeople(t, u) })
	t.Run("declined", func(t *testing.T) { checkDeclined(t, u) })
	if _, err := os.Stat(filepath.Join(dir, "targo-hub.log")); err != nil {
		t.Errorf("the hub has no log: %v", err)
	}
	if code := u.end(t); code != 0 {
		t.Errorf("exit code %d: %s", code, u.errs.String())
	}
	for _, path := range []string{dir, u.file} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}

func checkSimulators(t *testing.T, u *up) {
	t.Helper()
	for _, name := range []string{"ERPNEXT", "DOCUSEAL", "TWILIO", "MAILJET", "GEMINI", "AUTHENTIK", "TRACCAR", "TILES"} {
		if status, body := u.get(t, u.env["TARGO_SIM_"+name+"_URL"]+"/_sim/state", ""); status != 200 || !strings.Contains(body, strings.ToLower(name)) {
			t.Errorf("%s: %d", name, status)
		}
	}
	staff, service := u.env["TARGO_DEMO_STAFF_TOKEN"], u.env["TARGO_DEMO_SERVICE_TOKEN"]
	if strings.Count(staff, ".") != 2 || !strings.Contains(u.env["TARGO_ACCESS_SERVICE_TOKENS"], service) || service == "" {
		t.Error("the environment lacks the demo's tokens")
	}
}

func checkFront(t *testing.T, u *up) {
	t.Helper()
	front := u.env["TARGO_SIM_FRONT_URL"]
	for range 2 { // the second time the links are known
		_, body := u.get(t, front+"/", "")
		for _, want := range []string{"Amélie Tremblay", u.env["TARGO_PUBLIC_URL"] + "/accept/SAL-QTN-", u.env["TARGO_PUBLIC_URL"] + "/j/abcdefgh12345678", "Refusée.", u.env["TARGO_DEMO_TRACK_LINK"], u.env["TARGO_DEMO_MAP_URL"], u.env["TARGO_TRACCAR_URL"] + "/?id=telephone-demo", "+15145550111", "Bonjour &lt;b&gt;", "Retenu", "321,88\u00a0$", "6\u00a0151,11\u00a0$", ">Ouvrir</a>"} {
			if !strings.Contains(strings.ReplaceAll(body, "&#43;", "+"), want) {
				t.Errorf("the front page lacks %q", want)
			}
		}
	}
	if _, events := u.get(t, front+"/events?topics=jobs&last_event_id=0", ""); !strings.Contains(events, "job.created") {
		t.Errorf("events: %q", events)
	}
}

// What happens to a quotation while the page is open shows on the next look.
func checkDeclined(t *testing.T, u *up) {
	t.Helper()
	name := u.docs(t, "Quotation")[2]["name"].(string)
	u.decline(t, name)
	_, body := u.get(t, u.env["TARGO_SIM_FRONT_URL"]+"/", "")
	if strings.Count(body, "Refusée</strong>") != 1 || strings.Contains(body, "/accept/"+name) {
		t.Error("the quotation that was just declined is still offered, or not shown as declined")
	}
}

func checkTownPages(t *testing.T, u *up) {
	t.Helper()
	for path, want := range map[string]string{
		"/town/": "Dispatch Job", "/town/Service%20Location": "LOC-", "/town/Customer/Am%C3%A9lie%20Tremblay": "language",
		"/town/Dispatch%20Technician/TECH-01": "Marc-André Caron", "/pages/front.css": "color-scheme", "/favicon.ico": "<svg",
		"/town/Service%20Contract/CTR-00001": `<a href="/town/Dispatch%20Job/DJ-00001">`, "/town/Quotation": "accepted",
	} {
		if status, body := u.get(t, u.env["TARGO_SIM_FRONT_URL"]+path, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d without %q", path, status, want)
		}
	}
	for path, want := range map[string]int{"/town/User": 404, "/town/Quotation/none": 404} {
		if status, _ := u.get(t, u.env["TARGO_SIM_FRONT_URL"]+path, ""); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

func TestHubThatDiesIsReported(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "targo-hub")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho the store is locked >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := startHub(script, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	err = c.waitReady(t.Context(), client, "http://127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "the store is locked") {
		t.Errorf("waiting: %v", err)
	}
	if err := c.stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

func TestUpSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	taken, err := simkit.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close(context.Background()) })
	tests := []struct {
		name string
		args []string
		code int
		text string
	}{
		{"no hub", []string{"up", "--hub", "--hub-bin", "/nowhere/targo-hub"}, 1, "make demo"},
		{"port", []string{"up", "--port-base", fmt.Sprint(taken.Port())}, 1, "listening on loopback port"},
		{"no folder", []string{"up", "--env", "/nowhere/at/all/env"}, 1, "there is no folder /nowhere/at/all for the environment file"},
		{"a folder", []string{"up", "--env", os.TempDir()}, 1, "is a folder"},
		{"option", []string{"up", "--what"}, 2, "unknown flag"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs output
			if code := run(t.Context(), tt.args, &out, &errs); code != tt.code || !strings.Contains(errs.String(), tt.text) {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
		})
	}
}
