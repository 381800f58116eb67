package docuseal

import (
	"encoding/json"
	"strings"

	"gigafibre.ca/targo-hub/connectors"
)

// reasoned puts DocuSeal's refusals into words. Its own text may repeat what we
// sent, so only the known phrases are recognized.
func reasoned(err error) error {
	e, ok := connectors.AsError(err)
	if !ok || e.Status < 400 || e.Status >= 500 {
		return err
	}
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		return err
	}
	for _, known := range refusals() {
		if strings.Contains(body.Error, known.says) {
			e.Reason = known.reason
			return err
		}
	}
	return err
}

type refusal struct{ says, reason string }

func refusals() []refusal {
	return []refusal{
		{"Not authenticated", "the API token is not valid"},
		{"Not authorized", "the API token may not do this"},
		{"Template not found", "the template does not exist for this token"},
		{"Template has been archived", "the template is archived"},
		{"Template does not contain fields", "the template has no fields"},
		{"Too many requests", "it asks us to slow down"},
		{"already completed", "the signer has already signed"},
		{"already declined", "the signer has already declined"},
	}
}
