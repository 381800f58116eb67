// Package mapbox asks Mapbox's Matrix API how far it is and how long the way takes,
// with the traffic of the moment.
//
// System called: Mapbox's Matrix API, which is billed by elements: each way from
// one place to another is one. The package has no routes, publishes no events and
// remembers nothing.
package mapbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub/roads"
)

// Config is the part of the settings that concerns Mapbox. Without Token the part
// is off.
type Config struct {
	Token   config.Secret `yaml:"token" env:"TOKEN" doc:"access token of Mapbox, who then knows how long ways take; empty for none"`
	URL     string        `yaml:"url" env:"URL" default:"https://api.mapbox.com" doc:"address of Mapbox's API"`
	Profile string        `yaml:"profile" env:"PROFILE" default:"mapbox/driving-traffic" doc:"mapbox/driving-traffic, or mapbox/driving without the traffic of the moment"`
	Timeout time.Duration `yaml:"timeout" env:"TIMEOUT" default:"4s" doc:"longest wait for one answer of Mapbox"`
}

const (
	defaultURL     = "https://api.mapbox.com"
	withTraffic    = "mapbox/driving-traffic"
	withoutTraffic = "mapbox/driving"
)

// On tells whether Mapbox can be asked.
func (c Config) On() bool { return !c.Token.Empty() }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	u, err := url.Parse(c.URL)
	if c.URL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "") {
		mistakes = append(mistakes, config.Wrong("url", "not an address like "+defaultURL))
	}
	if !slices.Contains([]string{"", withTraffic, withoutTraffic}, c.Profile) {
		mistakes = append(mistakes, config.Wrong("profile", "must be "+withTraffic+" or "+withoutTraffic))
	}
	if c.Timeout < 0 || c.Timeout > time.Minute {
		mistakes = append(mistakes, config.Wrong("timeout", "must be at most 1m"))
	}
	return errors.Join(mistakes...)
}

// Client asks Mapbox. Every failure is a *connectors.Error.
type Client struct {
	cfg  Config
	most int // places in one question
	kit  *connectors.Client
	now  func() time.Time
}

// New makes a client. metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	cfg.URL, cfg.Profile = strings.TrimRight(cmp.Or(cfg.URL, defaultURL), "/"), cmp.Or(cfg.Profile, withTraffic)
	c := &Client{cfg: cfg, most: 25, now: time.Now, kit: connectors.New(connectors.Options{
		System: "mapbox", BaseURL: cfg.URL, Timeout: cmp.Or(cfg.Timeout, 4*time.Second), Metrics: metrics, Secrets: []string{cfg.Token.Reveal()},
	})}
	if cfg.Profile == withTraffic {
		c.most = 10
	}
	return c
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Name says who knows.
func (c *Client) Name() string { return "mapbox" }

// Check asks for one way, which is billed as one element.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.Table(ctx, []roads.Point{{Lat: 45.4000, Lon: -72.7300}}, []roads.Point{{Lat: 45.4010, Lon: -72.7310}})
	return err
}

// Table gives the ways from each of from to each of to, in one question for each 25
// places (10 with traffic). A place far from any street fails them all (code
// NoSegment).
func (c *Client) Table(ctx context.Context, from, to []roads.Point) ([][]roads.Leg, error) {
	table, err := roads.Whole(ctx, from, to, c.most, c.ask)
	if roads.Unread(err) {
		return nil, c.kit.Unreadable("matrix", http.MethodGet, http.StatusOK, err)
	}
	return table, err
}

func (c *Client) ask(ctx context.Context, ask roads.Ask) (roads.Answer, error) {
	const op = "matrix"
	var answer roads.Answer
	resp, err := c.kit.Do(ctx, op, http.MethodGet, "/directions-matrix/v1/"+c.cfg.Profile+"/"+ask.Coordinates, func(r *resty.Request) {
		r.SetQueryParams(map[string]string{
			"sources": ask.Sources, "destinations": ask.Destinations, "annotations": "duration,distance", "access_token": c.cfg.Token.Reveal(),
		})
	})
	if err != nil {
		return answer, c.explained(err, resp)
	}
	if err := c.kit.Decode(op, resp, &answer); err != nil {
		return answer, err
	}
	if answer.Code != "Ok" { // it refuses some questions with a good status
		e := c.kit.Unreadable(op, http.MethodGet, resp.StatusCode(), errors.New("it is not Ok"))
		e.Body = resp.Body()
		return answer, c.explained(e, resp)
	}
	return answer, nil
}

// explained puts a refusal into words, and tells when to come back: Mapbox says that
// in a header of its own.
func (c *Client) explained(err error, resp *resty.Response) error {
	e, ok := connectors.AsError(err)
	if !ok {
		return err
	}
	if e.Status == http.StatusTooManyRequests && e.RetryAfter == 0 && resp != nil {
		if reset, wrong := strconv.ParseInt(resp.Header().Get("X-Rate-Limit-Reset"), 10, 64); wrong == nil {
			e.RetryAfter = min(max(0, time.Unix(reset, 0).Sub(c.now())), time.Hour)
		}
	}
	var answer struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(e.Body, &answer) != nil {
		return err
	}
	for _, known := range []struct{ says, reason string }{
		{"NoSegment", "a place is too far from any street"},
		{"NoRoute", "there is no way between the places"},
		{"ProfileNotFound", "there is no such profile"},
		{"InvalidInput", "it does not take the question"},
		{"Not Authorized - Invalid Token", "the access token is not valid"},
		{"Not Authorized - No Token", "the access token is missing"},
		{"Forbidden", "the access token may not do this, or not from this address"},
		{"Too Many Requests", "it asks us to slow down"},
	} {
		if answer.Code == known.says {
			e.Code, e.Reason, e.Temporary = known.says, known.reason, false
		} else if answer.Code == "" && answer.Message == known.says {
			e.Reason = known.reason
		}
	}
	return err
}
