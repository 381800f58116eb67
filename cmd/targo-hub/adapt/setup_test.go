package adapt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/consent"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Numbers and addresses that nobody has.
const (
	cell    = "+15145550123"
	address = "ann@example.com"
	first   = "+15145550100"
	second  = "+15145550101"
)

// post is an outbox that sends, with its store and its register of consents.
type post struct {
	store *sqlite.Engine
	box   *outbox.Outbox

	mu      sync.Mutex
	letters []outbox.Letter
}

// Send implements outbox.Sender: everything is taken, under a rising number.
func (p *post) Send(_ context.Context, l outbox.Letter) (outbox.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, l)
	return outbox.Receipt{ProviderID: fmt.Sprint(1000 + len(p.letters)), Segments: 1}, nil
}

func open(t *testing.T) *post {
	t.Helper()
	p := &post{store: hubtest.Store(t)}
	quiet := slog.New(slog.DiscardHandler)
	register := consent.New(consent.Deps{Store: p.store, Now: time.Now, Log: quiet})
	var err error
	p.box, err = outbox.New(outbox.Config{Mode: outbox.Live, LiveAck: "hub.example.com", QuietHours: "off"}, outbox.Deps{
		Store: p.store, Senders: map[outbox.Channel]outbox.Sender{outbox.SMS: p, outbox.Email: p}, Pool: []string{first, second},
		Events: hubtest.News{Ring: p.store}, Log: quiet, PublicURL: "https://hub.example.com",
		Consent: adapt.Consent(register), OptChanged: adapt.OptChanged(register), Stopped: adapt.Stopped(register),
	})
	if err != nil {
		t.Fatal(err)
	}
	runner := keep.NewRunner(p.store, quiet, keep.RunnerOptions{Poll: 10 * time.Millisecond, OnDead: p.box.Died})
	for _, w := range p.box.Work() {
		runner.Register(w)
	}
	hubtest.Run(t, runner)
	return p
}

// send has a message sent and returns it when it stands as it should.
func (p *post) send(t *testing.T, way outbox.Channel, to, status string) outbox.Entry {
	t.Helper()
	m := outbox.Message{Channel: way, To: to, Body: "Votre rendez-vous", Urgent: true}
	if way == outbox.Email {
		m.Subject = "Bonjour"
	}
	e, err := p.box.Queue(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	hubtest.Await(t, "the message is "+status, func() bool {
		e = p.entry(t, e.ID)
		return e.Status == status
	})
	return e
}

func (p *post) entry(t *testing.T, id string) outbox.Entry {
	t.Helper()
	e, err := p.box.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// wishes lists what the register was told to write on customers, oldest first.
func (p *post) wishes(t *testing.T) []string {
	t.Helper()
	page, _, err := p.store.Jobs(t.Context(), keep.Filter{Kind: consent.KindWrite})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, job := range page {
		whole, err := p.store.Job(t.Context(), job.ID)
		if err != nil {
			t.Fatal(err)
		}
		var c consent.Change
		if err := json.Unmarshal(whole.Payload, &c); err != nil {
			t.Fatal(err)
		}
		out = append([]string{fmt.Sprintf("%s %s out=%v %s", c.Channel, c.Address, c.Out, c.Source)}, out...)
	}
	return out
}

// tries tells how often a runner tries a work that ends with the error, of at most
// three times.
func tries(t *testing.T, err error) int {
	t.Helper()
	store := hubtest.Store(t)
	runner := keep.NewRunner(store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 10 * time.Millisecond})
	runner.Register(keep.Work{Kind: "test.one", MaxTries: 3, Backoff: []time.Duration{time.Millisecond}, Do: func(context.Context, keep.Job) (keep.Result, error) {
		return keep.Result{}, err
	}})
	job, _, putErr := store.Put(t.Context(), keep.Job{Kind: "test.one"})
	if putErr != nil {
		t.Fatal(putErr)
	}
	stop := hubtest.Run(t, runner)
	hubtest.Await(t, "the work has ended", func() bool {
		var err error
		if job, err = store.Job(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		return job.Status.Final()
	})
	stop()
	return job.Tries
}

var errAway = hub.Fail(hub.Unavailable, "upstream-unavailable", "Another system cannot be reached right now.", errors.New("away"))
