package gemini_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/hub"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cfg gemini.Config
		ok  bool
	}{
		{gemini.Config{}, true},
		{gemini.Config{APIKey: key, Model: "gemini-3.5-flash-lite", Thinking: "Minimal", BaseURL: "http://127.0.0.1:1"}, true},
		{gemini.Config{APIKey: key, Model: "models/gemini-flash-latest", Thinking: "-1"}, true},
		{gemini.Config{APIKey: key, Thinking: "much"}, false},
		{gemini.Config{APIKey: key, Thinking: "-2"}, false},
		{gemini.Config{APIKey: key, Thinking: "99999999999"}, false},
		{gemini.Config{APIKey: key, Model: "a model"}, false},
		{gemini.Config{APIKey: key, BaseURL: "gemini"}, false},
		{gemini.Config{APIKey: key, BaseURL: "ftp://example.org"}, false},
	} {
		if err := test.cfg.Validate(); (err == nil) != test.ok {
			t.Errorf("%+v: %v", test.cfg, err)
		}
		client, err := gemini.New(test.cfg, nil)
		switch {
		case !test.ok && (err == nil || client != nil):
			t.Errorf("%+v was taken", test.cfg)
		case test.ok && !test.cfg.On() && !hub.HasCode(err, "part-off"):
			t.Errorf("without a key: %v", err)
		case test.ok && test.cfg.On() && (err != nil || client.Model() == "" || client.State() != "closed"):
			t.Errorf("%+v: %v", test.cfg, err)
		}
	}
}

// The probe tells a good key and model from wrong ones, and costs nothing.
func TestProbe(t *testing.T) {
	t.Parallel()
	sim, url := world(t)
	if err := client(t, settings(url)).Probe(t.Context()); err != nil {
		t.Error(err)
	}
	cfg := settings(url)
	cfg.Model = "gemini-2.0-flash"
	err := client(t, cfg).Probe(t.Context())
	if e, ok := connectors.AsError(err); !ok || e.Code != gemini.CodeModel || !gemini.Misconfigured(err) {
		t.Errorf("a model that is gone: %v", err)
	}
	cfg = settings(url)
	cfg.APIKey = "somebody-else"
	err = client(t, cfg).Probe(t.Context())
	if e, ok := connectors.AsError(err); !ok || e.Code != gemini.CodeKey || !gemini.Misconfigured(err) {
		t.Errorf("a wrong key: %v", err)
	}
	if len(sim.Asked()) != 0 {
		t.Error("it was billed")
	}
}

// At the start the log says what is wrong, and never the key.
func TestGreet(t *testing.T) {
	t.Parallel()
	_, url := world(t)
	for _, test := range []struct{ model, url, want string }{
		{"", url, `"level":"INFO"`}, {"gemini-2.0-flash", url, `"level":"ERROR"`}, {"", "http://127.0.0.1:1", `"level":"WARN"`},
	} {
		cfg := settings(test.url)
		cfg.Model = test.model
		var said bytes.Buffer
		client(t, cfg).Greet(t.Context(), slog.New(slog.NewJSONHandler(&said, nil)))
		if text := said.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, test.want) || strings.Contains(text, key) {
			t.Errorf("%+v: %s", test, text)
		}
	}
}

// A parameter that the model does not take is the settings' fault, and so is a
// schema that is none.
func TestParametersOfTheSettings(t *testing.T) {
	t.Parallel()
	sim, url := world(t)
	for _, test := range []struct{ model, thinking string }{{"gemini-2.5-flash-lite", "minimal"}, {"gemini-3.8-flash", "minimal"}} {
		cfg := settings(url)
		cfg.Model, cfg.Thinking = test.model, test.thinking
		_, err := client(t, cfg).Read(t.Context(), question())
		if e, ok := connectors.AsError(err); !ok || e.Code != gemini.CodeSettings || !gemini.Misconfigured(err) || e.Temporary {
			t.Errorf("%+v: %v", test, err)
		}
	}
	q := question()
	q.Schema = []byte(`{"type":`)
	if _, err := client(t, settings(url)).Read(t.Context(), q); err == nil {
		t.Error("half a schema was taken")
	}
	if len(sim.Asked()) != 0 {
		t.Error("it was answered")
	}
	cfg := settings(url)
	cfg.Closed = errors.New("the gate is shut")
	if _, err := client(t, cfg).Read(t.Context(), question()); !errors.Is(err, cfg.Closed) || !hub.HasCode(err, "part-off") {
		t.Errorf("a closed client: %v", err)
	}
}
