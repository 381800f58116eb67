package probe

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/connectors/gemini"
)

// Gemini asks whether the model is there, which costs nothing.
func Gemini(ctx context.Context, r *findings.List, client *gemini.Client) {
	if client == nil {
		r.Off("gemini", "TARGO_GEMINI_API_KEY is empty: codes are still read from photos, labels and invoices are not")
		return
	}
	switch err := client.Probe(ctx); {
	case err == nil:
		r.OK("gemini", "the model "+client.Model()+" is there")
	case gemini.Misconfigured(err):
		r.Fail("gemini", err.Error())
	default:
		r.Warn("gemini", err.Error())
	}
}

// Authentik asks for the keys of the sign-in servers, and says when no session can
// be believed because no proxy is.
func Authentik(ctx context.Context, r *findings.List, client *authentik.Client, proxies []string) {
	if client == nil {
		r.Off("authentik", "TARGO_AUTHENTIK_JWKS_URL is empty: people sign in with tokens of the hub only")
		return
	}
	keys, err := client.Probe(ctx)
	if err != nil {
		r.Fail("authentik", err.Error())
		return
	}
	for _, server := range []string{authentik.Staff, authentik.Clients} {
		if n, on := keys[server]; on {
			r.OK("authentik", fmt.Sprintf("%s: %d keys", server, n))
		}
	}
	if len(proxies) == 0 {
		r.Warn("authentik", "TARGO_TRUSTED_PROXIES is empty: no session is believed, because any caller could send one")
	}
}
