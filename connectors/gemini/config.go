package gemini

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genai"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns Gemini. Without APIKey the
// part is off. Models are retired every few months, and each generation takes
// other parameters: that is why all of them are settings.
type Config struct {
	APIKey   config.Secret `yaml:"api_key" env:"API_KEY" doc:"API key of Google's Gemini API"`
	Model    string        `yaml:"model" env:"MODEL" default:"gemini-3.5-flash-lite" doc:"name of the model that reads pictures; targo-hub check says whether Google still has it"`
	Thinking string        `yaml:"thinking" env:"THINKING" doc:"how much the model thinks first: minimal, low, medium or high for the models from 3 on, a number of tokens (0 for none) for 2.5; empty leaves it to the model"`
	BaseURL  string        `yaml:"base_url" env:"BASE_URL" default:"https://generativelanguage.googleapis.com" doc:"address of the Gemini API, without the version"`
	Timeout  time.Duration `yaml:"timeout" env:"TIMEOUT" default:"30s" doc:"longest wait for one answer of Gemini; whoever waits for a code waits less"`

	// Closed says why Gemini must not be reached at all (see connectors.Options).
	Closed error `yaml:"-" env:"-"`
}

const (
	defaultBase  = "https://generativelanguage.googleapis.com"
	defaultModel = "gemini-3.5-flash-lite"
)

var levels = []string{"minimal", "low", "medium", "high"}

// On tells whether pictures can be read by Gemini.
func (c Config) On() bool { return !c.APIKey.Empty() }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	if strings.ContainsAny(c.Model, "/ ?#%:") && !strings.HasPrefix(c.Model, "models/") {
		mistakes = append(mistakes, config.Wrong("model", "not a name like %s", defaultModel))
	}
	if _, err := thinking(c.Thinking); err != nil {
		mistakes = append(mistakes, config.Wrong("thinking", "%s", err.Error()))
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" {
			mistakes = append(mistakes, config.Wrong("base_url", "not an address like %s", defaultBase))
		}
	}
	return errors.Join(mistakes...)
}

// thinking reads the setting; nil leaves it to the model. Level and budget never
// go together: the API refuses that.
func thinking(text string) (*genai.ThinkingConfig, error) {
	switch text = strings.ToLower(strings.TrimSpace(text)); {
	case text == "":
		return nil, nil
	case slices.Contains(levels, text):
		return &genai.ThinkingConfig{ThinkingLevel: genai.ThinkingLevel(strings.ToUpper(text))}, nil
	}
	tokens, err := strconv.ParseInt(text, 10, 32)
	if err != nil || tokens < -1 || tokens > 32768 {
		return nil, errors.New("must be " + strings.Join(levels, ", ") + " or a number of tokens from -1 to 32768")
	}
	budget := int32(tokens)
	return &genai.ThinkingConfig{ThinkingBudget: &budget}, nil
}
