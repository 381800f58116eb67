package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
)

// Who is who in the demo.
const (
	apiUser      = "hub@example.com"    // the hub's user in ERPNext
	demoStaff    = "demo@example.com"   // whom the staff token is for
	mailFrom     = "bureau@example.com" // the sender that Mailjet knows
	smsFrom      = "+15145550100"       // the number that Twilio knows
	staffLife    = 30 * 24 * time.Hour  // of the demo's staff token
	authentikApp = "hub-client"         // as which Authentik knows the hub
	linkAfter    = 4 * time.Hour        // the technician's link outlives his day
	linkLeast    = 12 * time.Hour       // it is still good when the demo is begun in the evening
	alphanumer   = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
)

// addresses is where everything is reached, without a slash at the end.
type addresses struct {
	hub, front, erpnext, docuseal, twilio, mailjet, gemini, authentik string
	traccar, tiles, entrance                                          string
	listen, metrics                                                   string // host:port for the hub
}

// secrets are new for each run.
type secrets struct {
	erpKey, erpSecret, erpHook     string
	sealToken, sealHook            string
	twilioSID, twilioToken         string
	mailKey, mailSecret            string
	mailHookUser, mailHookPassword string
	stripeHook, traccarHook        string
	traccarToken, tilesKey         string
	geminiKey                      string
	accessKeys                     string
	service, staff                 string // tokens that the hub accepts
}

func newSecrets(ctx context.Context) (secrets, error) {
	s := secrets{
		erpKey: word(15), erpSecret: word(15), erpHook: word(40), sealToken: word(40),
		sealHook:  "whsec_" + base64.StdEncoding.EncodeToString(random(24)),
		twilioSID: "AC" + hex.EncodeToString(random(16)), twilioToken: word(32), mailKey: word(32), mailSecret: word(32),
		mailHookUser: "mailjet", mailHookPassword: word(24),
		stripeHook: "whsec_" + word(32), traccarHook: word(32), traccarToken: word(48), tilesKey: word(20), geminiKey: word(39),
		accessKeys: "demo:" + base64.RawURLEncoding.EncodeToString(random(32)), service: word(32),
	}
	keys, err := access.NewKeyring(access.Config{Keys: config.Secret(s.accessKeys)}, nil)
	if err != nil {
		return s, fmt.Errorf("making the demo's keys: %w", err)
	}
	s.staff, _, err = keys.Mint(ctx, access.Grant{Audience: access.Staff, Subject: demoStaff, TTL: staffLife})
	if err != nil {
		return s, fmt.Errorf("making the demo's staff token: %w", err)
	}
	return s, nil
}

// day is the link of the technician whose day is full, to open on a telephone.
// Like those that the hub makes it ends some hours after its day, but not before half
// a day has passed; no reassignment revokes it.
func (s secrets) day(ctx context.Context, front, technician, job string) ([]setting, error) {
	keys, err := access.NewKeyring(access.Config{Keys: config.Secret(s.accessKeys)}, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the demo's keys: %w", err)
	}
	token, _, err := keys.Mint(ctx, access.Grant{Audience: access.Technician, Subject: technician, Job: job, Expires: linkEnd(time.Now())})
	if err != nil {
		return nil, fmt.Errorf("making a technician's link: %w", err)
	}
	return []setting{{"TARGO_DEMO_TECHNICIAN", technician}, {"TARGO_DEMO_JOB", job}, {"TARGO_DEMO_TECH_LINK", front + "/j/" + token}}, nil
}

// linkEnd is when the link for the day of now ends.
func linkEnd(now time.Time) time.Time {
	y, m, d := now.In(hub.Local()).Date()
	end := time.Date(y, m, d+1, 0, 0, 0, 0, hub.Local()).Add(linkAfter)
	if least := now.Add(linkLeast); end.Before(least) {
		end = least
	}
	return end.UTC()
}

func random(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	return raw
}

// word is a secret of letters and digits only: Twilio's own client takes no
// other, and it stands in a file or an address without quotes.
func word(n int) string {
	raw := random(n)
	for i, b := range raw {
		raw[i] = alphanumer[int(b)%len(alphanumer)]
	}
	return string(raw)
}

// setting is one line of the environment file.
type setting struct{ key, value string }

