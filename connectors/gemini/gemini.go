// Package gemini lets Google's Gemini read pictures: a question goes out with a
// prompt, pictures and the schema of the answer, and JSON of that schema comes
// back. A schema forces the shape, not the truth; whoever asks checks what was
// read.
//
// The SDK neither honours the pause that Google asks for nor tells a blocked or
// cut answer from a good one, so both are done here: a call is made once more when
// the pause ends within the caller's time, and never after a quota of the day. The
// parameters that differ between generations of models are settings; what was
// refused because of them, of the key or of the model's name is told apart
// (Misconfigured), for it does not pass by itself.
//
// System called: the Gemini API, by its SDK, over the transport of the kit. The
// package has no routes, publishes no events and remembers nothing.
package gemini

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genai"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// Client calls Gemini. Every failure of a call is a *connectors.Error.
type Client struct {
	cfg      Config
	thinking *genai.ThinkingConfig
	kit      *connectors.Client
	wait     func(ctx context.Context, d time.Duration) error
}

// New makes a client; it fails when the settings are wrong, or hold no key.
// metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("reading the settings of Gemini: %w", err)
	}
	if !cfg.On() {
		return nil, hub.PartOff("Gemini")
	}
	if cfg.Model == "" {
		cfg.Model = defaultModel
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultBase
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	cfg.Model = strings.TrimPrefix(cfg.Model, "models/")
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	think, err := thinking(cfg.Thinking)
	return &Client{cfg: cfg, thinking: think, wait: pause, kit: connectors.New(connectors.Options{
		System: "gemini", BaseURL: cfg.BaseURL, Timeout: cfg.Timeout, Metrics: metrics, MaxBody: 4 << 20, Writes: 16,
		Secrets: []string{cfg.APIKey.Reveal()}, Closed: cfg.Closed,
	})}, err
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Model returns the name of the configured model.
func (c *Client) Model() string { return c.cfg.Model }

// Question is what Gemini is asked.
type Question struct {
	Task      string          // one word for metrics and errors: "barcodes"
	Prompt    string          // what to do with the pictures
	Schema    json.RawMessage // of the answer: type (OBJECT, ARRAY, STRING …), properties, items, required …
	Images    []Image
	MaxTokens int // of the answer, thoughts included; 8192 when 0
}

// Image is one picture.
type Image struct {
	MIME  string // "image/jpeg"
	Bytes []byte
}

// Answer is what Gemini read.
type Answer struct {
	JSON   json.RawMessage // of the asked schema, as far as Gemini keeps to it
	Model  string          // that answered; another than the asked one when Google routes its calls there
	Tokens Tokens
}

// Tokens are what the call is billed by.
type Tokens struct {
	Prompt   int
	Output   int
	Thoughts int
	Total    int
}

// Read asks. ctx bounds all tries together; without a deadline of its own they
// get twice the configured time.
func (c *Client) Read(ctx context.Context, q Question) (Answer, error) {
	op := "generate." + q.Task
	config, err := c.config(q)
	if err != nil {
		return Answer{}, c.kit.Local(op, fmt.Errorf("reading the schema: %w", err))
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 2*c.cfg.Timeout)
		defer cancel()
	}
	var answer Answer
	err = c.again(ctx, func() error {
		answer, err = c.once(ctx, op, q, *config)
		return err
	})
	return answer, err
}

// Probe asks whether the key is taken and the model exists; it costs nothing.
func (c *Client) Probe(ctx context.Context) error {
	const op = "model.get"
	var got *genai.Model
	reply, err := c.kit.Call(ctx, op, func(hc *http.Client) error {
		client, err := c.sdk(ctx, hc)
		if err != nil {
			return err
		}
		got, err = client.Models.Get(ctx, c.cfg.Model, nil)
		return err
	})
	if err != nil {
		return explained(err)
	}
	if got == nil || got.Name == "" {
		return c.kit.Unreadable(op, http.MethodGet, reply.Status, errors.New("no name of a model"))
	}
	return nil
}

// Greet probes once, at the start of the hub, and logs what is wrong: a model that
// Google took away is seen before the first technician meets it. Nothing fails.
func (c *Client) Greet(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	switch err := c.Probe(ctx); {
	case err == nil:
		log.InfoContext(ctx, "gemini is there", "model", c.cfg.Model)
	case Misconfigured(err):
		log.ErrorContext(ctx, "gemini is not set up as it must be", "model", c.cfg.Model, "err", err)
	default:
		log.WarnContext(ctx, "gemini does not answer", "model", c.cfg.Model, "err", err)
	}
}

func (c *Client) once(ctx context.Context, op string, q Question, config genai.GenerateContentConfig) (Answer, error) {
	parts := make([]*genai.Part, 0, len(q.Images)+1)
	for _, image := range q.Images {
		parts = append(parts, genai.NewPartFromBytes(image.Bytes, image.MIME))
	}
	parts = append(parts, genai.NewPartFromText(q.Prompt))
	var got *genai.GenerateContentResponse
	reply, err := c.kit.Call(ctx, op, func(hc *http.Client) error {
		client, err := c.sdk(ctx, hc)
		if err != nil {
			return err
		}
		contents := []*genai.Content{genai.NewContentFromParts(parts, genai.RoleUser)}
		got, err = client.Models.GenerateContent(ctx, c.cfg.Model, contents, &config)
		return err
	})
	if err != nil {
		return Answer{}, explained(err)
	}
	return c.judge(op, reply.Status, got)
}

// sdk makes a client of the SDK for one call. Its variables of the environment
// are ruled out: whom the hub calls, and how, stands in its settings.
func (c *Client) sdk(ctx context.Context, hc *http.Client) (*genai.Client, error) {
	return genai.NewClient(ctx, &genai.ClientConfig{
		APIKey: c.cfg.APIKey.Reveal(), Backend: genai.BackendGeminiAPI, HTTPClient: hc,
		HTTPOptions: genai.HTTPOptions{BaseURL: c.cfg.BaseURL, APIVersion: "v1beta"},
	})
}

// config is what goes along with a question. No temperature and the like: from
// the third generation on they are not to be sent.
func (c *Client) config(q Question) (*genai.GenerateContentConfig, error) {
	config := &genai.GenerateContentConfig{
		MaxOutputTokens: int32(q.MaxTokens), ThinkingConfig: c.thinking, //nolint:gosec // a few thousand
		ResponseMIMEType: "application/json",
	}
	if config.MaxOutputTokens <= 0 {
		config.MaxOutputTokens = 8192
	}
	return config, json.Unmarshal(q.Schema, &config.ResponseSchema)
}
