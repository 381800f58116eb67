package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
)

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"syntax":       {"listen: [a\nbilling: x: y\n", "hub.yaml:"},
		"twice":        {"listen: a\nlisten: b\n", "hub.yaml:2: not valid YAML"},
		"two":          {"listen: a\n---\nlisten: b\n", "hub.yaml:3: a second document; only one is read"},
		"a list":       {"- a\n- b\n", "hub.yaml:1: expected a section of keys"},
		"anchor":       {"listen: &x a\n", "hub.yaml:1 (listen): anchors, aliases and tags are not supported"},
		"merge":        {"<<: {listen: a}\n", "hub.yaml:1: merge keys are not supported"},
		"nested list":  {"cors_origins: [[a]]\n", "hub.yaml:1 (cors_origins): expected one value"},
		"token folder": {"docuseal: {token_file: /}\n", "hub.yaml:1 (docuseal.token): cannot read the file: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got settings
			err := config.Load(&got, nil, write(t, "hub.yaml", c.text))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	var got settings
	err := config.Load(&got, nil, "/nowhere/hub.yaml")
	if err == nil || err.Error() != "/nowhere/hub.yaml: cannot read the file: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# only this\n", "---\n", "docuseal:\nlisten:\n", "docuseal: {}\n", "billing:\n  # nothing yet\n"} {
		var got settings
		if err := config.Load(&got, nil, write(t, "hub.yaml", text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got.Listen != "127.0.0.1:3300" || !got.Billing.Paused {
			t.Errorf("%q: the defaults are gone: %+v", text, got)
		}
	}
}

func TestScalarsOfTheFile(t *testing.T) {
	t.Parallel()
	var got settings
	text := "listen: |\n  one line\ncors_origins: https://a.example,https://b.example\n" +
		"docuseal: {token: 0123, share: 1.5, template: 42, timeout: \"\"}\nbilling: {paused: false}\n"
	if err := config.Load(&got, nil, write(t, "hub.yaml", text)); err != nil {
		t.Fatal(err)
	}
	want := settings{
		Listen: "one line", Origins: []string{"https://a.example", "https://b.example"},
		Seal: seal{Token: "0123", Share: 1.5, Template: 42},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Seal.Token.Reveal() != "0123" {
		t.Error(diff)
	}
}

func TestWarnsOfAnOpenFile(t *testing.T) {
	t.Parallel()
	file := write(t, "hub.yaml", "docuseal:\n  token: hunter2\n")
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o644: 1} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var got settings
		loaded, err := config.Read(&got, nil, file)
		if err != nil || len(loaded.Warnings) != want {
			t.Errorf("mode %o: warnings %q, %v", mode, loaded.Warnings, err)
		}
	}
}

func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	s := settings{Seal: seal{Token: "hunter2"}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", s.Seal.Token, s)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("probe", "token", s.Seal.Token, "all", s)
	slog.New(slog.NewTextHandler(&out, nil)).Info("probe", "token", s.Seal.Token, "all", s)
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.Write(asYAML)
	for _, form := range []string{"hunter2", "68756e74657232"} {
		if strings.Contains(strings.ToLower(out.String()), form) {
			t.Errorf("the secret shows:\n%s", &out)
		}
	}
	if s.Seal.Token.String() != "[secret]" || config.Secret("").String() != "" || !config.Secret("").Empty() ||
		!config.Secret(" \n").Empty() || s.Seal.Token.Empty() {
		t.Error("String or Empty is wrong")
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	got := config.Describe(&settings{})
	want := []config.Setting{
		{Env: "TARGO_LISTEN", YAML: "listen", Type: "text", Default: "127.0.0.1:3300", Doc: "address to listen on"},
		{Env: "TARGO_CORS_ORIGINS", YAML: "cors_origins", Type: "list", Doc: "origins that may call from a browser"},
		{Env: "TARGO_DOCUSEAL_URL", YAML: "docuseal.url", Type: "text", Doc: "address", Section: "docuseal"},
		{Env: "TARGO_DOCUSEAL_TOKEN", YAML: "docuseal.token", Type: "secret", Doc: "API token", Secret: true, Section: "docuseal"},
		{Env: "TARGO_DOCUSEAL_TEMPLATE", YAML: "docuseal.template", Type: "whole number", Section: "docuseal"},
		{Env: "TARGO_DOCUSEAL_TIMEOUT", YAML: "docuseal.timeout", Type: "duration", Default: "15s", Section: "docuseal"},
		{Env: "TARGO_DOCUSEAL_SHARE", YAML: "docuseal.share", Type: "number", Default: "0.5", Section: "docuseal"},
		{Env: "TARGO_BILLING_PAUSED", YAML: "billing.paused", Type: "true or false", Default: "true", Section: "billing"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	var s settings
	loaded, err := config.Read(&s, []string{"TARGO_DOCUSEAL_TOKEN=hunter2", "TARGO_CORS_ORIGINS=a,b"}, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range loaded.Values() {
		got[v.YAML] = v.Text + " from " + v.Origin
	}
	want := map[string]string{
		"listen": "127.0.0.1:3300 from default", "cors_origins": "a,b from TARGO_CORS_ORIGINS", "docuseal.url": " from ",
		"docuseal.token": "[secret] from TARGO_DOCUSEAL_TOKEN", "docuseal.template": "0 from ", "docuseal.timeout": "15s from default",
		"docuseal.share": "0.5 from default", "billing.paused": "true from default",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A tree that cannot be read is found at the first start, not by a user.
func TestTreesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, dst := range map[string]any{
		"no pointer": settings{},
		"no tags":    &struct{ Name string }{},
		"odd type": &struct {
			Name chan int `yaml:"name" env:"NAME"`
		}{},
		"many secrets": &struct {
			Keys []config.Secret `yaml:"keys" env:"KEYS"`
		}{},
		"bad default": &struct {
			Size int `yaml:"size" env:"SIZE" default:"big"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = config.Load(dst, nil, "")
		})
	}
}
