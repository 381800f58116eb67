package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
)

type settings struct {
	Listen  string   `yaml:"listen" env:"LISTEN" default:"127.0.0.1:3300" doc:"address to listen on"`
	Origins []string `yaml:"cors_origins" env:"CORS_ORIGINS" doc:"origins that may call from a browser"`
	Seal    seal     `yaml:"docuseal" envPrefix:"DOCUSEAL_"`
	Billing billing  `yaml:"billing" envPrefix:"BILLING_"`
}

type seal struct {
	URL      string        `yaml:"url" env:"URL" doc:"address"`
	Token    config.Secret `yaml:"token" env:"TOKEN" doc:"API token"`
	Template int           `yaml:"template" env:"TEMPLATE"`
	Timeout  time.Duration `yaml:"timeout" env:"TIMEOUT" default:"15s"`
	Share    float64       `yaml:"share" env:"SHARE" default:"0.5"`
}

func (s seal) Validate() error {
	var mistakes []error
	if s.URL != "" && !strings.HasPrefix(s.URL, "http") {
		mistakes = append(mistakes, config.Wrong("url", "not an address"))
	}
	if s.URL != "" && s.Token.Empty() {
		mistakes = append(mistakes, config.Wrong("token", "missing"))
	}
	if s.Template == 13 {
		mistakes = append(mistakes, errors.New("careless about "+s.Token.Reveal()))
	}
	return errors.Join(mistakes...)
}

