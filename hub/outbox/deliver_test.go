package outbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// lostReply is an error with an ability of its own, not a connector's.
type lostReply struct{}

func (lostReply) Error() string   { return "the reply was lost" }
func (lostReply) MaybeSent() bool { return true }

func TestSenderErrorsDecideTheFate(t *testing.T) {
	t.Parallel()
	always := func(err error) func(int) (outbox.Receipt, error) {
		return func(int) (outbox.Receipt, error) { return outbox.Receipt{}, err }
	}
	busy := &connectors.Error{System: "twilio", Op: "send", Status: 500, Temporary: true}
	refused := &connectors.Error{System: "twilio", Op: "send", Status: 400, Code: "21610", Reason: "the recipient has opted out"}
	lost := &connectors.Error{System: "twilio", Op: "send", Code: connectors.CodeTimeout, Temporary: true, Outcome: connectors.Unknown}
	garbled := &connectors.Error{System: "twilio", Op: "send", Status: 201, Outcome: connectors.Applied}
	for name, c := range map[string]struct {
		answer func(int) (outbox.Receipt, error)
		status string
		tries  int
		reason string
		event  string
	}{
		"temporary, then good": {func(try int) (outbox.Receipt, error) {
			if try < 3 {
				return outbox.Receipt{}, busy
			}
			return outbox.Receipt{ProviderID: "SM3"}, nil
		}, outbox.StatusSent, 3, "", hub.MessageSent},
		"temporary for ever":    {always(busy), outbox.StatusFailed, 4, "did not answer", hub.MessageFailed},
		"refused":               {always(refused), outbox.StatusFailed, 1, "opted out (21610)", hub.MessageFailed},
		"refused by the hub":    {always(hub.Fail(hub.Invalid, "invalid", "Not a mobile.", nil)), outbox.StatusFailed, 1, "Not a mobile", hub.MessageFailed},
		"away, says the hub":    {always(hub.Fail(hub.Unavailable, "unavailable", "Away.", nil)), outbox.StatusFailed, 4, "Away", hub.MessageFailed},
		"reply lost":            {always(lost), outbox.StatusMaybeSent, 1, "Nobody knows", hub.MessageHeld},
		"reply lost, by word":   {always(lostReply{}), outbox.StatusMaybeSent, 1, "Nobody knows", hub.MessageHeld},
		"says nothing":          {always(errors.New("boom")), outbox.StatusMaybeSent, 1, "Nobody knows", hub.MessageHeld},
		"taken, but unreadable": {always(garbled), outbox.StatusSent, 1, "", hub.MessageSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender := &pen{answer: c.answer}
			f := open(t, live(), sender)
			f.work()
			entry := f.becomes(f.queue(sms()).ID, c.status)
			if got := len(sender.sent()); got != c.tries {
				t.Errorf("the sender was called %d times, want %d", got, c.tries)
			}
			if !strings.Contains(entry.Reason, c.reason) || len(entry.Attempts) != c.tries {
				t.Errorf("shown as %+v", entry)
			}
			f.heardAtLast(entry.ID, c.event)
		})
	}
}

// heardAtLast waits for the event: the news of a death follows its record.
func (f *office) heardAtLast(id, name string) {
	f.t.Helper()
	wake, err := f.engine.Subscribe(f.t.Context(), keep.WakeEvents)
	if err != nil {
		f.t.Fatal(err)
	}
	for !slices.Contains(f.heard(id), name) {
		if _, open := <-wake; !open {
			f.t.Fatalf("never heard %s", name)
		}
	}
}

