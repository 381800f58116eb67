package check

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	hook := func(url string) Hook {
		return Hook{Name: "To the hub", Doctype: "Issue", URL: url, Enabled: true, Security: true}
	}
	here := hook("https://hub.example.test/webhooks/erpnext/?x=1")
	off, open := here, here
	off.Enabled, open.Security = false, false
	for name, tc := range map[string]struct {
		hooks  []Hook
		err    error
		secret string // of the site; "" may not be read
		want   string // of the hub
		said   []string
	}{
		"none wanted":         {want: ""},
		"none there":          {want: "s", said: []string{"warning Webhook: The site has no webhook to the hub: changes are seen at the next sync only."}},
		"to somebody else":    {hooks: []Hook{hook("https://other.example.test/hook")}},
		"switched off":        {hooks: []Hook{off}, want: "s", said: []string{"warning Webhook: The site has no webhook to the hub: changes are seen at the next sync only."}},
		"may not be seen":     {err: errors.New("no"), want: "s"},
		"not signed":          {hooks: []Hook{open}, want: "s", said: []string{"fault Webhook To the hub: The site does not sign this webhook."}},
		"no secret here":      {hooks: []Hook{here}, said: []string{"fault Webhook To the hub: The hub has no secret to prove this webhook with."}},
		"the same secret":     {hooks: []Hook{here}, want: "s", secret: "s"},
		"another secret":      {hooks: []Hook{here}, want: "s", secret: "t", said: []string{"fault Webhook To the hub: The site signs this webhook with another secret."}},
		"secret is not shown": {hooks: []Hook{here}, want: "s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Survey{Hooks: Hooks{
				Want: tc.want,
				List: func(context.Context) ([]Hook, error) { return tc.hooks, tc.err },
				Secret: func(context.Context, string) (string, error) {
					if tc.secret == "" {
						return "", errors.New("only for System Managers")
					}
					return tc.secret, nil
				},
			}}
			s.webhooks(t.Context())
			var said []string
			for _, f := range s.findings {
				if f.Hint == "" {
					t.Errorf("%s leaves the operator without a hint", f.Text)
				}
				said = append(said, string(f.Level)+" "+f.About+": "+f.Text)
			}
			if diff := cmp.Diff(tc.said, said); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
