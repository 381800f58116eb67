package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// The night holds what is not urgent, and only what the gate would let go.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	night := func(d *outbox.Deps) {
		d.Now = func() time.Time { return time.Date(2026, 11, 22, 23, 0, 0, 0, hub.Local()) }
		d.Consent = func(context.Context, string, outbox.Channel, string) (string, bool, error) {
			return "contract", true, nil
		}
	}
	cfg := live()
	cfg.QuietHours = "21:00-08:00"
	sender := &pen{}
	f := open(t, cfg, sender, night)
	f.work()
	held := f.queue(sms())
	urgent := sms()
	urgent.Urgent = true
	f.sentTo(urgent) // does not wait behind the other one
	f.sentTo(mail())
	f.putOff(held.ID, "Waits for the morning (08:00)")
	entry := f.becomes(held.ID, outbox.StatusQueued)
	if wait := time.Until(*entry.DueAt); wait < 8*time.Hour+50*time.Minute || wait > 9*time.Hour+5*time.Minute || entry.Tries != 0 {
		t.Errorf("waits %s after %d tries", wait, entry.Tries)
	}
	if _, err := f.box.Cancel(t.Context(), held.ID, "too late"); err != nil {
		t.Fatal(err)
	}
	if got := sender.sent(); len(got) != 2 {
		t.Errorf("%d were sent", len(got))
	}
	offer := urgent
	offer.Purpose, offer.Customer = outbox.Commercial, "C-0001"
	f.putOff(f.queue(offer).ID, "Waits for the morning (08:00)")
	shut := open(t, outbox.Config{QuietHours: "21:00-08:00"}, never{t}, night)
	shut.work()
	shut.becomes(shut.queue(sms()).ID, outbox.StatusCaptured)
}

// putOff waits until the message waits for the reason.
func (f *office) putOff(id, reason string) {
	f.t.Helper()
	wake := time.NewTicker(5 * time.Millisecond)
	defer wake.Stop()
	for end := time.After(8 * time.Second); ; {
		entry, err := f.box.Get(f.t.Context(), id)
		if err != nil {
			f.t.Fatal(err)
		}
		if entry.DueAt != nil && strings.Contains(entry.Reason, reason) {
			return
		}
		select {
		case <-wake.C:
		case <-end:
			f.t.Fatalf("it is %s (%s)", entry.Status, entry.Reason)
		}
	}
}

func TestTooManyForOneRecipientWait(t *testing.T) {
	t.Parallel()
	cfg := live()
	cfg.PerRecipient, cfg.PerSender = 2, 100
	f := open(t, cfg, &pen{})
	f.work()
	f.sentTo(sms())
	f.sentTo(sms())
	third := f.queue(sms())
	f.putOff(third.ID, "too many messages")
	other, urgent := sms(), sms()
	other.To, urgent.Urgent = "+15145550124", true
	f.sentTo(other)
	f.sentTo(urgent)
}

// What takes more segments than a number sends in a second waits its turn.
func TestTooManyForOneSenderWait(t *testing.T) {
	t.Parallel()
	cfg := live()
	cfg.PerSender = 3
	f := open(t, cfg, &pen{})
	f.work()
	var last outbox.Entry
	for i := range 4 {
		m := sms()
		m.To, m.Body = fmt.Sprintf("+1514555013%d", i), strings.Repeat("a", 400)
		last = f.queue(m)
	}
	f.becomes(last.ID, outbox.StatusSent) // later, but surely
}

