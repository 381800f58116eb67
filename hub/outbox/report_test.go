package outbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// sentTo sends one message and gives it back once it is sent.
func (f *office) sentTo(m outbox.Message) outbox.Entry {
	f.t.Helper()
	return f.becomes(f.queue(m).ID, outbox.StatusSent)
}

func (f *office) report(r outbox.Report) {
	f.t.Helper()
	if err := f.box.Report(f.t.Context(), r); err != nil {
		f.t.Fatal(err)
	}
}

func mail() outbox.Message {
	return outbox.Message{Channel: outbox.Email, To: address, Body: "Bonjour"}
}

// Reports come in any order and twice; the message stands where the furthest one
// says.
func TestReportsMoveAMessageOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message  outbox.Message
		statuses string
		want     string
		news     []string
	}{
		"delivered":           {sms(), "queued sent delivered", "delivered", []string{hub.MessageDelivered}},
		"the other way round": {sms(), "delivered sent sent queued", "delivered", []string{hub.MessageDelivered}},
		"twice":               {sms(), "delivered delivered", "delivered", []string{hub.MessageDelivered}},
		"not delivered":       {sms(), "undelivered delivered sent", "undelivered", []string{hub.MessageFailed}},
		"carrier's failed":    {sms(), "failed", "undelivered", []string{hub.MessageFailed}},
		"stays delivered":     {sms(), "delivered undelivered", "delivered", []string{hub.MessageDelivered}},
		"opened":              {mail(), "delivered opened delivered", "opened", []string{hub.MessageDelivered}},
		"comes back":          {mail(), "delivered bounced opened", "bounced", []string{hub.MessageDelivered, hub.MessageBounced}},
		"no news":             {mail(), "accepted scheduled read-later", "sent", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, live(), &pen{})
			f.work()
			entry := f.sentTo(c.message)
			for _, status := range strings.Fields(c.statuses) {
				f.report(outbox.Report{ProviderID: entry.ProviderID, Status: status, Code: "30005", Reason: "the number does not exist"})
			}
			entry = f.becomes(entry.ID, c.want)
			lost := c.want == "undelivered" || c.want == "bounced"
			if want := "The provider reports that it did not arrive: the number does not exist (30005)."; (entry.Reason == want) != lost {
				t.Errorf("the reason is %q", entry.Reason)
			}
			if got := f.heard(entry.ID)[2:]; !slices.Equal(got, c.news) {
				t.Errorf("heard %q", got)
			}
			if entries, _, err := f.box.List(t.Context(), outbox.Search{Status: c.want}); err != nil || len(entries) != 1 {
				t.Errorf("listed %d under %s, %v", len(entries), c.want, err)
			}
		})
	}
}

func TestManyReportsAtOnce(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{})
	f.work()
	entry := f.sentTo(sms())
	var all sync.WaitGroup
	for _, status := range []string{"sent", "delivered", "queued", "undelivered", "sent", "delivered"} {
		all.Go(func() { f.report(outbox.Report{MessageID: entry.ID, ProviderID: entry.ProviderID, Status: status}) })
	}
	all.Wait()
	got, err := f.box.Get(t.Context(), entry.ID)
	if err != nil || (got.Status != outbox.StatusDelivered && got.Status != outbox.StatusUndelivered) {
		t.Errorf("%+v %v", got, err)
	}
}

// unwritten is a store in which no value may be written.
type unwritten struct {
	outbox.Store
	t *testing.T
}

func (u unwritten) Swap(_ context.Context, key string, _ int64, _ []byte, _ time.Duration) (int64, error) {
	u.t.Errorf("%q was written", key)
	return 0, keep.ErrStale
}

// Other programs use the same account: what is not ours leaves no trace.
func TestReportsOfOthers(t *testing.T) {
	t.Parallel()
	f := open(t, live(), never{t}, func(d *outbox.Deps) { d.Store = unwritten{d.Store, t} })
	for _, r := range []outbox.Report{
		{ProviderID: "SM404", Status: "delivered"}, {MessageID: "ann@example.com", Status: "delivered"}, {Status: "delivered"},
		{MessageID: "01930000-0000-7000-8000-000000000000", ProviderID: "SM404", Status: "opened"},
	} {
		if err := f.box.Report(t.Context(), r); !errors.Is(err, outbox.ErrUnknownMessage) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestReportsOfWhatIsNotSent(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{})
	waiting := f.queue(sms()) // nobody works
	if err := f.box.Report(t.Context(), outbox.Report{MessageID: waiting.ID, Status: "delivered"}); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("of one that waits: %v", err)
	}
	if _, err := f.box.Cancel(t.Context(), waiting.ID, "no more"); err != nil {
		t.Fatal(err)
	}
	f.report(outbox.Report{MessageID: waiting.ID, Status: "delivered"})
	f.becomes(waiting.ID, outbox.StatusCancelled)
}

