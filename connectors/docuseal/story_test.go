package docuseal_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/simkit"
)

// From a creation whose answer is lost to the signed document.
func TestStoryWithTheSimulator(t *testing.T) {
	t.Parallel()
	sim := docusealsim.New(docusealsim.Options{Token: token})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client := docuseal.New(docuseal.Config{URL: server.URL, Token: token, Timeout: 5 * time.Second}, nil)
	start := time.Now()

	if user, err := client.User(t.Context()); err != nil || user.ID == 0 {
		t.Fatalf("%+v %v", user, err)
	}
	wanted := docuseal.NewSubmission{
		TemplateID: 1, ExternalID: "SAL-QTN-2026-00042", Name: "Boulangerie Inventée", Email: "client@example.org",
		Fields: map[string]string{"not in the template": "x"}, ExpireAt: start.Add(24 * time.Hour),
	}
	sim.Control().Fail(simkit.Fault{DropAfterCommit: true, Match: "POST /api/submissions"})
	_, err := client.CreateSubmission(t.Context(), wanted)
	if e, ok := connectors.AsError(err); !ok || e.Outcome != connectors.Unknown {
		t.Fatalf("a lost answer gave %v", err)
	}
	signers, err := client.SubmittersByExternalID(t.Context(), wanted.ExternalID)
	if err != nil || len(signers) != 1 || !strings.HasPrefix(signers[0].EmbedSrc, server.URL+"/s/") {
		t.Fatalf("%+v %v", signers, err)
	}
	before, err := client.Submission(t.Context(), signers[0].SubmissionID)
	if err != nil || before.Status != "pending" {
		t.Fatalf("%+v %v", before, err)
	}
	if mails := sim.Mails(); len(mails) != 0 {
		t.Errorf("DocuSeal wrote to the customer: %+v", mails)
	}

	body := fmt.Sprintf(`{"submission":%d}`, before.ID)
	resp, err := http.Post(server.URL+"/_sim/complete", "application/json", strings.NewReader(body))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%+v %v", resp, err)
	}
	_ = resp.Body.Close()
	done, found, err := client.LastSigner(t.Context(), before.ID, time.Now())
	if err != nil || !found || done.SubmissionID != before.ID || done.ExternalID != wanted.ExternalID || done.IP == "" || done.UserAgent == "" {
		t.Fatalf("%+v %v %v", done, found, err)
	}
	if version, err := client.Version(t.Context()); err != nil || version != "3.1.7" {
		t.Errorf("version %q %v", version, err)
	}
	documents, err := client.Documents(t.Context(), before.ID)
	if err != nil || len(documents) == 0 {
		t.Fatalf("%+v %v", documents, err)
	}
	pdf, err := client.Download(t.Context(), documents[0].URL)
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("%d bytes, %v", len(pdf), err)
	}
}
