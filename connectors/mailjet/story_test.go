package mailjet_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/mailjet/mailjetsim"
	"gigafibre.ca/targo-hub/simkit"
)

// A lost answer is cleared up by our own id; refusals come as Mailjet writes them.
func TestStoryWithTheSimulator(t *testing.T) {
	t.Parallel()
	sim := mailjetsim.New(mailjetsim.Options{APIKey: key, APISecret: private, Senders: []string{"allo@example.com"}, Reports: []string{}})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	cfg := settings(server.URL)
	cfg.Timeout = 5 * time.Second
	client := mailjet.New(cfg, nil)
	sent, err := client.Send(t.Context(), letter())
	if err != nil || sent.ID == "" || sent.UUID == "" {
		t.Fatalf("%+v %v", sent, err)
	}
	lost := letter()
	lost.ID = "msg-2"
	sim.Control().Fail(simkit.Fault{DropAfterCommit: true, Match: "/send"})
	_, err = client.Send(t.Context(), lost)
	if e, ok := connectors.AsError(err); !ok || e.Outcome != connectors.Unknown {
		t.Fatalf("a lost answer gave %v", err)
	}
	found, err := client.Find(t.Context(), "msg-2")
	if err != nil || len(found) != 1 {
		t.Errorf("%+v %v", found, err)
	}
	if none, err := client.Find(t.Context(), "msg-3"); err != nil || len(none) != 0 {
		t.Errorf("%+v %v", none, err)
	}
	odd := letter()
	odd.To = "no address"
	_, err = client.Send(t.Context(), odd)
	if e, ok := connectors.AsError(err); !ok || e.Code != "mj-0013" || e.Outcome != connectors.NotApplied || e.Temporary {
		t.Errorf("a bad address gave %v", err)
	}
	cfg.From = "stranger@example.net"
	_, err = mailjet.New(cfg, nil).Send(t.Context(), letter())
	if e, ok := connectors.AsError(err); !ok || e.Code != "send-0008" {
		t.Errorf("a strange sender gave %v", err)
	}
	cfg.APISecret = "somebody-else"
	_, err = mailjet.New(cfg, nil).Send(t.Context(), letter())
	if e, ok := connectors.AsError(err); !ok || e.Status != 401 || e.Temporary {
		t.Errorf("wrong credentials gave %v", err)
	}
}