type billing struct {
	Paused bool `yaml:"paused" env:"PAUSED" default:"true"`
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := write(t, "hub.yaml", "listen: ':1'\ncors_origins: [https://a.example, https://b.example]\n"+
		"docuseal:\n  url: https://file.example/api\n  token: from-file\n  template: 7\nbilling:\n  paused: false\n")
	var got settings
	loaded, err := config.Read(&got, []string{
		"TARGO_DOCUSEAL_URL=https://env.example/api", "TARGO_DOCUSEAL_TIMEOUT=3s", "TARGO_DOCUSEAL_TEMPLATE=", "PATH=/bin",
		"TARGO_DEMO_STAFF_TOKEN=x", "TARGO_SIM_TWILIO_URL=y", "TARGO_CONFIG=z", "TARGO_EXTRA_ONE=1",
	}, file, "TARGO_CONFIG", "TARGO_EXTRA_*")
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		Listen: ":1", Origins: []string{"https://a.example", "https://b.example"},
		Seal: seal{URL: "https://env.example/api", Token: "from-file", Template: 7, Timeout: 3 * time.Second, Share: .5},
	}
	if got.Seal.Token.Reveal() != "from-file" {
		t.Error("the token of the file is lost")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	origins := map[string]string{
		"listen": "hub.yaml:1", "cors_origins": "hub.yaml:2", "docuseal.url": "TARGO_DOCUSEAL_URL", "docuseal.token": "hub.yaml:5",
		"docuseal.template": "hub.yaml:6", "docuseal.timeout": "TARGO_DOCUSEAL_TIMEOUT", "docuseal.share": "default", "billing.paused": "hub.yaml:8",
	}
	if diff := cmp.Diff(origins, loaded.Origins); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	var got settings
	if err := config.Load(&got, []string{"TARGO_CORS_ORIGINS= https://a.example , https://b.example,"}, ""); err != nil {
		t.Fatal(err)
	}
	want := settings{
		Listen: "127.0.0.1:3300", Origins: []string{"https://a.example", "https://b.example"},
		Seal: seal{Timeout: 15 * time.Second, Share: .5}, Billing: billing{Paused: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	file := write(t, "token", "whispered\r\n")
	for name, load := range map[string]func(*settings) error{
		"by variable": func(s *settings) error {
			return config.Load(s, []string{"TARGO_DOCUSEAL_TOKEN_FILE=" + file}, "")
		},
		"by key": func(s *settings) error {
			return config.Load(s, nil, write(t, "hub.yaml", "docuseal:\n  token_file: "+file+"\n"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got settings
			if err := load(&got); err != nil {
				t.Fatal(err)
			}
			if got.Seal.Token.Reveal() != "whispered" {
				t.Errorf("token has %d letters", len(got.Seal.Token))
			}
		})
	}
}

// TestBlanksAreNoSecret refuses what everybody can guess, wherever it stands.
func TestBlanksAreNoSecret(t *testing.T) {
	t.Parallel()
	blank := write(t, "token", " \t \n")
	for name, load := range map[string]func(*settings) error{
		"variable": func(s *settings) error { return config.Load(s, []string{"TARGO_DOCUSEAL_TOKEN=  "}, "") },
		"file":     func(s *settings) error { return config.Load(s, []string{"TARGO_DOCUSEAL_TOKEN_FILE=" + blank}, "") },
		"key": func(s *settings) error {
			return config.Load(s, nil, write(t, "hub.yaml", "docuseal: {token: \" \"}\n"))
		},
	} {
		var got settings
		if err := load(&got); err == nil || !strings.Contains(err.Error(), "blanks") || got.Seal.Token != "" {
			t.Errorf("by %s: %v", name, err)
		}
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	t.Parallel()
	file := write(t, "hub.yaml", strings.Join([]string{
		"lisen: ':1'",                 // 1: unknown, near listen
		"cors_origins: {a: b}",        // 2: a section instead of a list
		"docuseal:",                   //
		"  url: ftp://file.example",   // 4: refused by Validate, were the section whole
		"  template: hunter2",         // 5: not a number; the value must not be repeated
		"  timeout: soon",             // 6
		"  colour: blue",              // 7
		"billing: [1, 2]",             // 8: a list instead of a section
		"listen: [a, b]",              // 9: a list instead of one value
		"deep: {nothing: {is: here}}", // 10
	}, "\n"))
	var got settings
	err := config.Load(&got, []string{
		"TARGO_BILLING_PAUSED=hunter2", "TARGO_DOCUSEAL_SHARE=hunter2", "TARGO_LISSEN=hunter2", "TARGO_ZEBRA=hunter2",
		"TARGO_DOCUSEAL_TOKEN=hunter2", "TARGO_DOCUSEAL_TOKEN_FILE=/nowhere/hunter2",
	}, file)
	var mistakes *config.Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatalf("error %v", err)
	}
	want := strings.Join([]string{
		"hub.yaml:1: unknown key lisen (did you mean listen?)",
		"hub.yaml:2 (cors_origins): expected one value",
		"hub.yaml:5 (docuseal.template): not a whole number",
		"hub.yaml:6 (docuseal.timeout): not a duration (write it like 10s, 5m or 1h30m)",
		"hub.yaml:7: unknown key docuseal.colour",
		"hub.yaml:8 (billing): expected a section of keys",
		"hub.yaml:9 (listen): expected one value, not a list",
		"hub.yaml:10: unknown key deep",
		"TARGO_DOCUSEAL_TOKEN (docuseal.token): set together with TARGO_DOCUSEAL_TOKEN_FILE; keep one",
		"TARGO_DOCUSEAL_SHARE (docuseal.share): not a number",
		"TARGO_BILLING_PAUSED (billing.paused): neither true nor false",
		"TARGO_LISSEN: unknown variable (did you mean TARGO_LISTEN?)",
		"TARGO_ZEBRA: unknown variable",
	}, "\n")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if n := len(mistakes.Unwrap()); n != 13 {
		t.Errorf("Unwrap gives %d mistakes", n)
	}
	var one config.Mistake
	if !errors.As(err, &one) || one.Where != "hub.yaml:1" {
		t.Errorf("first mistake %+v", one)
	}
}

func TestValidateNamesTheOrigin(t *testing.T) {
	t.Parallel()
	file := write(t, "hub.yaml", "docuseal:\n  url: ftp://file.example\n")
	var got settings
	err := config.Load(&got, []string{"TARGO_DOCUSEAL_TEMPLATE=13", "TARGO_DOCUSEAL_TOKEN=hunter2"}, file)
	want := "hub.yaml:2 (docuseal.url): not an address\ndocuseal: careless about [secret]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	got = settings{}
	err = config.Load(&got, []string{"TARGO_DOCUSEAL_URL=http://x.example"}, "")
	if err == nil || err.Error() != "TARGO_DOCUSEAL_TOKEN (docuseal.token): missing" {
		t.Errorf("got %v", err)
	}
}
