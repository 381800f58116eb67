package twilio_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
	"gigafibre.ca/targo-hub/simkit"
)

// Twilio's magic numbers, and an answer that is lost after Twilio has acted.
func TestStoryWithTheSimulator(t *testing.T) {
	t.Parallel()
	sim := twiliosim.New(twiliosim.Options{AccountSID: sid, AuthToken: token, Test: true})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	cfg := settings(server.URL)
	cfg.From, cfg.Timeout = "+15005550006", 5*time.Second
	client := twilio.New(cfg, "", nil)
	sent, err := client.Send(t.Context(), to, words)
	if err != nil || !strings.HasPrefix(sent.SID, "SM") || sent.Segments != 1 {
		t.Fatalf("%+v %v", sent, err)
	}
	for number, code := range map[string]int{
		"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614,
	} {
		_, err := client.Send(t.Context(), number, words)
		if e, ok := connectors.AsError(err); !ok || e.Code != fmt.Sprint(code) || e.Temporary || e.Outcome != connectors.NotApplied {
			t.Errorf("%s: %v", number, err)
		}
	}
	sim.Control().Fail(simkit.Fault{DropAfterCommit: true})
	_, err = client.Send(t.Context(), to, words)
	if e, ok := connectors.AsError(err); !ok || e.Outcome != connectors.Unknown {
		t.Errorf("a lost answer gave %v", err)
	}
	cfg.AuthToken = "somebodyelse"
	_, err = twilio.New(cfg, "", nil).Send(t.Context(), to, words)
	if e, ok := connectors.AsError(err); !ok || e.Code != "20003" || e.Temporary {
		t.Errorf("wrong credentials gave %v", err)
	}
}
