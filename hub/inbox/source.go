package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Source is one sender of webhooks.
type Source struct {
	Name    string   // "docuseal"; its jobs are of kind "inbox.docuseal"
	Paths   []string // every one of them takes the same deliveries
	MaxBody int64    // bytes; 1 MiB when 0
	Keep    []string // headers that are stored with the body, beside Content-Type; never one that holds a secret

	Burst  int           // how many deliveries at once, then Burst per Period; 0 = no allowance
	Period time.Duration // of the allowance

	// Verify checks the sender's proof over the raw bytes, in constant time, and
	// names it ("hmac"). ErrNoSecret when none is configured; any other error
	// refuses the delivery with 401.
	Verify func(call Call) (proof string, err error)
	// Read finds what the hub needs to file the delivery. It sees only the headers
	// that are kept. An error parks the delivery: it is stored, dead and visible.
	Read func(call Call) (Label, error)
	// Take does the work. It may run more than once for one delivery.
	Take func(ctx context.Context, job keep.Job) (keep.Result, error)

	Quiet       bool            // a delivery that is taken is no news: its own work tells it, and there are many
	Concurrency int             // of Take; 4 when 0
	Budget      time.Duration   // of one Take; 1 minute when 0
	Backoff     []time.Duration // between tries; 1 s to 10 h when nil
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
	headers := map[string]string{verifiedBy: proof, cameTo: call.Path}
	for _, name := range s.Keep {
		if value := call.Header.Get(name); value != "" {
			headers[strings.ToLower(name)] = value
		}
	}
	label, err := s.read(call.Body, headers)
	if err != nil || label.Dedupe == "" {
		sum := sha256.Sum256(call.Body)
		label.Dedupe = "sha256:" + hex.EncodeToString(sum[:])
	}
	if label.Type != "" {
		headers[eventType] = label.Type
	}
	label.Subject.Correlation = request
	return keep.Job{
		Kind: s.kind(), Lane: label.Lane, Dedupe: label.Dedupe, Subject: label.Subject,
		Headers: headers, Payload: call.Body,
	}
}

// Names under which the door adds its own notes to the stored headers.
const (
	verifiedBy = "x-hub-verified-by"
	cameTo     = "x-hub-path"
	eventType  = "x-hub-event"
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
	label, err = s.Read(Call{Header: header, Body: body, Path: kept[cameTo]})
	if err != nil {
		return Label{}, err
	}
	return label, nil
}

func (s Source) kind() string { return kindPrefix + s.Name }

const kindPrefix = "inbox."

func (s Source) withDefaults() Source {
	if s.MaxBody == 0 {
		s.MaxBody = 1 << 20
	}
	if s.Period == 0 {
		s.Period = time.Minute
	}
	if s.Backoff == nil {
		s.Backoff = []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
			30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
		}
	}
	s.Keep = append([]string{"Content-Type", "User-Agent"}, s.Keep...)
	return s
}
