package gemini_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/connectors/gemini/geminisim"
	"gigafibre.ca/targo-hub/hub"
)

// The SDK links OpenCensus, which starts a goroutine for ever when it is loaded.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("go.opencensus.io/stats/view.(*worker).start"))
}

const (
	key    = "invented-key-of-google"
	prompt = "Transcribe every code of this picture"
)

var schema = json.RawMessage(`{"type":"OBJECT","properties":{"codes":{"type":"ARRAY","maxItems":3,"items":{"type":"OBJECT","properties":{"value":{"type":"STRING"}},"required":["value"]}}},"required":["codes"]}`)

func question() gemini.Question {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30)), nil)
	return gemini.Question{Task: "barcodes", Prompt: prompt, Schema: schema, Images: []gemini.Image{{MIME: "image/jpeg", Bytes: b.Bytes()}}}
}

func settings(baseURL string) gemini.Config {
	return gemini.Config{APIKey: key, BaseURL: baseURL, Timeout: 5 * time.Second}
}

func client(t *testing.T, cfg gemini.Config) *gemini.Client {
	t.Helper()
	c, err := gemini.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func world(t *testing.T) (*geminisim.Sim, string) {
	t.Helper()
	sim := geminisim.New(geminisim.Options{APIKey: key})
	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.Close(); sim.Close() })
	return sim, server.URL
}

func TestReadConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{key, prompt},
		New: func(t testing.TB, baseURL string) func(context.Context) error {
			cfg := settings(baseURL)
			cfg.Timeout = 300 * time.Millisecond
			c, err := gemini.New(cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) error { _, err := c.Read(ctx, question()); return err }
		},
	})
}

func TestProbeConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{key}, Read: true,
		New: func(t testing.TB, baseURL string) func(context.Context) error {
			cfg := settings(baseURL)
			cfg.Timeout = 300 * time.Millisecond
			c, err := gemini.New(cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			return c.Probe
		},
	})
}

