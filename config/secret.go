package config

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const hidden = "[secret]"

// Secret is a value that must not be seen: every way of printing it shows
// "[secret]" (nothing when it is empty). Reveal gives the text, at the one place
// that sends it. Two things cannot be prevented here: fmt prints the text of an
// unexported field (it cannot ask its methods), so keep it in exported ones; and
// of %p, which go vet refuses.
type Secret string

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

// Empty tells that there is none. Blanks alone are none: everybody can guess
// them.
func (s Secret) Empty() bool { return strings.TrimSpace(string(s)) == "" }

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return `config.Secret("` + s.String() + `")` }

// Format hides the text from every verb, also from those that do not fit a
// string and would otherwise fall back to the raw value.
func (s Secret) Format(state fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && state.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(state, text)
}

// LogValue hides the text in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the text in anything that encodes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON hides the text in JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML hides the text in YAML.
func (s Secret) MarshalYAML() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
