package dispatch

import (
	"errors"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/dispatch/deed"
	"gigafibre.ca/targo-hub/hub/dispatch/intake"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Config is the dispatch part of the settings.
type Config struct {
	StatusWords string   `yaml:"status_words" env:"STATUS_WORDS" doc:"the site's own words for the states of a work order, \"En Route=En chemin,In Progress=En cours\"; a state that is not named is spelled as the hub does"`
	ReasonTypes []string `yaml:"reason_types" env:"REASON_TYPES" default:"Removal" doc:"job types that are completed with the reason of the disconnection only"`
	IssueTypes  string   `yaml:"issue_types" env:"ISSUE_TYPES" doc:"which work order an issue type leads to, \"Panne=Repair:1.5:fusion+fibre,Déménagement=Move:2\": job type, hours, tags; others lead to a repair of an hour"`
	Deeds       Deeds    `yaml:",inline"`
}

// Deeds is the part of it that concerns the effects.
type Deeds = deed.Config

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if _, err := machine.ParseWords(c.StatusWords); err != nil {
		wrong = append(wrong, config.Wrong("status_words", "%v", err))
	}
	if _, err := intake.ParseKinds(c.IssueTypes); err != nil {
		wrong = append(wrong, config.Wrong("issue_types", "%v", err))
	}
	return errors.Join(wrong...)
}
