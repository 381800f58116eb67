package mailjet_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/hub"
)

const (
	key     = "invented-public-key"
	private = "invented-private-key"
	to      = "client@example.org"
	words   = "Votre soumission est acceptée"
)

func settings(baseURL string) mailjet.Config {
	return mailjet.Config{
		APIKey: key, APISecret: private, From: "Gigafibre <allo@example.com>", BaseURL: baseURL + "/v3", Timeout: 300 * time.Millisecond,
	}
}

func letter() mailjet.Mail {
	return mailjet.Mail{ID: "msg-1", To: to, ToName: "Cliente", ReplyTo: "aide@example.com", Subject: "Bonjour", Text: words, HTML: "<p>" + words + "</p>"}
}

func conforms(t *testing.T, read bool, call func(context.Context, *mailjet.Client) error) {
	t.Helper()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{key, private, to, words}, Read: read,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := mailjet.New(settings(baseURL), nil)
			return func(ctx context.Context) error { return call(ctx, client) }
		},
	})
}

func TestSendConforms(t *testing.T) {
	t.Parallel()
	conforms(t, false, func(ctx context.Context, c *mailjet.Client) error {
		_, err := c.Send(ctx, letter())
		return err
	})
}

func TestFindConforms(t *testing.T) {
	t.Parallel()
	conforms(t, true, func(ctx context.Context, c *mailjet.Client) error {
		_, err := c.Find(ctx, "msg-1")
		return err
	})
}

func TestSendersConforms(t *testing.T) {
	t.Parallel()
	conforms(t, true, func(ctx context.Context, c *mailjet.Client) error {
		_, err := c.Senders(ctx)
		return err
	})
}

// sent is a request as the server saw it.
type sent struct {
	method, path, query string
	user, password      string
	body                []byte
}

func serve(t *testing.T, status int, answer string) (*httptest.Server, *sent) {
	t.Helper()
	last := &sent{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.method, last.path, last.query = r.Method, r.URL.Path, r.URL.RawQuery
		last.user, last.password, _ = r.BasicAuth()
		last.body, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server, last
}

const success = `{"Messages":[{"Status":"success","CustomID":"msg-1","To":[{"Email":"x","MessageUUID":"u-1","MessageID":1152921504606846977,"MessageHref":"h"}],"Cc":[],"Bcc":[]}]}`

func TestSend(t *testing.T) {
	t.Parallel()
	server, last := serve(t, http.StatusOK, success)
	client := mailjet.New(settings(server.URL), nil)
	got, err := client.Send(t.Context(), letter())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mailjet.Sent{ID: "1152921504606846977", UUID: "u-1"}, got); diff != "" {
		t.Error(diff)
	}
	if last.method != http.MethodPost || last.path != "/v3.1/send" || last.user != key || last.password != private {
		t.Errorf("%s %s, user %q", last.method, last.path, last.user)
	}
	var body map[string]any
	if err := json.Unmarshal(last.body, &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Messages": []any{map[string]any{
		"From": map[string]any{"Email": "allo@example.com", "Name": "Gigafibre"}, "ReplyTo": map[string]any{"Email": "aide@example.com"},
		"To": []any{map[string]any{"Email": to, "Name": "Cliente"}}, "Subject": "Bonjour", "TextPart": words, "HTMLPart": "<p>" + words + "</p>", "CustomID": "msg-1",
	}}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	if client.State() != "closed" {
		t.Error(client.State())
	}
}

