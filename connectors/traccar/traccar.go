// Package traccar asks Traccar where the trucks are, and follows its live
// connection; it also tells whether a forwarded position or event is genuine, and
// what it says.
//
// Follow is the life of one live connection, Stream goes on for ever with one
// after the other, never two. What Traccar does that one would not expect, and
// what is done about it:
//
//   - the connection begins with all positions but no devices, and what moves
//     between that and the registration of the listener is never told: both are
//     read over REST a moment after it opened, and once a minute;
//   - it may die without a word: silence longer than two keepalives ends it;
//   - it outlives the session or token that opened it, so that a proof which ran
//     out shows at the next connection; a password logs in again by itself;
//   - errors are stack traces, and a permission that is missing is a 400: nothing of
//     their text goes on;
//   - speeds are in knots, a sign of life repeats the last place with its old time,
//     and a value may be NaN: what has no place or time is left out and counted.
//
// Forwarded positions (forward.url, forward.type=json) carry no number, come in any
// order and are proven by nothing but a header. (The other type, url, is a GET; the
// hub takes nothing in by a GET.)
//
// System called: Traccar, REST through the kit, /api/socket by coder/websocket. The
// package has no routes, publishes nothing and remembers the session.
package traccar

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/traccar/live"
)

// Client calls Traccar. Every failure of a call is a *connectors.Error. It is safe
// for concurrent use.
type Client struct {
	cfg    Config
	kit    *connectors.Client
	dial   live.Dialer // of live connections, which the kit would cut at its time-out
	proofs proofs
}

// longest is the longest answer or message: fifty thousand positions.
const longest = 32 << 20

// New makes a client. metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	cfg = cfg.withDefaults()
	c := &Client{cfg: cfg, dial: live.Dialer{Timeout: cfg.Timeout, Longest: longest}, kit: connectors.New(connectors.Options{
		System: "traccar", BaseURL: cfg.address(), Timeout: cfg.Timeout, MaxBody: longest, Metrics: metrics,
		Secrets: []string{cfg.Token.Reveal(), cfg.Password.Reveal()},
	})}
	c.proofs.turn = make(chan struct{}, 1)
	return c
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Report is what Check found.
type Report struct {
	Version string // of Traccar, "" when it does not say
	Devices int    // that the user is linked to: what the live connection tells of
	Hidden  int    // that he may administer but is not linked to; 0 for who is no administrator
}

// Check asks whether the proof is taken, and how much its user sees.
func (c *Client) Check(ctx context.Context) (Report, error) {
	devices, err := c.Devices(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{Devices: len(devices)}
	var server struct {
		Version string `json:"version"`
	}
	if err := c.get(ctx, "server.get", "/server", nil, &server); err != nil {
		return report, err
	}
	report.Version = server.Version
	all, _, err := c.devices(ctx, url.Values{"all": {"true"}})
	if e, ok := connectors.AsError(err); ok && e.Status >= 400 && e.Status < 500 {
		return report, nil // only administrators may ask that
	}
	report.Hidden = max(len(all)-len(devices), 0)
	return report, err
}

// Devices returns the devices that the user is linked to.
func (c *Client) Devices(ctx context.Context) ([]Device, error) {
	list, _, err := c.devices(ctx, nil)
	return list, err
}

func (c *Client) devices(ctx context.Context, query url.Values) ([]Device, int, error) {
	return list(ctx, c, asked{"device.list", "/devices", query}, readDevice)
}

// Positions returns the latest position of each of them.
func (c *Client) Positions(ctx context.Context) ([]Position, error) {
	list, _, err := c.positions(ctx)
	return list, err
}

func (c *Client) positions(ctx context.Context) ([]Position, int, error) {
	return list(ctx, c, asked{"position.list", "/positions", nil}, readPosition)
}

// Route returns where a device was between two times, oldest first. Traccar may
// refuse a span that is too long for it.
func (c *Client) Route(ctx context.Context, device int64, from, to time.Time) ([]Position, error) {
	const layout = "2006-01-02T15:04:05.000Z"
	positions, _, err := list(ctx, c, asked{"report.route", "/reports/route", url.Values{
		"deviceId": {strconv.FormatInt(device, 10)}, "from": {from.UTC().Format(layout)}, "to": {to.UTC().Format(layout)},
	}}, readPosition)
	return positions, err
}

// Geofences returns the places that Traccar knows. One whose area has a form that is
// not known keeps its name.
func (c *Client) Geofences(ctx context.Context) ([]Geofence, error) {
	fences, _, err := list(ctx, c, asked{"geofence.list", "/geofences", nil}, readGeofence)
	return fences, err
}

// asked is one question.
type asked struct {
	op, path string
	query    url.Values
}

// list asks for a list, whose entries are judged one by one.
func list[T any](ctx context.Context, c *Client, a asked, read func(json.RawMessage) (T, error)) ([]T, int, error) {
	var entries json.RawMessage
	if err := c.get(ctx, a.op, a.path, a.query, &entries); err != nil {
		return nil, 0, err
	}
	all, dropped, err := each(entries, read)
	if err == nil && all == nil {
		err = errNoList
	}
	if err != nil {
		return nil, 0, c.kit.Unreadable(a.op, http.MethodGet, http.StatusOK, err)
	}
	return all, dropped, nil
}

// get reads one answer. A session that is over is replaced by another, once.
func (c *Client) get(ctx context.Context, op, path string, query url.Values, out any) error {
	for again := true; ; again = false {
		proof, err := c.proof(ctx)
		if err != nil {
			return err
		}
		resp, err := c.kit.Do(ctx, op, http.MethodGet, path, func(r *resty.Request) {
			proof.on(r.Header)
			r.SetHeader("Accept", "application/json").SetQueryParamsFromValues(query) // reports are spreadsheets otherwise
		})
		if unauthorized(err) && c.proofs.drop(proof) && again {
			continue
		}
		if err != nil {
			return reasoned(err)
		}
		return c.kit.Decode(op, resp, out)
	}
}

// reasoned puts a refusal into words. The body is a stack trace: it is looked at for
// one word and goes no further.
func reasoned(err error) error {
	e, ok := connectors.AsError(err)
	if !ok {
		return err
	}
	trace := string(e.Body)
	e.Body = nil
	if e.Status == http.StatusBadRequest && (strings.Contains(trace, "SecurityException") || strings.Contains(trace, "access denied")) {
		e.Reason = "its user may not do this"
	}
	return err
}