func TestCommercialMessages(t *testing.T) {
	t.Parallel()
	cfg := live()
	cfg.Identity, cfg.Unsubscribe = "Gigafibre, 1 rue Inventée", "stop@example.com"
	basis := func(d *outbox.Deps) {
		d.Consent = func(_ context.Context, customer string, _ outbox.Channel, _ string) (string, bool, error) {
			return "contract", customer == "C-0001", nil
		}
		d.Stopped = func(_ context.Context, customer string, way outbox.Channel) (bool, error) {
			return customer == "C-0002" && way == outbox.SMS, nil
		}
	}
	sender := &pen{}
	f := open(t, cfg, sender, basis)
	f.work()
	offer := func(way outbox.Channel, to, customer string) outbox.Message {
		return outbox.Message{Channel: way, To: to, Body: "Nouveau forfait", Customer: customer, Purpose: outbox.Commercial}
	}
	if entry := f.sentTo(offer(outbox.SMS, number, "C-0001")); entry.Basis != "contract" || entry.Purpose != outbox.Commercial || entry.Segments != 1 {
		t.Errorf("%+v", entry)
	}
	f.sentTo(offer(outbox.Email, address, "C-0001"))
	held := f.becomes(f.queue(offer(outbox.SMS, number, "C-0003")).ID, outbox.StatusCaptured)
	refused := f.becomes(f.queue(offer(outbox.SMS, number, "C-0002")).ID, outbox.StatusFailed)
	if !strings.Contains(held.Reason, "No consent on record") || !strings.Contains(refused.Reason, "customer's record") {
		t.Errorf("%q, %q", held.Reason, refused.Reason)
	}
	word, err := f.box.Heard(t.Context(), outbox.Text{From: number, Body: "Arrêt", At: time.Now()})
	if word != "stop" || err != nil {
		t.Fatal(word, err)
	}
	if entry := f.becomes(f.queue(offer(outbox.SMS, number, "C-0001")).ID, outbox.StatusFailed); !strings.Contains(entry.Reason, "commercial messages (STOP") {
		t.Errorf("%q", entry.Reason)
	}
	f.sentTo(sms()) // about the service: still goes
	letters := sender.sent()
	if letters[0].Body != "Nouveau forfait\nGigafibre, 1 rue Inventée. ARRET pour ne plus recevoir" {
		t.Errorf("%q", letters[0].Body)
	}
	want := map[string]string{"List-Unsubscribe": "<mailto:stop@example.com>"}
	if diff := cmp.Diff(want, letters[1].Headers); diff != "" || !strings.Contains(letters[1].Body, "stop@example.com") {
		t.Error(diff, letters[1].Body)
	}
}

func TestCommercialMessagesNeedMore(t *testing.T) {
	t.Parallel()
	f := open(t, live(), never{t})
	f.work()
	m := sms()
	m.Purpose = outbox.Commercial
	if entry := f.becomes(f.queue(m).ID, outbox.StatusCaptured); !strings.Contains(entry.Reason, "No consent") {
		t.Errorf("%q", entry.Reason)
	}
	shut := open(t, outbox.Config{}, never{t}) // who opens it later should know already
	shut.work()
	if entry := shut.becomes(shut.queue(m).ID, outbox.StatusCaptured); !strings.Contains(entry.Reason, "mode capture") || !strings.Contains(entry.Reason, "No consent") {
		t.Errorf("%q", entry.Reason)
	}
	for purpose, m := range map[outbox.Purpose]outbox.Message{outbox.Commercial: mail(), "other": sms()} {
		m.Purpose = purpose
		if _, err := f.box.Queue(t.Context(), m); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("%s: %v", purpose, err)
		}
	}
}

// refusal is what a provider's connector says of a number of ours, or of the recipient.
type refusal struct{ sender, stopped bool }

func (refusal) Error() string         { return "refused" }
func (r refusal) SenderRefused() bool { return r.sender }
func (r refusal) OptedOut() bool      { return r.stopped }

func refused(r refusal, code string) error {
	return &connectors.Error{System: "twilio", Op: "send", Status: 400, Code: code, Reason: "refused", Err: r}
}

// A number that is refused rests, and another one takes its messages over.
func TestAnotherNumberTakesOver(t *testing.T) {
	t.Parallel()
	pool := []string{"+15145550100", "+14385550100"}
	sender := &pen{answer: func(try int) (outbox.Receipt, error) {
		if try == 1 {
			return outbox.Receipt{}, refused(refusal{sender: true}, "21606")
		}
		return outbox.Receipt{ProviderID: fmt.Sprint("SM", try)}, nil
	}}
	f := open(t, live(), sender, func(d *outbox.Deps) { d.Pool = pool })
	f.work()
	entry := f.sentTo(sms())
	f.sentTo(sms())
	letters := sender.sent()
	if len(letters) != 3 || letters[0].From == letters[1].From || letters[1].From != letters[2].From || entry.From != letters[1].From || entry.Tries != 1 {
		t.Errorf("%+v, sent with %+v", entry, letters)
	}
	if !slices.Contains(pool, entry.From) || strings.Contains(f.log.String(), "5550100") {
		t.Errorf("from %s; log:\n%s", entry.From, f.log)
	}
}