// A lost answer is cleared up by the provider's own report.
func TestReportClearsUpMaybeSent(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{answer: func(int) (outbox.Receipt, error) { return outbox.Receipt{}, lostReply{} }})
	f.work()
	id := f.queue(sms()).ID
	f.becomes(id, outbox.StatusMaybeSent)
	f.report(outbox.Report{MessageID: id, ProviderID: "SM77", Status: "sent"})
	if entry := f.becomes(id, outbox.StatusSent); !strings.Contains(entry.Reason, "left after all") {
		t.Errorf("the reason is %q", entry.Reason)
	}
	f.heardAtLast(id, hub.MessageSent)
	f.report(outbox.Report{MessageID: id, ProviderID: "SM77", Status: "delivered"})
	f.becomes(id, outbox.StatusDelivered)
}

// A person had it sent again: reports of the first sending say nothing of the second.
func TestReportOfAnEarlierSending(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{answer: func(try int) (outbox.Receipt, error) {
		return outbox.Receipt{ProviderID: []string{"", "SM1", "SM2"}[try]}, nil
	}})
	f.work()
	entry := f.sentTo(sms())
	if _, err := f.box.Resend(t.Context(), entry.ID, "never arrived"); err != nil {
		t.Fatal(err)
	}
	f.heardTimes(entry.ID, hub.MessageSent, 2)
	f.becomes(entry.ID, outbox.StatusSent)
	f.report(outbox.Report{MessageID: entry.ID, ProviderID: "SM1", Status: "undelivered"})
	f.report(outbox.Report{ProviderID: "SM1", Status: "undelivered"})
	f.becomes(entry.ID, outbox.StatusSent)
	f.report(outbox.Report{ProviderID: "SM2", Status: "delivered", Channel: outbox.Email}) // not that channel
	f.becomes(entry.ID, outbox.StatusSent)
	f.report(outbox.Report{ProviderID: "SM2", Status: "delivered", Channel: outbox.SMS})
	f.becomes(entry.ID, outbox.StatusDelivered)
}

// What a failure says of recipient and sender is kept.
func TestReportedFailuresTeach(t *testing.T) {
	t.Parallel()
	pool := func(d *outbox.Deps) { d.Pool = []string{"+15145550100", "+14385550100"} }
	f := open(t, live(), &pen{answer: func(try int) (outbox.Receipt, error) {
		return outbox.Receipt{ProviderID: []string{"", "SM1", "SM2", "SM3"}[try]}, nil
	}}, pool)
	f.work()
	first := f.sentTo(sms())
	f.report(outbox.Report{ProviderID: "SM1", Status: "undelivered", Code: "30034", Reason: "not registered", SenderFault: true})
	second := f.sentTo(sms())
	if first.From == "" || second.From == "" || first.From == second.From {
		t.Errorf("sent from %q, then from %q", first.From, second.From)
	}
	f.report(outbox.Report{ProviderID: "SM2", Status: "failed", Code: "21610", At: time.Now()})
	third := f.becomes(f.queue(sms()).ID, outbox.StatusFailed)
	if !strings.Contains(third.Reason, "21610") || third.Attempts[0].Code != "opted-out" {
		t.Errorf("%+v", third)
	}
	if err := f.box.OptIn(t.Context(), outbox.OptOut{Channel: outbox.SMS, Address: number, Source: "START"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.box.Resend(t.Context(), third.ID, "she wrote START"); err != nil {
		t.Fatal(err)
	}
	f.becomes(third.ID, outbox.StatusSent)
}

// A message that the runner itself gave up is failed, and listed so, unless a
// worker had begun to hand it over.
func TestDeathOutsideTheWork(t *testing.T) {
	t.Parallel()
	for want, begun := range map[string]bool{outbox.StatusFailed: false, outbox.StatusMaybeSent: true} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			f := open(t, live(), &pen{})
			id := f.queue(sms()).ID
			if begun {
				f.tryOnceAndDie(t.Context(), &pen{answer: func(int) (outbox.Receipt, error) { panic("the power fails here") }}, id)
			}
			f.lose(id, keep.Outcome{Next: keep.Dead, State: "sent", Note: "lost too often", Attempt: keep.Attempt{Class: keep.GaveUp}})
			job, err := f.engine.Job(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			f.box.Died(t.Context(), job, errors.New("lost"))
			if entry := f.becomes(id, want); begun == (entry.Reason == "lost too often") {
				t.Errorf("%+v", entry)
			}
			if entries, _, err := f.box.List(t.Context(), outbox.Search{Status: want}); err != nil || len(entries) != 1 {
				t.Errorf("%d listed, %v", len(entries), err)
			}
		})
	}
}
