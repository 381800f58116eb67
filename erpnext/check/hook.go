package check

import (
	"context"
	"crypto/subtle"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

// Hook is a webhook of the site.
type Hook struct {
	Name     string    `json:"name"`
	Doctype  string    `json:"webhook_doctype"`
	URL      string    `json:"request_url"`
	Enabled  meta.Flag `json:"enabled"`
	Security meta.Flag `json:"enable_security"`
}

// Hooks asks about webhooks. List is nil when nobody wants to know; Secret reads
// what the site signs a webhook with, which few users may.
type Hooks struct {
	List   func(ctx context.Context) ([]Hook, error)
	Secret func(ctx context.Context, name string) (string, error)
	Want   string // the hub's secret; "" when there is none
}

// door is where the hub takes ERPNext's webhooks in.
const door = "/webhooks/erpnext"

// webhooks looks at the site's webhooks to the hub: a call that is not signed,
// or signed with another secret, is turned away at the hub's door.
func (s *Survey) webhooks(ctx context.Context) {
	if s.Hooks.List == nil {
		return
	}
	hooks, err := s.Hooks.List(ctx)
	if err != nil {
		return // nothing can be said: the user may not see them
	}
	found := 0
	for _, h := range hooks {
		path, _, _ := strings.Cut(h.URL, "?")
		if bool(h.Enabled) && strings.HasSuffix(strings.TrimRight(path, "/"), door) {
			found++
			s.webhook(ctx, h)
		}
	}
	if found == 0 && s.Hooks.Want != "" {
		s.add(Warning, "Webhook", "The site has no webhook to the hub: changes are seen at the next sync only.",
			"Add webhooks to "+door+", signed with TARGO_ERPNEXT_WEBHOOK_SECRET.")
	}
}

func (s *Survey) webhook(ctx context.Context, h Hook) {
	about := "Webhook " + h.Name
	switch {
	case s.Hooks.Want == "":
		s.add(Fault, about, "The hub has no secret to prove this webhook with.", "Set TARGO_ERPNEXT_WEBHOOK_SECRET.")
	case !bool(h.Security):
		s.add(Fault, about, "The site does not sign this webhook.", "Tick Enable Security and enter the secret of TARGO_ERPNEXT_WEBHOOK_SECRET.")
	default:
		secret, err := s.Hooks.Secret(ctx, h.Name)
		if err == nil && subtle.ConstantTimeCompare([]byte(secret), []byte(s.Hooks.Want)) == 0 {
			s.add(Fault, about, "The site signs this webhook with another secret.", "Enter the secret of TARGO_ERPNEXT_WEBHOOK_SECRET there.")
		}
	}
}