func TestAllNumbersRefused(t *testing.T) {
	t.Parallel()
	sender := &pen{answer: func(int) (outbox.Receipt, error) {
		return outbox.Receipt{}, refused(refusal{sender: true}, "21606")
	}}
	f := open(t, live(), sender, func(d *outbox.Deps) { d.Pool = []string{"+15145550100", "+14385550100"} })
	f.work()
	if entry := f.becomes(f.queue(sms()).ID, outbox.StatusFailed); !strings.Contains(entry.Reason, "21606") || len(sender.sent()) != 2 {
		t.Errorf("%q after %d calls", entry.Reason, len(sender.sent()))
	}
}

// Who has stopped the sender is not written to again.
func TestSuppressedAfterTheProvidersWord(t *testing.T) {
	t.Parallel()
	var changes []outbox.OptChange
	sender := &pen{answer: func(int) (outbox.Receipt, error) {
		return outbox.Receipt{}, refused(refusal{stopped: true}, "21610")
	}}
	f := open(t, live(), sender, func(d *outbox.Deps) {
		d.OptChanged = func(_ context.Context, c outbox.OptChange) error {
			changes = append(changes, c)
			return nil
		}
	})
	f.work()
	f.becomes(f.queue(sms()).ID, outbox.StatusFailed)
	f.becomes(f.queue(sms()).ID, outbox.StatusFailed)
	if len(sender.sent()) != 1 || len(changes) != 1 || changes[0].Address != number || changes[0].Scope != outbox.ScopeAll {
		t.Errorf("sent %d, changes %+v", len(sender.sent()), changes)
	}
}

// A message whose way is closed is kept, never failed, and says what to set.
func TestClosedTransportKeepsMessages(t *testing.T) {
	t.Parallel()
	gate, err := outbox.NewGate(outbox.Config{Mode: outbox.Allowlist, Allow: []string{number}}, "https://hub.example.com")
	if err != nil {
		t.Fatal(err)
	}
	closed := gate.Closed("https://api.example.net")
	sender := &pen{answer: func(int) (outbox.Receipt, error) {
		return outbox.Receipt{}, &connectors.Error{System: "twilio", Op: "send", Code: connectors.CodeClosed, Reason: closed.Error(), Err: closed}
	}}
	f := open(t, outbox.Config{Mode: outbox.Allowlist, Allow: []string{number}}, sender)
	f.work()
	entry := f.becomes(f.queue(sms()).ID, outbox.StatusCaptured)
	if !errors.Is(closed, outbox.ErrClosed) || !strings.Contains(entry.Reason, "TARGO_OUTBOX_LIVE_ACK") {
		t.Errorf("%q", entry.Reason)
	}
	if f.call(hub.RoleStaff, "POST", "/messages/"+entry.ID+"/release", `{"reason":"once more"}`, nil) != http.StatusOK {
		t.Error("it cannot be released")
	}
}

// After a restore nothing that may have left already leaves by itself.
func TestRestoredStoreAsksAPerson(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{})
	m := sms()
	m.DedupeKey = "accept:1"
	id := f.queue(m).ID
	if _, err := f.engine.Swap(t.Context(), "outbox:restored", keep.AnyVersion, []byte(time.Now().UTC().Format(time.RFC3339)), time.Hour); err != nil {
		t.Fatal(err)
	}
	f.work()
	if entry := f.becomes(id, outbox.StatusCaptured); !strings.Contains(entry.Reason, "backup") {
		t.Errorf("%q", entry.Reason)
	}
	f.sentTo(sms()) // somebody asks for it now
	if _, err := f.box.Release(t.Context(), id, "not in the provider's log"); err != nil {
		t.Fatal(err)
	}
	f.becomes(id, outbox.StatusSent)
}
