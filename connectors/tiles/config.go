package tiles

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns the map's pictures. Without URL
// the part is off, and pages show sketches and words instead of a map.
type Config struct {
	URL         config.Secret `yaml:"url" env:"URL" doc:"address of the map's tiles, with {z}, {x} and {y} in it and the key that the source asks for (https://tiles.example.com/{z}/{x}/{y}.png?key=…); secret because of the key. Empty: no map, but sketches and words"`
	Attribution string        `yaml:"attribution" env:"ATTRIBUTION" doc:"whom the map is by, as the source's terms ask for it: plain text, shown on every map"`
	Timeout     time.Duration `yaml:"timeout" env:"TIMEOUT" default:"5s" doc:"longest wait for one tile"`
	CacheMB     int           `yaml:"cache_mb" env:"CACHE_MB" default:"32" doc:"megabytes of tiles that the hub keeps in memory; 0 keeps none"`
}

const usualTimeout = 5 * time.Second

// On tells whether there is a source.
func (c Config) On() bool { return !c.URL.Empty() }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(key, text string) { mistakes = append(mistakes, config.Wrong(key, "%s", text)) }
	if c.On() {
		origin, path := c.split()
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
			wrong("url", "not an address like https://tiles.example.com/{z}/{x}/{y}.png")
		}
		for _, name := range []string{"{z}", "{x}", "{y}"} {
			if strings.Count(path, name) != 1 {
				wrong("url", "must hold "+name+" once, behind the host")
			}
		}
	}
	if c.Timeout < 0 || c.Timeout > time.Minute {
		wrong("timeout", "must be from 0s to 1m")
	}
	if c.CacheMB < 0 || c.CacheMB > 4096 {
		wrong("cache_mb", "must be from 0 to 4096")
	}
	return errors.Join(mistakes...)
}

// How long a tile holds.
const (
	usual    = 24 * time.Hour // when the source does not say
	shortest = 5 * time.Minute
	longest  = 30 * 24 * time.Hour
)

// holds reads for how long an answer holds, and whether it may be kept at all. A
// source that wants to be asked each time is, but not for every reader within
// minutes: maps do not change that fast.
func holds(h http.Header) (fresh time.Duration, keepable bool) {
	fresh, shared := usual, false
	for word := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(word), "=")
		seconds, err := strconv.Atoi(strings.Trim(value, `"`))
		switch {
		case name == "no-store" || name == "private":
			return 0, false
		case name == "no-cache":
			return shortest, true
		case name == "s-maxage" && err == nil:
			fresh, shared = clip(seconds), true
		case name == "max-age" && err == nil && !shared:
			fresh = clip(seconds)
		}
	}
	if h.Get("Cache-Control") == "" {
		until, err := http.ParseTime(h.Get("Expires"))
		since, noDate := http.ParseTime(h.Get("Date"))
		if err == nil && noDate == nil {
			fresh = clip(int(until.Sub(since) / time.Second))
		}
	}
	return fresh, true
}

func clip(seconds int) time.Duration {
	return min(max(time.Duration(min(max(seconds, 0), 1<<30))*time.Second, shortest), longest)
}
