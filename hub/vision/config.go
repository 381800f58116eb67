package vision

import (
	"errors"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/vision/draft"
	"gigafibre.ca/targo-hub/hub/vision/reading"
)

// Config is the part of the settings that concerns the reading of pictures.
type Config struct {
	PerPerson  int          `yaml:"per_person" env:"PER_PERSON" default:"150" doc:"pictures that Gemini reads for one person in a day; 0 for none, -1 without a limit"`
	PerDay     int          `yaml:"per_day" env:"PER_DAY" default:"2000" doc:"pictures that Gemini reads for all together in a day; 0 for none, -1 without a limit"`
	KeepImages bool         `yaml:"keep_images" env:"KEEP_IMAGES" doc:"hang the picture of an invoice on its draft as a private file; no other picture is ever kept"`
	Patterns   string       `yaml:"serial_patterns" env:"SERIAL_PATTERNS" doc:"how brands number their devices, as Brand=PATTERN apart by blanks; a serial number that does not fit is marked"`
	Books      draft.Config `yaml:",inline"`
}

// Validate finds what cannot work.
func (c Config) Validate() error {
	var wrong []error
	for _, limit := range []struct {
		key   string
		value int
	}{{"per_person", c.PerPerson}, {"per_day", c.PerDay}} {
		if limit.value < -1 || limit.value > 1_000_000 {
			wrong = append(wrong, config.Wrong(limit.key, "must be from -1 to 1000000"))
		}
	}
	if _, err := reading.ParsePatterns(c.Patterns); err != nil {
		wrong = append(wrong, config.Wrong("serial_patterns", "%s", err.Error()))
	}
	return errors.Join(wrong...)
}
