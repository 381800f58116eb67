package mailjet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/mailjet"
)

func TestParseEvents(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_763_800_000, 0).UTC()
	for name, c := range map[string]struct {
		body   string
		want   []mailjet.Event
		spoilt int
	}{
		"object": {`{"event":"bounce","time":1763800000,"MessageID":1152921526893457801,"Message_GUID":"g","email":"a@example.com","CustomID":"m",` +
			`"Payload":"p","blocked":true,"hard_bounce":1,"error_related_to":"recipient","error":"user unknown","comment":"550"}`, []mailjet.Event{{
			Event: "bounce", Time: at, MessageID: 1152921526893457801, GUID: "g", Email: "a@example.com", CustomID: "m", Payload: "p", Blocked: true,
			HardBounce: true, ErrorRelatedTo: "recipient", Error: "user unknown", Comment: "550",
		}}, 0},
		"array": {` [ {"event":"click","time":"1763800000","MessageID":"12","url":"https://x"}, {"event":"unsub","time":1763800000,"CustomID":"m","mj_list_id":4} ] `,
			[]mailjet.Event{{Event: "click", Time: at, MessageID: 12, URL: "https://x"}, {Event: "unsub", Time: at, CustomID: "m", ListID: 4}}, 0},
		"odd kinds": {`{"event":"open","time":1763800000,"MessageID":1,"email":null,"Payload":{"a":1},"CustomID":7,"hard_bounce":"true","smtp_reply":"250","source":"s"}`,
			[]mailjet.Event{{Event: "open", Time: at, MessageID: 1, Payload: `{"a":1}`, CustomID: "7", HardBounce: true, SMTPReply: "250", Source: "s"}}, 0},
		"spoilt in part": {`[7,{"event":"open","time":1763800000,"MessageID":1},{"event":"open"},null]`,
			[]mailjet.Event{{Event: "open", Time: at, MessageID: 1}}, 3},
		"empty": {`[]`, nil, 0},
	} {
		got, spoilt, err := mailjet.ParseEvents([]byte(c.body))
		if diff := cmp.Diff(c.want, got); err != nil || spoilt != c.spoilt || diff != "" {
			t.Errorf("%s: %d spoilt, %v\n%s", name, spoilt, err, diff)
		}
	}
	for _, body := range []string{
		"", " ", "null", "7", `"x"`, "{", "[", "{}", "[{}]", "[1,2]", `{"event":"open","time":0,"MessageID":1}`, `{"event":"open","time":1.5,"MessageID":1}`,
		`{"event":"open","time":1763800000}`, `{"event":"open","time":1763800000,"MessageID":99999999999999999999}`, `[{"event":"open"}] x`,
	} {
		if got, _, err := mailjet.ParseEvents([]byte(body)); !errors.Is(err, mailjet.ErrNoEvents) {
			t.Errorf("%s was read as %+v, %v", body, got, err)
		}
	}
}

func TestEventKeys(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_763_800_000, 0)
	base := mailjet.Event{Event: "click", Time: at, MessageID: 1, Email: "a@example.com", URL: "https://x"}
	seen := map[string]string{base.Key(): "base"}
	for name, change := range map[string]func(*mailjet.Event){
		"event": func(e *mailjet.Event) { e.Event = "open" }, "time": func(e *mailjet.Event) { e.Time = at.Add(time.Second) },
		"message": func(e *mailjet.Event) { e.MessageID = 2 }, "email": func(e *mailjet.Event) { e.Email = "b@example.com" },
		"url": func(e *mailjet.Event) { e.URL = "https://y" }, "guid": func(e *mailjet.Event) { e.GUID = "g" },
		"error": func(e *mailjet.Event) { e.Error = "user unknown" }, "hard bounce": func(e *mailjet.Event) { e.HardBounce = true },
		"block": func(e *mailjet.Event) { e.Blocked = true },
	} {
		other := base
		change(&other)
		if as := seen[other.Key()]; as != "" {
			t.Errorf("another %s is the same event as %s", name, as)
		}
		seen[other.Key()] = name
	}
	if same := base; same.Key() != base.Key() {
		t.Error("one event has two keys")
	}
}