func TestReadGivesWhatWasRead(t *testing.T) {
	t.Parallel()
	sim, url := world(t)
	sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"codes":[{"value":"AB123456"}]}`), Thought: "hmm", Next: 1})
	cfg := settings(url + "/")
	cfg.Thinking = "minimal"
	got, err := client(t, cfg).Read(t.Context(), question())
	if err != nil {
		t.Fatal(err)
	}
	if string(got.JSON) != `{"codes":[{"value":"AB123456"}]}` || got.Model != "gemini-3.5-flash-lite" || got.Tokens.Total != got.Tokens.Prompt+got.Tokens.Output+got.Tokens.Thoughts || got.Tokens.Thoughts == 0 {
		t.Errorf("%s %+v", got.JSON, got)
	}
	asked := sim.Asked()
	if len(asked) != 1 || asked[0].Model != "gemini-3.5-flash-lite" || asked[0].Prompt != prompt || !asked[0].Schema || asked[0].Thinking != "MINIMAL" || asked[0].Timeout == "" {
		t.Errorf("%+v", asked)
	}
	want := []geminisim.Sample{{MIME: "image/jpeg", Bytes: len(question().Images[0].Bytes), Width: 40, Height: 30}}
	if diff := cmp.Diff(want, asked[0].Pictures); diff != "" {
		t.Error(diff)
	}
}

// A model that Google took away and routes to another one answers; its name shows.
func TestARoutedModelShows(t *testing.T) {
	t.Parallel()
	_, url := world(t)
	cfg := settings(url)
	cfg.Model, cfg.Thinking = "models/gemini-2.5-flash", "0"
	got, err := client(t, cfg).Read(t.Context(), question())
	if err != nil || got.Model != "gemini-3.5-flash-lite" || string(got.JSON) != `{"codes":[]}` {
		t.Errorf("%+v %v", got, err)
	}
}

func TestRefusalsAreToldApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind          string
		code          string
		status        int
		temporary     bool
		misconfigured bool
	}{
		{"bad-key", gemini.CodeKey, 400, false, true},
		{"model-gone", gemini.CodeModel, 404, false, true},
		{"quota-day", gemini.CodeQuotaDay, 429, true, false},
		{"quota-long", gemini.CodeQuota, 429, true, false},
		{"blocked", gemini.CodeBlocked, 200, false, false},
		{"blocked-answer", gemini.CodeBlocked, 200, false, false},
		{"truncated", gemini.CodeTruncated, 200, false, false},
		{"truncated-empty", gemini.CodeTruncated, 200, false, false},
		{"continuation-lost", gemini.CodeTruncated, 200, false, false},
		{"wrong-json", connectors.CodeUnreadable, 200, true, false},
		{"html-200", connectors.CodeUnreadable, 200, true, false},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			sim, url := world(t)
			arm(t, url, test.kind, 5)
			_, err := client(t, settings(url)).Read(t.Context(), question())
			e, ok := connectors.AsError(err)
			if !ok || e.Code != test.code || e.Status != test.status || e.Temporary != test.temporary || gemini.Misconfigured(err) != test.misconfigured {
				t.Errorf("%v (%+v)", err, e)
			}
			if got := sim.Control().Calls(); got != 1 {
				t.Errorf("asked %d times", got)
			}
			connectorstest.NoSecret(t, err, key, prompt)
		})
	}
}

// What may pass is asked for again, within the caller's time; the rest of an
// answer is fetched, and a reason that nobody knows is no reason.
func TestTryingAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind  string
		times int
		calls int
		fails bool
	}{
		{"overloaded", 1, 2, false},
		{"overloaded", 9, 3, true},
		{"html", 2, 3, false},
		{"quota", 1, 2, false},
		{"continuation", 1, 2, false},
		{"unknown-finish", 1, 1, false},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			sim, url := world(t)
			sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"codes":[{"value":"AB123456"}]}`)})
			arm(t, url, test.kind, test.times)
			got, err := client(t, settings(url)).Read(t.Context(), question())
			if (err != nil) != test.fails || err == nil && !json.Valid(got.JSON) {
				t.Errorf("%s %v", got.JSON, err)
			}
			if got := sim.Control().Calls(); got != test.calls {
				t.Errorf("asked %d times, want %d", got, test.calls)
			}
		})
	}
}

// The pause that Google asks for is kept where there is time for it, and told to
// the caller where there is none.
func TestThePauseIsCappedByTheCallersTime(t *testing.T) {
	t.Parallel()
	sim, url := world(t)
	arm(t, url, "quota", 2)
	c := client(t, settings(url))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	started := time.Now()
	_, err := c.Read(ctx, question())
	e, ok := connectors.AsError(err)
	if !ok || e.RetryAfter != 1500*time.Millisecond || time.Since(started) > time.Second || sim.Control().Calls() != 1 {
		t.Errorf("%v after %s and %d calls", err, time.Since(started), sim.Control().Calls())
	}
	if p := hub.ProblemOf(err); p.Kind != hub.Unavailable || p.RetryAfter != 1500*time.Millisecond {
		t.Errorf("%+v", p)
	}
	started = time.Now()
	if _, err := c.Read(t.Context(), question()); err != nil || time.Since(started) < 1500*time.Millisecond {
		t.Errorf("%v after %s", err, time.Since(started))
	}
}

// A hanging Gemini costs the caller his own time and no more.
func TestHanging(t *testing.T) {
	t.Parallel()
	_, url := world(t)
	arm(t, url, "hang", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := client(t, settings(url)).Read(ctx, question())
	if !hub.IsKind(err, hub.Timeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func arm(t *testing.T, url, kind string, times int) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"kind": kind, "next": times, "match": "POST"})
	resp, err := http.Post(url+"/_sim/fail", "application/json", strings.NewReader(string(body))) //nolint:noctx // a control of the simulator
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("arming %s: %d", kind, resp.StatusCode)
	}
}
