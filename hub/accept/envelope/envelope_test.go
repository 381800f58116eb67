package envelope_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/hub/accept/envelope"
	"gigafibre.ca/targo-hub/simkit"
)

// complete is a simulated DocuSeal in which one envelope is complete.
func complete(t *testing.T) (*docuseal.Client, *docusealsim.Sim, docuseal.Submission) {
	t.Helper()
	sim := docusealsim.New(docusealsim.Options{})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client := docuseal.New(docuseal.Config{URL: server.URL, Token: "docuseal-sim-token", Timeout: 5 * time.Second}, nil)
	signer, err := client.CreateSubmission(t.Context(), docuseal.NewSubmission{TemplateID: 1, ExternalID: "SAL-QTN-2026-00077", Name: "Ann Tremblay"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(server.URL+"/_sim/complete", "application/json", strings.NewReader(`{"submission":"SAL-QTN-2026-00077"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	done, err := client.Submission(t.Context(), signer.SubmissionID)
	if err != nil || done.Status != "completed" {
		t.Fatalf("%+v %v", done, err)
	}
	return client, sim, done
}

// What submission.completed does not say of the signer is asked for.
func TestWitness(t *testing.T) {
	t.Parallel()
	client, _, done := complete(t)
	got, err := envelope.Witness(t.Context(), client, done)
	if err != nil || got.IP != "198.51.100.7" || got.UserAgent != "Mozilla/5.0 (simulated)" || got.Name != "Ann Tremblay" {
		t.Errorf("%+v %v", got, err)
	}
	done.CompletedAt = ""
	if got, err := envelope.Witness(t.Context(), client, done); err != nil || got.IP != "" {
		t.Errorf("of an envelope without a time: %+v %v", got, err)
	}
}

func TestAWitnessWhoCannotBeHadDoesNotHoldASignatureUp(t *testing.T) {
	t.Parallel()
	for status, held := range map[int]bool{500: false, 404: false, 403: false, 503: true, 429: true} {
		client, sim, done := complete(t)
		sim.Control().Fail(simkit.Fault{Status: status, Match: "GET /api/events"})
		if got, err := envelope.Witness(t.Context(), client, done); (err != nil) != held || got.IP != "" {
			t.Errorf("%d: %+v %v", status, got, err)
		}
	}
	client, _, done := complete(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := envelope.Witness(ctx, client, done); err == nil {
		t.Error("an interrupted one went on without")
	}
}

func TestNamedBy(t *testing.T) {
	t.Parallel()
	e := docuseal.Submission{Submitters: []docuseal.Submitter{{}, {ExternalID: "Q-1"}, {ExternalID: "Q-2"}}}
	if got := envelope.NamedBy(e); got != "Q-1" || envelope.NamedBy(docuseal.Submission{}) != "" {
		t.Error(got)
	}
}

func TestNextSigner(t *testing.T) {
	t.Parallel()
	silent := map[string]any{"send_email": false}
	done := docuseal.Submitter{ID: 1, CompletedAt: "2026-04-20T14:00:00.000Z"}
	next := docuseal.Submitter{ID: 2, EmbedSrc: "https://sign.example/s/two", Preferences: silent}
	with := func(change func(*docuseal.Submission)) docuseal.Submission {
		e := docuseal.Submission{Status: "pending", Order: "preserved", Submitters: []docuseal.Submitter{done, next}}
		change(&e)
		return e
	}
	for name, c := range map[string]struct {
		change func(*docuseal.Submission)
		due    bool
	}{
		"his turn":           {func(*docuseal.Submission) {}, true},
		"in any order":       {func(e *docuseal.Submission) { e.Order = "random" }, false},
		"nobody has signed":  {func(e *docuseal.Submission) { e.Submitters = e.Submitters[1:] }, false},
		"all have signed":    {func(e *docuseal.Submission) { e.Submitters = e.Submitters[:1] }, false},
		"invited already":    {func(e *docuseal.Submission) { e.Submitters[1].SentAt = "2026-04-20T14:01:00.000Z" }, false},
		"docuseal writes":    {func(e *docuseal.Submission) { e.Submitters[1].Preferences = map[string]any{"send_email": true} }, false},
		"nothing is known":   {func(e *docuseal.Submission) { e.Submitters[1].Preferences = nil }, false},
		"expired meanwhile":  {func(e *docuseal.Submission) { e.Status = "expired" }, false},
		"put away meanwhile": {func(e *docuseal.Submission) { e.ArchivedAt = "2026-04-20T14:02:00.000Z" }, false},
	} {
		if got, due := envelope.Next(with(c.change)); due != c.due || due && got.ID != 2 {
			t.Errorf("%s: %v %v", name, got.ID, due)
		}
	}
}
