package conversation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/simkit"
	"gigafibre.ca/targo-hub/webhooks"
)

// line is a telephone line from Twilio through the door to the desk.
type line struct {
	*office
	sim *twiliosim.Sim
}

// connect opens the door for Twilio's texts and works them off.
func connect(t *testing.T) *line {
	t.Helper()
	l := &line{office: open(t)}
	server := httptest.NewUnstartedServer(nil)
	public := "http://" + server.Listener.Addr().String()
	door := inbox.NewDoor(inbox.Deps{Store: l.store, Events: hubtest.News{Ring: l.store}, Log: slog.New(slog.DiscardHandler)},
		webhooks.Twilio(webhooks.TwilioConfig{PublicURL: public, Tokens: []config.Secret{"authtoken123"}}, l.take, nil)...)
	edge, err := web.NewServer(web.Config{PublicURL: public}, web.Deps{
		Verifier: hubtest.Door{}, Limits: l.store, Memory: l.store, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	door.Mount(edge.Router())
	server.Config.Handler = edge.Handler()
	server.Start()
	l.sim = twiliosim.New(twiliosim.Options{AuthToken: "authtoken123", Numbers: []string{ours}, InboundURL: public + "/webhooks/twilio/sms"})
	t.Cleanup(func() { l.sim.Close(); server.Close() })
	runner := keep.NewRunner(l.store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 10 * time.Millisecond})
	for _, w := range append(door.Work(), l.desk.Work()...) {
		w.Backoff = []time.Duration{10 * time.Millisecond}
		w.MaxTries = 10
		runner.Register(w)
	}
	hubtest.Run(t, runner)
	return l
}

func (l *line) take(ctx context.Context, in twilio.Inbound) (inbox.Taken, error) {
	text := conversation.Inbound{ID: in.MessageSID, From: string(in.From), To: string(in.To), Body: in.Body, OptOutType: in.OptOutType, At: in.At}
	for _, m := range in.Media {
		text.Media = append(text.Media, conversation.Media{URL: m.URL, Type: m.Type})
	}
	out, err := l.desk.Receive(ctx, text)
	return inbox.Taken{State: out.State}, err
}

// text lets somebody text us, and has Twilio deliver it so many times.
func (l *line) text(t *testing.T, from, body string, times int) {
	t.Helper()
	order, err := json.Marshal(map[string]any{"from": from, "body": body, "times": times})
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	l.sim.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/_sim/receive", bytes.NewReader(order)))
	if !strings.Contains(rec.Body.String(), `"http_status":200`) {
		t.Fatalf("the door answered %s", rec.Body)
	}
}

// Texts come through the door as people wrote them, in order, once each, while
// ERPNext fails in every way; those of another number do not wait for them.
func TestTextsThroughTheDoor(t *testing.T) {
	t.Parallel()
	l := connect(t)
	l.serve(t, ann, "cell_phone", "514 555-0123")
	l.serve(t, "CUST-BOB", "tel_home", "(450) 555-0177")
	for _, fault := range []simkit.Fault{
		{Match: "POST", DropAfterCommit: true}, {Match: "POST", Status: 417}, {Match: "GET", Status: 500, Next: 2},
		{Match: "POST", Kind: "late_gateway", After: 2}, {Match: "POST", DropBefore: true, After: 3},
	} {
		l.site.Fault().Fail(fault)
	}
	want := map[string][]string{}
	for i := range 5 {
		for _, from := range []string{cell, home} {
			body := fmt.Sprintf("%d : ça marche 🛠️", i)
			want[from] = append(want[from], body)
			l.text(t, from, body, 1+i%2)
		}
	}
	hubtest.Await(t, "all texts are written", func() bool { return len(l.all(t, "Communication")) >= 10 })
	got, issues := l.writtenBy(t, []string{cell, home})
	if diff := cmp.Diff(want, got); diff != "" || issues != 2 {
		t.Errorf("on %d issues: %s", issues, diff)
	}
	hubtest.Await(t, "nothing is left", func() bool {
		counts, err := l.store.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			if c.Status == keep.Pending || c.Status == keep.Running {
				return false
			}
		}
		return true
	})
	if n := len(l.all(t, "Communication")); n != 10 {
		t.Errorf("%d communications, want 10", n)
	}
}
