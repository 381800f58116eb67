package signing_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/hub/signing"
)

// A secret that is not the hub's is seen: by the doctor and in /readyz, until a
// proven delivery comes. The doctor's own probes are not.
func TestDoctorSeesAWrongSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if found := b.Examine(t.Context()); strings.Contains(show(found), "refused since") || strings.Contains(show(found), "was refused on") {
		t.Fatalf("the probe was counted:\n%s", show(found))
	}
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.hub.URL+"/webhooks/docuseal", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(docuseal.SignatureHeader, "1.00")
	resp, err := b.hub.Client().Do(req)
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("knocking: %v %v", resp, err)
	}
	words := []string{"1 delivery was refused on", "(signature wrong)", "the secret in DocuSeal is not the one of the hub", "somebody else knocks"}
	if found := b.Examine(t.Context()); !has(found, signing.Warn, words...) {
		t.Errorf("of a wrong secret:\n%s", show(found))
	}
	err = b.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), words[0]) || !strings.Contains(err.Error(), words[1]) {
		t.Errorf("ready: %v", err)
	}
	b.deliver(docusealsim.Hook{Secret: secret})
	if found := b.Examine(t.Context()); !has(found, signing.OK, words[0], "a proven one came after that") || has(found, signing.Warn, words[0]) {
		t.Errorf("after it was set right:\n%s", show(found))
	}
	if err := b.Check(t.Context()); err != nil {
		t.Errorf("ready after it was set right: %v", err)
	}
}

func TestDoctorSaysWhyDeliveriesWereRefused(t *testing.T) {
	t.Parallel()
	for reason, words := range map[string]string{
		"signature missing": `its button "Test Webhook" was pressed`, "signature too old": "the clocks of DocuSeal and of the hub differ",
		"signature wrong": "is not the one of the hub, or somebody else knocks",
	} {
		b := newBench(t)
		note := fmt.Sprintf(`{"count":3,"first":"2026-03-01T14:00:00Z","last":"2026-03-02T14:00:00Z","reason":%q}`, reason)
		if _, err := b.store.Swap(t.Context(), "inbox:refused:docuseal", 0, []byte(note), 0); err != nil {
			t.Fatal(err)
		}
		if found := b.Examine(t.Context()); !has(found, signing.Warn, "3 deliveries were refused since", "the last one on", "("+reason+")", words) {
			t.Errorf("%s:\n%s", reason, show(found))
		}
	}
}
