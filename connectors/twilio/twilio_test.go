package twilio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub"
)

const (
	sid   = "AC00000000000000000000000000000001"
	token = "0123456789abcdefFAKEtoken000000"
	to    = "+15145550142"
	words = "Votre rendez-vous est demain"
)

func settings(baseURL string) twilio.Config {
	return twilio.Config{
		AccountSID: sid, AuthToken: token, From: "+15145550100", BaseURL: baseURL, Timeout: 300 * time.Millisecond,
	}
}

func TestSendConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{token, to, words}, // who gets what is nobody's business either
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := twilio.New(settings(baseURL), "https://hub.example/webhooks/twilio/status", nil)
			return func(ctx context.Context) error {
				_, err := client.Send(ctx, to, words)
				return err
			}
		},
	})
}

func TestAccountConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{token}, Read: true,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := twilio.New(settings(baseURL), "", nil)
			return func(ctx context.Context) error {
				_, err := client.Account(ctx)
				return err
			}
		},
	})
}

// twilioServer answers every request the same way and keeps the last one.
func twilioServer(t *testing.T, status int, body string) (*httptest.Server, *http.Request) {
	t.Helper()
	last := &http.Request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*last = *r // the request is over when the test looks
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server, last
}

func TestSend(t *testing.T) {
	t.Parallel()
	const answer = `{"sid":"SM1","status":"queued","num_segments":"2","price":null,"error_code":null}`
	for name, c := range map[string]struct {
		from, path string
		want       url.Values
	}{
		"number": {"+15145550100", "", url.Values{"From": {"+15145550100"}}},
		"service": {"MG00000000000000000000000000000001", "/proxy", url.Values{
			"MessagingServiceSid": {"MG00000000000000000000000000000001"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, last := twilioServer(t, http.StatusCreated, answer)
			cfg := settings(server.URL + c.path + "/")
			cfg.From = c.from
			client := twilio.New(cfg, "https://hub.example/cb", nil)
			got, err := client.Send(hub.WithRequestID(t.Context(), "req-7"), to, words)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(twilio.Sent{SID: "SM1", Status: "queued", Segments: 2}, got); diff != "" {
				t.Error(diff)
			}
			c.want.Set("To", to)
			c.want.Set("Body", words)
			c.want.Set("StatusCallback", "https://hub.example/cb")
			if diff := cmp.Diff(c.want, last.PostForm); diff != "" {
				t.Error(diff)
			}
			if want := c.path + "/2010-04-01/Accounts/" + sid + "/Messages.json"; last.URL.Path != want {
				t.Errorf("path %s, want %s", last.URL.Path, want)
			}
			if user, password, _ := last.BasicAuth(); user != sid || password != token {
				t.Error("wrong credentials")
			}
			if last.Header.Get("X-Request-Id") != "req-7" || "http://"+last.Host != server.URL {
				t.Errorf("request id %q, host %s", last.Header.Get("X-Request-Id"), last.Host)
			}
			if client.State() != "closed" {
				t.Error(client.State())
			}
		})
	}
}

// A messaging service has no count yet; then our own is given.
func TestSendCountsSegmentsItself(t *testing.T) {
	t.Parallel()
	server, _ := twilioServer(t, http.StatusCreated, `{"sid":"SM1","status":"accepted","num_segments":"0"}`)
	got, err := twilio.New(settings(server.URL), "", nil).Send(t.Context(), to, words)
	if err != nil || got.Segments != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	server, last := twilioServer(t, http.StatusOK, `{"sid":"`+sid+`","friendly_name":"Essai","status":"active","type":"Trial"}`)
	got, err := twilio.New(settings(server.URL), "", nil).Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(twilio.Account{SID: sid, Name: "Essai", Status: "active", Type: "Trial"}, got); diff != "" {
		t.Error(diff)
	}
	if want := "/2010-04-01/Accounts/" + sid + ".json"; last.URL.Path != want {
		t.Errorf("path %s", last.URL.Path)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status, code int
		reason       string
		temporary    bool
		outcome      connectors.Outcome
	}{
		{400, 21211, "the recipient's number is not valid", false, connectors.NotApplied},
		{400, 21610, "the recipient has opted out (STOP)", false, connectors.NotApplied},
		{400, 21611, "the sender's queue is full", true, connectors.NotApplied},
		{400, 21614, "the number is not a mobile one", false, connectors.NotApplied},
		{401, 20003, "the Twilio credentials are refused", false, connectors.NotApplied},
		{403, 30034, "the sender's number is not registered for the United States (A2P 10DLC)", false, connectors.NotApplied},
		{400, 29999, "Twilio refused the message", false, connectors.NotApplied},
		{429, 20429, "too many requests at once", true, connectors.NotApplied},
		{503, 20503, "Twilio refused the message", true, connectors.Unknown},
	} {
		t.Run(fmt.Sprint(c.code), func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"code":%d,"message":"The 'To' number %s is odd","more_info":"https://example.com","status":%d}`, c.code, to, c.status)
			server, _ := twilioServer(t, c.status, body)
			_, err := twilio.New(settings(server.URL), "", nil).Send(t.Context(), to, words)
			e, ok := connectors.AsError(err)
			if !ok {
				t.Fatalf("%T %v", err, err)
			}
			if e.Status != c.status || e.Code != fmt.Sprint(c.code) || e.Reason != c.reason || e.Temporary != c.temporary || e.Outcome != c.outcome {
				t.Errorf("%v, temporary %v, outcome %v", e, e.Temporary, e.Outcome)
			}
			connectorstest.NoSecret(t, err, token, to, words)
		})
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	if c := twilio.CauseOf(21610); c.Class != twilio.ClassOptedOut || c.Reason(hub.French) != "le destinataire s'est désabonné (STOP)" {
		t.Errorf("%+v", c)
	}
	if c := twilio.CauseOf(99999); c.Class != twilio.ClassOther || c.Temporary || c.Code != 99999 || c.Reason(hub.French) != "Twilio a refusé le message" {
		t.Errorf("%+v", c)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"off":        {nil, ""},
		"good":       {[]string{"TARGO_ACCOUNT_SID=" + sid, "TARGO_AUTH_TOKEN=" + token, "TARGO_FROM=+15145550100"}, ""},
		"incomplete": {[]string{"TARGO_ACCOUNT_SID=" + sid}, "TARGO_AUTH_TOKEN (auth_token): missing\nTARGO_FROM (from): missing"},
		"odd": {
			[]string{"TARGO_ACCOUNT_SID=test-sid", "TARGO_AUTH_TOKEN=test-token", "TARGO_FROM=Gigafibre!", "TARGO_BASE_URL=api.twilio.com"},
			"TARGO_ACCOUNT_SID (account_sid): an account SID is made of letters and digits only\n" +
				"TARGO_AUTH_TOKEN (auth_token): an auth token is made of letters and digits only\n" +
				"TARGO_FROM (from): neither a number like +15145550100 nor the SID of a messaging service\n" +
				"TARGO_BASE_URL (base_url): not an address like https://api.twilio.com",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cfg twilio.Config
			connectorstest.Settings(t, &cfg, c.environ, c.want)
			if cfg.On() != (name != "off") {
				t.Error("On is wrong")
			}
		})
	}
}