// environment is what a hub needs to live in this world, and what a sender or a
// tester needs to talk to both.
func environment(a addresses, s secrets, dir string) []setting {
	return []setting{
		{"TARGO_LISTEN", a.listen},
		{"TARGO_METRICS_LISTEN", a.metrics},
		{"TARGO_PUBLIC_URL", a.hub},
		{"TARGO_BRAND", town.Company},
		{"TARGO_STATE", "sqlite:" + filepath.Join(dir, "targo-hub.db")},
		{"TARGO_CORS_ORIGINS", a.front + "," + a.entrance},
		{"TARGO_LOG_LEVEL", "info"},
		{"TARGO_BILLING_PAUSED", "true"},
		{"TARGO_ERPNEXT_URL", a.erpnext},
		{"TARGO_ERPNEXT_API_KEY", s.erpKey},
		{"TARGO_ERPNEXT_API_SECRET", s.erpSecret},
		{"TARGO_ERPNEXT_WEBHOOK_SECRET", s.erpHook},
		{"TARGO_DOCUSEAL_URL", a.docuseal + "/api"},
		{"TARGO_DOCUSEAL_TOKEN", s.sealToken},
		{"TARGO_DOCUSEAL_WEBHOOK_SECRET", s.sealHook},
		{"TARGO_DOCUSEAL_TEMPLATE_COMMERCIAL", "1"},
		{"TARGO_DOCUSEAL_TEMPLATE_PROJECT", "2"},
		{"TARGO_TWILIO_ACCOUNT_SID", s.twilioSID},
		{"TARGO_TWILIO_AUTH_TOKEN", s.twilioToken},
		{"TARGO_TWILIO_FROM", smsFrom},
		{"TARGO_TWILIO_BASE_URL", a.twilio},
		{"TARGO_MAILJET_API_KEY", s.mailKey},
		{"TARGO_MAILJET_API_SECRET", s.mailSecret},
		{"TARGO_MAILJET_FROM", mailFrom},
		{"TARGO_MAILJET_BASE_URL", a.mailjet + "/v3"},
		{"TARGO_MAILJET_WEBHOOK_USER", s.mailHookUser},
		{"TARGO_MAILJET_WEBHOOK_PASSWORD", s.mailHookPassword},
		{"TARGO_ACCESS_KEYS", s.accessKeys},
		{"TARGO_ACCESS_SERVICE_TOKENS", "demo:" + s.service + ":all"},
		{"TARGO_STRIPE_WEBHOOK_SECRET", s.stripeHook},
		{"TARGO_GEMINI_API_KEY", s.geminiKey},
		{"TARGO_GEMINI_BASE_URL", a.gemini},
		{"TARGO_AUTHENTIK_JWKS_URL", a.authentik + "/application/o/hub/jwks/"},
		{"TARGO_AUTHENTIK_ISSUER", a.authentik + "/application/o/hub/"},
		{"TARGO_AUTHENTIK_AUDIENCE", authentikApp},
		{"TARGO_TRUSTED_PROXIES", "127.0.0.1"}, // a tester is Authentik's proxy: POST /_sim/login there gives the headers
		{"TARGO_MAGICLINK_GATHER", "2s"},       // nobody waits two minutes in a demo
		{"TARGO_OUTBOX_MODE", "capture"},
		{"TARGO_OUTBOX_QUIET_HOURS", "off"}, // nobody sleeps in the town: a demo at night shows what one at noon shows
		{"TARGO_DEMO_STAFF_TOKEN", s.staff},
		{"TARGO_DEMO_SERVICE_TOKEN", s.service},
		{"TARGO_SIM_ERPNEXT_URL", a.erpnext},
		{"TARGO_SIM_DOCUSEAL_URL", a.docuseal},
		{"TARGO_SIM_TWILIO_URL", a.twilio},
		{"TARGO_SIM_MAILJET_URL", a.mailjet},
		{"TARGO_SIM_GEMINI_URL", a.gemini},
		{"TARGO_SIM_AUTHENTIK_URL", a.authentik},
		{"TARGO_SIM_FRONT_URL", a.front},
	}
}

// roads is what concerns the trucks.
func roads(a addresses, s secrets) []setting {
	return []setting{
		{"TARGO_TRACCAR_URL", a.traccar},
		{"TARGO_TRACCAR_TOKEN", s.traccarToken},
		{"TARGO_TRACCAR_WEBHOOK_SECRET", s.traccarHook},
		{"TARGO_TRACKING_SHIFT", "always"}, // nobody goes home either
		{"TARGO_TRACKING_TILES_URL", a.tiles + "/{z}/{x}/{y}.png?key=" + s.tilesKey},
		{"TARGO_TRACKING_TILES_ATTRIBUTION", "Rues_inventées"},
		{"TARGO_DEMO_MAP_URL", a.entrance + "/console/map"}, // signs the browser in by itself
		{"TARGO_DEMO_PHONE", town.Phone},                    // what a telephone calls itself that takes part
		{"TARGO_SIM_TRACCAR_URL", a.traccar},                // takes its positions: /?id=…&lat=…&lon=…
		{"TARGO_SIM_TILES_URL", a.tiles},
	}
}

func lines(settings []setting) []string {
	out := make([]string, 0, len(settings))
	for _, s := range settings {
		out = append(out, s.key+"="+s.value)
	}
	return out
}
