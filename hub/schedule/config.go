package schedule

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

// Off in the settings switches a task off: it runs only by hand.
const Off = "off"

// Config changes when tasks run.
type Config struct {
	Zone  string `yaml:"zone" env:"ZONE" default:"America/Toronto" doc:"time zone in which the schedule is read"`
	Tasks string `yaml:"tasks" env:"TASKS" doc:"changes to tasks by name, with semicolons between them: mirror=@every 2m; digest=off"`
}

// Validate reports every mistake. Whether the tasks exist is for New to say.
func (c Config) Validate() error {
	if _, err := time.LoadLocation(c.zone()); err != nil {
		return config.Wrong("zone", "there is no such time zone")
	}
	if _, err := c.changes(); err != nil {
		return config.Wrong("tasks", "%s", err.Error())
	}
	return nil
}

func (c Config) zone() string { return cmp.Or(c.Zone, hub.Zone) }

// changes reads Tasks: the new spec of each task, or Off.
func (c Config) changes() (map[string]string, error) {
	changes := map[string]string{}
	for item := range strings.SplitSeq(c.Tasks, ";") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name, spec, ok := strings.Cut(item, "=")
		name, spec = strings.TrimSpace(name), strings.TrimSpace(spec)
		if !ok || !nameForm.MatchString(name) {
			return nil, fmt.Errorf("write each change as name=spec or name=off")
		}
		if _, twice := changes[name]; twice {
			return nil, fmt.Errorf("task %s is changed twice", name)
		}
		if spec != Off {
			if _, err := ParseRule(spec, time.UTC); err != nil {
				return nil, fmt.Errorf("task %s: %w", name, err)
			}
		}
		changes[name] = spec
	}
	return changes, nil
}
