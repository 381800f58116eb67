package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// word is the secret of these tests, made by whoever knows it: gone once it is over.
const word = "472913"

func secrets(over *atomic.Bool) outbox.Secret {
	return func(_ context.Context, reference string) (string, error) {
		switch {
		case over.Load():
			return "", hub.Fail(hub.Gone, "link-expired", "It is worth nothing any more.", nil)
		case reference != "one":
			return "", errors.New("an unknown reference")
		}
		return word, nil
	}
}

func secretSMS() outbox.Message {
	return outbox.Message{Channel: outbox.SMS, To: number, Body: "Code: " + outbox.Veil + "\n\n@hub #" + outbox.Veil, Secret: "door.one", Urgent: true}
}

// TestSecretWord: whoever gets the message reads the word; whoever reads what the hub
// keeps of it does not, before it has left nor afterwards.
func TestSecretWord(t *testing.T) {
	t.Parallel()
	sender, over := &pen{}, &atomic.Bool{}
	f := open(t, live(), sender)
	f.box.AddSecret("door", secrets(over))
	queued := f.queue(secretSMS())
	f.work()
	sent := f.becomes(queued.ID, outbox.StatusSent)
	if got := sender.sent(); len(got) != 1 || got[0].Body != "Code: "+word+"\n\n@hub #"+word {
		t.Fatalf("sent %+v", got)
	}
	job, err := f.engine.Job(t.Context(), queued.ID)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal([]any{queued, sent, job, string(job.Payload), f.list()})
	if err != nil || strings.Contains(string(kept), word) || strings.Contains(f.log.String(), word) || !strings.Contains(sent.Body, outbox.Veil) {
		t.Errorf("it is kept: %s, %v", kept, err)
	}
}

func (f *office) list() (out struct{ Items []outbox.Entry }) {
	f.t.Helper()
	if status := f.call(hub.RoleStaff, http.MethodGet, "/messages", "", &out); status != http.StatusOK || len(out.Items) == 0 {
		f.t.Fatalf("%d %+v", status, out)
	}
	return out
}

// TestSecretWordIsOver: a message whose word is worth nothing any more does not leave;
// nor does one whose word nobody makes.
func TestSecretWordIsOver(t *testing.T) {
	t.Parallel()
	over := &atomic.Bool{}
	over.Store(true)
	f := open(t, live(), never{t})
	f.box.AddSecret("door", secrets(over))
	f.work()
	late, strange := secretSMS(), secretSMS()
	strange.Secret = "window.one"
	for _, m := range []outbox.Message{late, strange} {
		if entry := f.becomes(f.queue(m).ID, outbox.StatusFailed); entry.Tries != 1 || entry.Reason == "" {
			t.Errorf("%+v", entry)
		}
	}
}

// TestSecretWordForATrial: where nothing leaves at all, the word is shown with the
// message that is kept, as long as it is worth something; behind any other gate not.
func TestSecretWordForATrial(t *testing.T) {
	t.Parallel()
	for mode, shown := range map[outbox.Mode]bool{outbox.Capture: true, outbox.Allowlist: false} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			over := &atomic.Bool{}
			f := open(t, outbox.Config{Mode: mode, Allow: []string{"+15145550999"}}, never{t})
			f.box.AddSecret("door", secrets(over))
			f.work()
			id := f.queue(secretSMS()).ID
			f.becomes(id, outbox.StatusCaptured)
			reads := func() bool {
				t.Helper()
				one, err := f.box.Get(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if listed := f.list().Items[0]; listed.Body != one.Body {
					t.Errorf("listed as %q, read as %q", listed.Body, one.Body)
				}
				return strings.Contains(one.Body, word)
			}
			if reads() != shown {
				t.Errorf("shown: %v", !shown)
			}
			over.Store(true)
			if job, err := f.engine.Job(t.Context(), id); err != nil || reads() || job.Status != keep.Held {
				t.Errorf("shown although it is over: %+v, %v", job, err)
			}
		})
	}
}
