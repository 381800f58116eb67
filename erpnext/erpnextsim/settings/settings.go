// Package settings is what the ERPNext simulator keeps in the place of a real
// site's configuration file: maintenance, limits, CORS, and the few switches of
// releases to come. It decides nothing and remembers nothing.
package settings

import (
	"encoding/json"
	"slices"
	"strings"
)

// Site is a site's configuration. The zero value is a site as it is installed:
// it answers under every host name, without limits of rate.
type Site struct {
	// Hosts are the names of the site; empty is every name.
	Hosts []string `json:"hosts,omitempty"`

	Maintenance bool `json:"maintenance_mode,omitempty"`
	// AllowReads lets requests read while maintenance lasts.
	AllowReads bool `json:"allow_reads_during_maintenance,omitempty"`

	// PauseScheduler stops what the site does by itself, as a site does whose invoices
	// another system still draws up.
	PauseScheduler bool `json:"pause_scheduler,omitempty"`

	// MaxFileSize is the longest request body in bytes; 0 is 25 MiB.
	MaxFileSize int64 `json:"max_file_size,omitempty"`

	// AllowCORS are the origins that may ask from a browser: "*" is every one.
	AllowCORS        Origins  `json:"allow_cors,omitempty"`
	IgnoreCSRF       bool     `json:"ignore_csrf,omitempty"`
	AllowedReferrers []string `json:"allowed_referrers,omitempty"`

	// RateLimit is the site's budget of processing time, nil is none.
	RateLimit *RateLimit `json:"rate_limit,omitempty"`

	// Monitor gives each answer a request id.
	Monitor bool `json:"monitor,omitempty"`
	// Logging shows tracebacks on 404 as well.
	Logging bool `json:"logging,omitempty"`

	// SizedUploads makes the newer release insist on total_file_size, as its
	// builds of 2026 do.
	SizedUploads bool `json:"sized_uploads,omitempty"`
	// LaterWebhooks keeps failed deliveries and tries them again on a schedule of
	// about 27 hours, as builds from July 2026 do.
	LaterWebhooks bool `json:"later_webhooks,omitempty"`
	// Contention lets concurrent writers of one row collide: on Postgres the second
	// fails to serialise, a delete that finds the row locked fails at once.
	Contention bool `json:"contention,omitempty"`
	// BulkThreshold is how many documents a bulk call works off at once; 0 is 20.
	BulkThreshold int `json:"bulk_operation_async_threshold,omitempty"`
}

// Clone is a copy that shares nothing: requests that run keep the one they began
// with, and the first one stays what a reset goes back to.
func (s *Site) Clone() Site {
	out := *s
	out.Hosts, out.AllowCORS, out.AllowedReferrers = slices.Clone(s.Hosts), slices.Clone(s.AllowCORS), slices.Clone(s.AllowedReferrers)
	if s.RateLimit != nil {
		limit := *s.RateLimit
		out.RateLimit = &limit
	}
	return out
}

// RateLimit is Limit seconds of processing in each Window of seconds.
type RateLimit struct {
	Limit  float64 `json:"limit"`
	Window int64   `json:"window"`
}

// Origins is one origin or several.
type Origins []string

// UnmarshalJSON reads a text or a list of texts.
func (o *Origins) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = Origins{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// Allows tells whether pages of an origin may ask.
func (o Origins) Allows(origin string) bool {
	return origin != "" && len(o) > 0 && (o[0] == "*" || slices.Contains(o, origin))
}

// Serves tells which site a request is for, by its site header or else by its host
// without the port, and whether that is this one.
func (s *Site) Serves(header, host string) (name string, ok bool) {
	name, _, _ = strings.Cut(host, ":")
	if header != "" {
		name = header
	}
	return name, len(s.Hosts) == 0 || slices.Contains(s.Hosts, name)
}

// MaxBody is the longest request body in bytes.
func (s *Site) MaxBody() int64 {
	if s.MaxFileSize > 0 {
		return s.MaxFileSize
	}
	return 25 << 20
}

// Inline is how many documents a bulk call works off before it answers.
func (s *Site) Inline() int {
	if s.BulkThreshold > 0 {
		return s.BulkThreshold
	}
	return 20
}
