package inbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Source is one sender of webhooks.
type Source struct {
	Name    string   // "docuseal"; its jobs are of kind "inbox.docuseal"
	Paths   []string // every one of them takes the same deliveries
	MaxBody int64    // bytes; 1 MiB when 0
	Keep    []string // headers that are stored with the body, beside Content-Type; never one that holds a secret

	KeepQuery bool // the query is stored, too; never where it holds a secret

	About string // for the document: which header proves a delivery, which events to register
	Media string // of the body, for the document; application/json when empty
	Reply Reply  // what the sender is told; the receipt when zero

	Burst  int           // how many new deliveries at once, then Burst per Period; 20,000 when 0, no bound when negative
	Period time.Duration // of the allowance; 10 s when 0

	// Verify checks the sender's proof over the raw bytes, in constant time, and
	// names it ("hmac"). ErrNoSecret when none is configured; any other error
	// refuses the delivery with 401; ErrUnsigned and ErrTooOld in it say why.
	Verify func(call Call) (proof string, err error)
	// Read finds what the hub needs to file the delivery. It sees only what is
	// kept: of the headers, and of the query. An error parks the delivery: it is
	// stored, dead and visible.
	Read func(call Call) (Label, error)
	// Take does the work. It may run more than once for one delivery.
	Take func(ctx context.Context, job keep.Job) (keep.Result, error)

	Quiet       bool            // a delivery that is taken is no news: its own work tells it, and there are many
	Concurrency int             // of Take; 4 when 0
	Budget      time.Duration   // of one Take; 1 minute when 0
	Backoff     []time.Duration // between tries; 1 s to 10 h when nil
	Retain      time.Duration   // how long what has ended is kept; 90 days when 0, for ever when negative
}

// Call is a delivery as it came in.
type Call struct {
	Header http.Header
	Body   []byte
	Path   string
	Query  string    // raw
	At     time.Time // when it came in
}

// Label says how a delivery is filed.
type Label struct {
	Type    string       // the sender's name of the event: "form.completed"
	Dedupe  string       // the same for every repetition; the hash of the body when empty
	Lane    string       // deliveries of one lane are worked off in order
	Subject keep.Subject // what it is about
	Ignore  string       // when set, why nothing is to be done: the delivery is stored and done
}

// ErrNoSecret says that a source cannot verify anything: nothing is believed.
var ErrNoSecret = hub.Fail(hub.Unavailable, "secret-missing",
	"No secret is configured for this sender.", nil, hub.WithRetryAfter(5*time.Minute))

// file makes the job of a proven delivery. What cannot be read is filed by the
// hash of its bytes; the worker will park it.
func (s Source) file(call Call, proof, request string) keep.Job {
	headers := map[string]string{VerifiedBy: proof, cameTo: call.Path}
	for _, name := range s.Keep {
		if value := call.Header.Get(name); value != "" && len(value) <= longest {
			headers[strings.ToLower(name)] = value
		}
	}
	if s.KeepQuery && call.Query != "" && len(call.Query) <= longest {
		headers[cameWith] = call.Query
	}
	label, err := s.read(call.Body, headers)
	if err != nil || label.Dedupe == "" {
		sum := sha256.Sum256(call.Body)
		label.Dedupe = "sha256:" + hex.EncodeToString(sum[:])
	}
	if label.Type != "" {
		headers[eventType] = short(label.Type)
	}
	about := &label.Subject
	about.Doctype, about.Name, about.Customer, about.Correlation = short(about.Doctype), short(about.Name), short(about.Customer), request
	return keep.Job{
		Kind: s.kind(), Lane: short(label.Lane), Dedupe: short(label.Dedupe), Subject: label.Subject,
		Headers: headers, Payload: call.Body,
	}
}

// longest is how long a name, a header or a query may be that is stored.
const longest = 300

// short gives back a name under which something is filed, or its hash when the
// sender has made it long or put control characters in.
func short(name string) string {
	if len(name) <= longest && strings.IndexFunc(name, unicode.IsControl) < 0 {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// VerifiedBy is the stored header that names the proof.
const VerifiedBy = "x-hub-verified-by"

// Names under which the door adds its own notes to the stored headers.
const (
	cameTo    = "x-hub-path"
	cameWith  = "x-hub-query"
	eventType = "x-hub-event"
)

// read is the same at the door and in the worker: it sees what is stored. A
// panic over a strange body is an undecodable delivery, not a lost one.
func (s Source) read(body []byte, kept map[string]string) (label Label, err error) {
	defer func() {
		if v := recover(); v != nil {
			label, err = Label{}, hub.Recovered(v)
		}
	}()
	header := http.Header{}
	for name, value := range kept {
		header.Set(name, value)
	}
	label, err = s.Read(Call{Header: header, Body: body, Path: kept[cameTo], Query: kept[cameWith]})
	if err != nil {
		return Label{}, err
	}
	return label, nil
}

// QueryOf returns the query that a delivery came with, where its source keeps it.
func QueryOf(job keep.Job) string { return job.Headers[cameWith] }

func (s Source) kind() string { return kindPrefix + s.Name }

const kindPrefix = "inbox."

func (s Source) withDefaults() Source {
	if s.MaxBody == 0 {
		s.MaxBody = 1 << 20
	}
	s.Media = cmp.Or(s.Media, echo.MIMEApplicationJSON)
	s.Burst, s.Period = cmp.Or(s.Burst, 20_000), cmp.Or(s.Period, 10*time.Second)
	if s.Backoff == nil {
		s.Backoff = []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
			30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
		}
	}
	s.Keep = append([]string{"Content-Type", "User-Agent"}, s.Keep...)
	return s
}

// allowance bounds how much of a source may come in, so that a sender gone wild
// cannot fill the store. It counts in memory, for this process alone: asking the
// store would cost every delivery a write, and this bound is there to spare it.
func (s Source) allowance() *rate.Limiter {
	if s.Burst < 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(float64(s.Burst)/s.Period.Seconds()), s.Burst)
}

// admit refuses a proven delivery while its source has no room left.
func (d *Door) admit(s Source, at time.Time) error {
	room := d.room[s.Name]
	if room == nil || room.TokensAt(at) >= 1 {
		return nil
	}
	wait := time.Duration((1 - room.TokensAt(at)) / float64(room.Limit()) * float64(time.Second))
	return hub.Fail(hub.TooMany, "too-many-requests", "Too many deliveries: send it again later.", nil,
		hub.WithRetryAfter(max(wait, time.Second)))
}

// charge counts what was stored. Repetitions cost nothing: they take no room.
func (d *Door) charge(s Source, at time.Time) {
	if room := d.room[s.Name]; room != nil {
		room.AllowN(at, 1)
	}
}
