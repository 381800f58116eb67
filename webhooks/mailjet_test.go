package webhooks_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	mailBounce = `{"event":"bounce","time":1763800000,"MessageID":1152921526893457801,"Message_GUID":"6d5a5d5e-0000-4000-8000-000000000001",` +
		`"email":"absent@example.com","mj_campaign_id":0,"mj_contact_id":4,"customcampaign":"","CustomID":"msg-1","Payload":"",` +
		`"blocked":false,"hard_bounce":true,"error_related_to":"recipient","error":"user unknown","comment":"550 5.1.1"}`
	mailSent = `{"event":"sent","time":1763800001,"MessageID":1152921526893457802,"email":"here@example.com","CustomID":"msg-2"}`
)

func mailConfig() webhooks.MailjetConfig {
	return webhooks.MailjetConfig{User: "mailjet", Password: "invented:pässword"}
}

func mailProof([]byte, time.Time) http.Header {
	r := http.Request{Header: http.Header{"Content-Type": {"application/json"}}}
	r.SetBasicAuth("mailjet", "invented:pässword")
	return r.Header
}

// postbox takes events and remembers them.
type postbox struct {
	mu     sync.Mutex
	events []mailjet.Event
	fails  bool
}

func (p *postbox) take(_ context.Context, events []mailjet.Event) (inbox.Taken, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails {
		p.fails = false
		return inbox.Taken{}, hub.Fail(hub.Unavailable, "unavailable", "Not now.", nil)
	}
	p.events = append(p.events, events...)
	return inbox.Taken{State: "noted"}, nil
}

func TestMailjetConforms(t *testing.T) {
	t.Parallel()
	basic := func(user, password string) func([]byte, http.Header) {
		return func(_ []byte, h http.Header) {
			r := http.Request{Header: h}
			r.SetBasicAuth(user, password)
		}
	}
	for name, good := range map[string]string{"object": mailBounce, "array": "[" + mailBounce + ",\n" + mailSent + "]"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inboxtest.Conforms(t, inboxtest.Specimen{
				Source: webhooks.Mailjet(mailConfig(), (&postbox{}).take),
				Good:   []byte(good), Undecodable: []byte(`[{"event":"sent"},7]`), Unknown: []byte(strings.ReplaceAll(mailSent, `"sent"`, `"warmed"`)),
				Prove: mailProof, Proof: "Authorization", Unsigned: true,
				Alike: func(a, b string) bool { return strings.EqualFold(a[:5], b[:5]) && a[5:] == b[5:] }, // "basic" is a name
				Spoil: map[string]func([]byte, http.Header){
					"other user": basic("mailje", "invented:pässword"), "other password": basic("mailjet", "invented"), "no password": basic("mailjet", ""),
					"bearer": func(_ []byte, h http.Header) {
						h.Set("Authorization", strings.Replace(h.Get("Authorization"), "Basic", "Bearer", 1))
					},
				},
			})
		})
	}
}

func TestMailjetWithoutPasswordBelievesNobody(t *testing.T) {
	t.Parallel()
	for _, cfg := range []webhooks.MailjetConfig{{}, {User: "mailjet"}, {Password: "x"}, {User: "mailjet", Password: " "}} {
		h := inboxtest.New(t, webhooks.Mailjet(cfg, (&postbox{}).take))
		if got := h.Send(http.MethodPost, "/webhooks/mailjet", mailProof(nil, time.Now()), []byte(mailSent)); got.Code != 503 || got.Problem != "secret-missing" {
			t.Errorf("%+v answered %+v", cfg, got)
		}
	}
}

// TestMailjetGroups sends groups that overlap, that are written otherwise, that
// are spoilt in part, and one that is empty.
func TestMailjetGroups(t *testing.T) {
	t.Parallel()
	p := &postbox{fails: true}
	source := webhooks.Mailjet(mailConfig(), p.take)
	source.Backoff = []time.Duration{time.Millisecond}
	h := inboxtest.New(t, source)
	h.Work()
	post := func(body string) inboxtest.Answer {
		t.Helper()
		got := h.Send(http.MethodPost, "/webhooks/mailjet", mailProof(nil, time.Now()), []byte(body))
		if got.Code != 200 {
			t.Fatalf("%s was answered %+v", body, got)
		}
		return got
	}
	group := post("[" + mailBounce + "," + mailSent + "]")
	h.Becomes(group.ID, keep.Done)
	if again := post("[\n" + mailSent + " , " + mailBounce + "]"); again.ID != group.ID || again.Status != "duplicate" {
		t.Errorf("the same group in another order is %+v", again)
	}
	h.Becomes(post("["+mailSent+"]").ID, keep.Done) // a part of it, once more
	if empty := h.Becomes(post("[]").ID, keep.Done); empty.State != inbox.Ignored {
		t.Errorf("an empty group ended as %+v", empty)
	}
	spoilt := h.Becomes(post(`[`+mailSent+`,{"event":7},null]`).ID, keep.Dead)
	if !strings.Contains(spoilt.Note, "2 of 3") {
		t.Errorf("a spoilt group ended as %+v", spoilt)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.events) != 4 || p.events[0].MessageID != 1152921526893457801 || !p.events[0].HardBounce || p.events[0].Error != "user unknown" ||
		p.events[0].Time.Unix() != 1763800000 {
		t.Errorf("told %+v", p.events)
	}
	for _, job := range h.Jobs("mailjet") {
		if strings.Contains(job.Dedupe+job.Lane+job.Note, "example.com") {
			t.Errorf("an address stands in %+v", job)
		}
	}
}