// TestCrashWhileSendingIsMaybeSent plays a hub that died after it had called the
// provider: the next one must not call it again by itself.
func TestCrashWhileSendingIsMaybeSent(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, live(), sender)
	id := f.queue(sms()).ID
	dying, stop := context.WithCancel(context.Background())
	blocked := &pen{answer: func(int) (outbox.Receipt, error) {
		stop() // the power fails here
		panic("nothing after this is recorded")
	}}
	f.tryOnceAndDie(dying, blocked, id)
	f.work()
	entry := f.becomes(id, outbox.StatusMaybeSent)
	if len(sender.sent()) != 0 {
		t.Error("it was sent a second time")
	}
	var p problem
	if got := f.call(hub.RoleStaff, "POST", "/messages/"+id+"/release", `{"reason":"go on"}`, &p); got != 409 {
		t.Errorf("release answered %d", got)
	}
	if got := f.call(hub.RoleStaff, "POST", "/messages/"+id+"/resend", `{}`, &p); got != 422 {
		t.Errorf("resend without a reason answered %d", got)
	}
	if got := f.call(hub.RoleStaff, "POST", "/messages/"+id+"/resend", `{"reason":"not in the provider's log"}`, &entry); got != 200 {
		t.Errorf("resend answered %d", got)
	}
	f.becomes(id, outbox.StatusSent)
	if len(sender.sent()) != 1 {
		t.Errorf("it was sent %d times after the decision", len(sender.sent()))
	}
}

// The same at the last try: three surely did not send, the fourth may have.
func TestCrashAtTheLastTryIsMaybeSent(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, live(), sender)
	id := f.queue(sms()).ID
	for range 3 {
		f.lose(id, keep.Outcome{Next: keep.Pending, State: outbox.StatusFailed, Attempt: keep.Attempt{Class: keep.Retrying}})
	}
	f.tryOnceAndDie(t.Context(), &pen{answer: func(int) (outbox.Receipt, error) { panic("the power fails here") }}, id)
	f.work()
	if entry := f.becomes(id, outbox.StatusMaybeSent); entry.Tries < 4 || !strings.Contains(entry.Reason, "Nobody knows") {
		t.Errorf("%+v", entry)
	}
	f.report(outbox.Report{Channel: outbox.SMS, MessageID: id, ProviderID: "SM1", Status: outbox.StatusDelivered})
	f.becomes(id, outbox.StatusDelivered)
	if len(sender.sent()) != 0 {
		t.Error("it was sent a second time")
	}
}

// lose claims the message and ends its try with the outcome; with none, as a
// process does that disappears.
func (f *office) lose(id string, o keep.Outcome) {
	f.t.Helper()
	jobs, err := f.engine.Claim(f.t.Context(), []string{"outbox.sms"}, 1, time.Nanosecond)
	if err != nil || len(jobs) != 1 || jobs[0].ID != id {
		f.t.Fatalf("claimed %+v, %v", jobs, err)
	}
	if o.Next == "" {
		return
	}
	if err := f.engine.Finish(f.t.Context(), id, jobs[0].Fence, o); err != nil {
		f.t.Fatal(err)
	}
}

// A message that kills every worker before it is handed over fails in the end.
func TestWorkersThatVanishAreNotSentForEver(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, live(), sender)
	id := f.queue(sms()).ID
	for range 4 {
		f.lose(id, keep.Outcome{})
	}
	f.work()
	if entry := f.becomes(id, outbox.StatusFailed); !strings.Contains(entry.Reason, "never handed over") || len(sender.sent()) != 0 {
		t.Errorf("%q, sent %d times", entry.Reason, len(sender.sent()))
	}
	f.heardAtLast(id, hub.MessageFailed)
}

// tryOnceAndDie runs the work of another outbox on the same store up to its
// call of the provider, and leaves the job as a dead process does.
func (f *office) tryOnceAndDie(ctx context.Context, sender outbox.Sender, id string) {
	f.t.Helper()
	other, err := outbox.New(live(), outbox.Deps{
		Store: f.engine, Events: hubtest.News{Ring: f.engine}, Log: f.quiet(), PublicURL: "https://hub.example.com",
		Senders: map[outbox.Channel]outbox.Sender{outbox.SMS: sender},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	jobs, err := f.engine.Claim(ctx, []string{"outbox.sms"}, 1, 1)
	if err != nil || len(jobs) != 1 || jobs[0].ID != id {
		f.t.Fatalf("claimed %+v, %v", jobs, err)
	}
	func() {
		defer func() {
			if recover() == nil {
				f.t.Error("the sender was not reached")
			}
		}()
		_, _ = other.Work()[0].Do(ctx, jobs[0]) // it panics
	}()
}
