package tracking

import (
	"errors"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// Config is the part of the settings that concerns positions.
type Config struct {
	Shift       string        `yaml:"shift" env:"SHIFT" default:"always" doc:"hours of work, in which positions are kept and shown: days and hours in Quebec (Mon-Sat 06:00-20:00), several with semicolons between them, or always; whoever has a visit under way is at work too, whoever is off in ERPNext is not, and the working days that ERPNext knows (Dispatch Settings) replace these days"`
	Retention   time.Duration `yaml:"retention" env:"RETENTION" default:"720h" doc:"how long the way of a technician through his day is kept; 0 for not at all"`
	Tick        time.Duration `yaml:"tick" env:"TICK" default:"250ms" doc:"pause between two messages of a stream of positions"`
	Streams     int           `yaml:"streams" env:"STREAMS" default:"20" doc:"streams of positions that one person may hold open"`
	Subscribers int           `yaml:"subscribers" env:"SUBSCRIBERS" default:"10000" doc:"streams of positions that all together may hold open"`
	Devices     int           `yaml:"devices" env:"DEVICES" default:"20000" doc:"devices whose last position is known, at most"`
	Tiles       tiles.Config  `yaml:"tiles" envPrefix:"TILES_"`
}

// What settings may be.
const (
	leastTick, mostTick = 20 * time.Millisecond, 10 * time.Second
	mostRetention       = 366 * 24 * time.Hour
	mostStreams         = 1000
	mostSubscribers     = 1_000_000
	mostDevices         = 1_000_000
)

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if _, err := agenda.ParseShift(c.Shift); err != nil {
		wrong = append(wrong, config.Wrong("shift", "%v", err))
	}
	if c.Retention < 0 || c.Retention > mostRetention {
		wrong = append(wrong, config.Wrong("retention", "must be from 0 to %v", mostRetention))
	}
	if c.Tick < leastTick || c.Tick > mostTick {
		wrong = append(wrong, config.Wrong("tick", "must be from %v to %v", leastTick, mostTick))
	}
	for _, n := range []struct {
		key       string
		set, most int
	}{{"streams", c.Streams, mostStreams}, {"subscribers", c.Subscribers, mostSubscribers}, {"devices", c.Devices, mostDevices}} {
		if n.set < 1 || n.set > n.most {
			wrong = append(wrong, config.Wrong(n.key, "must be from 1 to %d", n.most))
		}
	}
	return errors.Join(wrong...)
}
