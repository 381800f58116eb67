// Package osrm asks OSRM, a router that knows the streets, how far it is and how
// long the way takes: the table service of its HTTP API (release 5.18 and later,
// which also tells distances), on a server of one's own or a public one.
//
// System called: OSRM. The places of the question stand in the address, so they
// may stand in the log of that server. The package has no routes, publishes no
// events and remembers nothing.
package osrm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub/roads"
)

// Config is the part of the settings that concerns OSRM. Without URL the part is
// off.
type Config struct {
	URL     string        `yaml:"url" env:"URL" doc:"address of an OSRM server that knows how long ways take: http://osrm.example.com:5000; empty for none"`
	Profile string        `yaml:"profile" env:"PROFILE" default:"driving" doc:"profile that the addresses of that server name"`
	Timeout time.Duration `yaml:"timeout" env:"TIMEOUT" default:"3s" doc:"longest wait for one answer of OSRM"`
}

// On tells whether OSRM can be asked.
func (c Config) On() bool { return c.URL != "" }

// Validate finds what cannot work.
func (c Config) Validate() error {
	var mistakes []error
	u, err := url.Parse(c.URL)
	if c.URL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "") {
		mistakes = append(mistakes, config.Wrong("url", "not an address like http://osrm.example.com:5000"))
	}
	if strings.ContainsAny(c.Profile, "/?#%; ") {
		mistakes = append(mistakes, config.Wrong("profile", "not a name like driving"))
	}
	if c.Timeout < 0 || c.Timeout > time.Minute {
		mistakes = append(mistakes, config.Wrong("timeout", "must be at most 1m"))
	}
	return errors.Join(mistakes...)
}

// most is how many places a server takes in one question unless it was told
// otherwise (--max-table-size).
const most = 100

// Client asks OSRM. Every failure is a *connectors.Error.
type Client struct {
	profile string
	kit     *connectors.Client
}

// New makes a client. metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	return &Client{profile: cmp.Or(cfg.Profile, "driving"), kit: connectors.New(connectors.Options{
		System: "osrm", BaseURL: strings.TrimRight(cfg.URL, "/"), Timeout: cmp.Or(cfg.Timeout, 3*time.Second), Metrics: metrics,
	})}
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Name says who knows.
func (c *Client) Name() string { return "osrm" }

// Check asks for a way between two places of Quebec, which a server that has other
// streets than ours finds none for.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.Table(ctx, []roads.Point{{Lat: 45.4000, Lon: -72.7300}}, []roads.Point{{Lat: 45.4010, Lon: -72.7310}})
	return err
}

// Table gives the ways from each of from to each of to, in one question for each
// 100 places. A place far from any street fails them all (code NoSegment).
func (c *Client) Table(ctx context.Context, from, to []roads.Point) ([][]roads.Leg, error) {
	table, err := roads.Whole(ctx, from, to, most, c.ask)
	if roads.Unread(err) {
		return nil, c.kit.Unreadable("table", http.MethodGet, http.StatusOK, err)
	}
	return table, err
}

func (c *Client) ask(ctx context.Context, ask roads.Ask) (roads.Answer, error) {
	const op = "table"
	var answer roads.Answer
	resp, err := c.kit.Do(ctx, op, http.MethodGet, "/table/v1/"+c.profile+"/"+ask.Coordinates, func(r *resty.Request) {
		r.SetQueryParams(map[string]string{"sources": ask.Sources, "destinations": ask.Destinations, "annotations": "duration,distance"})
	})
	if err != nil {
		return answer, explained(err)
	}
	if err := c.kit.Decode(op, resp, &answer); err != nil {
		return answer, err
	}
	if answer.Code != "Ok" {
		return answer, c.kit.Unreadable(op, http.MethodGet, resp.StatusCode(), errors.New("it is not Ok"))
	}
	return answer, nil
}

// explained puts a refusal into words. OSRM says 400 to every one of them and names
// it in the body.
func explained(err error) error {
	e, ok := connectors.AsError(err)
	if !ok || e.Status != http.StatusBadRequest {
		return err
	}
	var answer roads.Answer
	if json.Unmarshal(e.Body, &answer) != nil {
		return err
	}
	for _, known := range []struct{ code, reason string }{
		{"NoSegment", "a place is too far from any street that the server knows"},
		{"NoTable", "there is no way between the places"},
		{"TooBig", "the server takes fewer places in one question (--max-table-size)"},
		{"InvalidService", "the server has no table service"},
		{"InvalidVersion", "the server speaks another version"},
		{"InvalidUrl", "the server does not understand the address"},
		{"InvalidOptions", "the server does not know an option: it may be older than release 5.18"},
		{"InvalidQuery", "the server does not understand the query: it may be older than release 5.18"},
		{"InvalidValue", "the server does not take a value"},
		{"NotImplemented", "the server's data cannot answer this"},
	} {
		if answer.Code == known.code {
			e.Code, e.Reason = known.code, known.reason
		}
	}
	return err
}
