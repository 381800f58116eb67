package twilio_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub"
)

// Each message names its sender and its own address for reports.
func TestSendText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pool, callback string
		text           twilio.Text
		from, report   string
	}{
		"first of the pool": {"+15145550100, +14385550100", "https://hub.example/cb", twilio.Text{}, "+15145550100", "https://hub.example/cb"},
		"another of it":     {"+15145550100,+14385550100", "", twilio.Text{From: "+14385550100"}, "+14385550100", ""},
		"with our id":       {"+15145550100", "https://hub.example/cb", twilio.Text{MessageID: "0190-a"}, "+15145550100", "https://hub.example/cb?message=0190-a"},
		"after a query":     {"+15145550100", "https://hub.example/cb?a=1", twilio.Text{MessageID: "0190-a"}, "+15145550100", "https://hub.example/cb?a=1&message=0190-a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, last := twilioServer(t, http.StatusCreated, `{"sid":"SM1","status":"queued","num_segments":"1"}`)
			cfg := settings(server.URL)
			cfg.From = c.pool
			c.text.To, c.text.Body = to, words
			if _, err := twilio.New(cfg, c.callback, nil).SendText(t.Context(), c.text); err != nil {
				t.Fatal(err)
			}
			if from, report := last.PostForm.Get("From"), last.PostForm.Get("StatusCallback"); from != c.from || report != c.report {
				t.Errorf("from %s, reports to %q", from, report)
			}
		})
	}
}

// Others learn what a refusal is about without knowing Twilio's codes.
func TestRefusalsSayWhoseMoveItIs(t *testing.T) {
	t.Parallel()
	for code, want := range map[int][2]bool{21610: {true, false}, 21606: {false, true}, 30034: {false, true}, 30032: {false, true}, 21211: {false, false}} {
		server, _ := twilioServer(t, http.StatusBadRequest, fmt.Sprintf(`{"code":%d,"message":"no","status":400}`, code))
		_, err := twilio.New(settings(server.URL), "", nil).Send(t.Context(), to, words)
		var told interface {
			OptedOut() bool
			SenderRefused() bool
		}
		if !errors.As(err, &told) || told.OptedOut() != want[0] || told.SenderRefused() != want[1] {
			t.Errorf("%d: %v", code, err)
		}
	}
}

// A closed client calls nobody, and says that nothing has left.
func TestClosed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was called") }))
	t.Cleanup(server.Close)
	why := errors.New("the gate is shut")
	cfg := settings(server.URL)
	cfg.Closed = why
	_, err := twilio.New(cfg, "", nil).Send(t.Context(), to, words)
	if e, ok := connectors.AsError(err); !ok || !errors.Is(err, why) || e.Outcome != connectors.NotApplied || e.Temporary {
		t.Errorf("%v", err)
	}
}

func TestPoolSettings(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]struct {
		senders []string
		mistake string
	}{
		"+15145550100":                         {[]string{"+15145550100"}, ""},
		" +15145550100 ,+14385550100, ":        {[]string{"+15145550100", "+14385550100"}, ""},
		"MG00000000000000000000000000000001":   {[]string{"MG00000000000000000000000000000001"}, ""},
		"MG0000000000000000000000001,+1514555": {[]string{"MG0000000000000000000000001", "+1514555"}, "TARGO_FROM (from): several senders must all be numbers like +15145550100"},
		" , ":                                  {nil, "TARGO_FROM (from): missing"},
	} {
		var cfg twilio.Config
		connectorstest.Settings(t, &cfg, []string{"TARGO_ACCOUNT_SID=" + sid, "TARGO_AUTH_TOKEN=" + token, "TARGO_FROM=" + from}, want.mistake)
		if diff := cmp.Diff(want.senders, cfg.Senders()); diff != "" {
			t.Errorf("%q: %s", from, diff)
		}
	}
}

func TestUnknownCodesAreExplainedByTheirFamily(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]twilio.Class{20999: twilio.ClassAccount, 30999: twilio.ClassCarrier, 63001: twilio.ClassOther} {
		c := twilio.CauseOf(code)
		if c.Class != want || c.Code != code || c.Temporary || c.Reason(hub.French) == "" || c.Reason(hub.English) == "" {
			t.Errorf("%d: %+v", code, c)
		}
	}
}