// Headers travel as they are; a closed client calls nobody.
func TestHeadersAndTheClosedClient(t *testing.T) {
	t.Parallel()
	server, last := serve(t, http.StatusOK, success)
	m := letter()
	m.Headers = map[string]string{"List-Unsubscribe": "<mailto:stop@example.com>"}
	if _, err := mailjet.New(settings(server.URL), nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if want := `"Headers":{"List-Unsubscribe":"\u003cmailto:stop@example.com\u003e"}`; !strings.Contains(string(last.body), want) {
		t.Errorf("%s", last.body)
	}
	last.body = nil
	cfg := settings(server.URL)
	cfg.Closed = errors.New("the gate is shut")
	_, err := mailjet.New(cfg, nil).Send(t.Context(), m)
	if e, ok := connectors.AsError(err); !ok || !errors.Is(err, cfg.Closed) || e.Outcome != connectors.NotApplied || last.body != nil {
		t.Errorf("%v", err)
	}
}

// Every shape in which Mailjet says no, and those in which it says yes oddly.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    int
		answer    string
		sent      bool
		code      string
		shown     int // Error.Status
		temporary bool
		outcome   connectors.Outcome
	}{
		"taken in a 400":     {status: 400, answer: success, sent: true},
		"error in a 200":     {200, `{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"mj-0013","StatusCode":400,"ErrorMessage":"\"client@example.org\" is bad"}]}]}`, false, "mj-0013", 400, false, connectors.NotApplied},
		"error in a 400":     {400, `{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"send-0008","StatusCode":403}]}]}`, false, "send-0008", 403, false, connectors.NotApplied},
		"slow down inside":   {200, `{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"mj-9999","StatusCode":429}]}]}`, false, "mj-9999", 429, true, connectors.NotApplied},
		"whole call":         {400, `{"ErrorIdentifier":"e","ErrorCode":"mj-0002","ErrorMessage":"Malformed JSON","StatusCode":400}`, false, "mj-0002", 400, false, connectors.NotApplied},
		"credentials":        {401, `{"ErrorIdentifier":"e","ErrorCode":"mj-0015","ErrorMessage":"no","StatusCode":401}`, false, "mj-0015", 401, false, connectors.NotApplied},
		"their mistake":      {500, `{"ErrorIdentifier":"e","StatusCode":500}`, false, "", 500, true, connectors.Unknown},
		"sandbox":            {200, `{"Messages":[{"Status":"success","To":[{"MessageUUID":"","MessageID":0}]}]}`, false, "sandbox", 200, false, connectors.NotApplied},
		"unknown status":     {200, `{"Messages":[{"Status":"maybe"}]}`, false, connectors.CodeUnreadable, 200, true, connectors.Unknown},
		"no message":         {200, `{"Messages":[]}`, false, connectors.CodeUnreadable, 200, true, connectors.Unknown},
		"a page in a 502":    {502, `<html>Bad gateway</html>`, false, "", 502, true, connectors.Unknown},
		"a 400 with no word": {400, `{"Messages":null}`, false, "", 400, false, connectors.NotApplied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, c.status, c.answer)
			got, err := mailjet.New(settings(server.URL), nil).Send(t.Context(), letter())
			if c.sent {
				if err != nil || got.UUID != "u-1" {
					t.Errorf("%+v %v", got, err)
				}
				return
			}
			e, ok := connectors.AsError(err)
			if !ok {
				t.Fatalf("%T %v", err, err)
			}
			if e.Status != c.shown || e.Code != c.code || e.Temporary != c.temporary || e.Outcome != c.outcome {
				t.Errorf("%v, temporary %v, outcome %v", e, e.Temporary, e.Outcome)
			}
			connectorstest.NoSecret(t, err, key, private, to, words)
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	server, last := serve(t, http.StatusOK, `{"Count":1,"Data":[{"ID":1152921504606846977,"UUID":"u-1","Status":"sent","CustomID":"msg-1"},{"ID":2,"CustomID":"other"}],"Total":1}`)
	got, err := mailjet.New(settings(server.URL), nil).Find(t.Context(), "msg-1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]mailjet.Stored{{ID: "1152921504606846977", UUID: "u-1", Status: "sent"}}, got); diff != "" {
		t.Error(diff)
	}
	if last.path != "/v3/REST/message" || last.query != "CustomID=msg-1" || last.password != private {
		t.Errorf("%+v", last)
	}
}

func TestSenders(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, http.StatusOK, `{"Count":1,"Data":[{"Email":"Allo@example.com","Status":"Active"}],"Total":1}`)
	got, err := mailjet.New(settings(server.URL), nil).Senders(t.Context())
	if err != nil || got["allo@example.com"] != "Active" {
		t.Errorf("%v %v", got, err)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	if got := mailjet.Reason("mj-0013", hub.French); got != "l'adresse du destinataire n'est pas valide" {
		t.Error(got)
	}
	if fr, en := mailjet.Reason("x", hub.French), mailjet.Reason("x", hub.English); fr != "Mailjet a refusé le message" || en != "Mailjet refused the message" {
		t.Error(fr, en)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"off":  {nil, ""},
		"good": {[]string{"TARGO_API_KEY=a", "TARGO_API_SECRET=b", "TARGO_FROM=x@example.com", "TARGO_BASE_URL=http://127.0.0.1:1/v3/"}, ""},
		"incomplete": {
			[]string{"TARGO_API_KEY=a", "TARGO_WEBHOOK_USER=u"},
			"TARGO_API_SECRET (api_secret): missing\nTARGO_FROM (from): missing\n" +
				"TARGO_WEBHOOK_PASSWORD (webhook_password): the webhook's user name and password go together",
		},
		"odd": {
			[]string{"TARGO_FROM=nobody", "TARGO_BASE_URL=http://127.0.0.1:1/v3.1"},
			"TARGO_FROM (from): not an address like Name <name@example.com>\nTARGO_BASE_URL (base_url): must end in /v3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectorstest.Settings(t, &mailjet.Config{}, c.environ, c.want)
		})
	}
}
