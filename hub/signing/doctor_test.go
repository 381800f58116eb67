package signing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/hub/signing"
	"gigafibre.ca/targo-hub/simkit"
)

func newConfig() docuseal.Config {
	return docuseal.Config{URL: "http://127.0.0.1:1/api", Token: "docuseal-sim-token", WebhookSecret: secret, QuietDays: 7, Timeout: time.Second}
}

// has tells whether a finding of the level holds all the words.
func has(found []signing.Finding, level signing.Level, words ...string) bool {
	return slices.ContainsFunc(found, func(f signing.Finding) bool {
		return f.Level == level && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(f.Text, w) })
	})
}

func show(found []signing.Finding) string {
	lines := make([]string, 0, len(found))
	for _, f := range found {
		lines = append(lines, string(f.Level)+" "+f.Text)
	}
	return strings.Join(lines, "\n")
}

// deliver has a customer sign, and DocuSeal post the webhook to the real door.
func (b *bench) deliver(hook docusealsim.Hook) {
	b.t.Helper()
	hook.URL = b.hub.URL + "/webhooks/docuseal"
	b.sim.SetHook(hook)
	var out struct {
		Deliveries []struct {
			Event  string `json:"event_type"`
			Status int    `json:"http_status"`
		} `json:"deliveries"`
	}
	b.call("POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d,"deliver":true}`, b.create("Client")), &out)
	for _, d := range out.Deliveries {
		if d.Status != http.StatusOK {
			b.t.Fatalf("the hub refused %+v", d)
		}
	}
}

func TestDoctorOfAHubThatIsWell(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.deliver(docusealsim.Hook{Secret: secret})
	b.pass(time.Hour)
	b.reconcile()
	status, body := b.get("/signing/doctor")
	var out struct{ Findings []signing.Finding }
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v", status, body, err)
	}
	for _, f := range out.Findings {
		if f.Level == signing.Fail {
			t.Errorf("%+v", f)
		}
	}
	for _, words := range [][]string{
		{"DocuSeal answers", "test mode"}, {"template 1 (TARGO_DOCUSEAL_TEMPLATE_COMMERCIAL)", "all fields"}, {"HMAC"},
		{"register " + b.hub.URL + "/webhooks/docuseal", "form.completed", "submission.completed"}, {"Test Webhook"},
		{"reaches this hub"}, {"the last webhook", "was signed", "2.5.3 or later"}, {"last compared"},
	} {
		if !has(out.Findings, signing.OK, words...) {
			t.Errorf("nothing says %q in\n%s", words, show(out.Findings))
		}
	}
	if !has(out.Findings, signing.Warn, "template 2", "2 roles") || strings.Contains(body, secret) || strings.Contains(body, "bureau@") {
		t.Errorf("findings\n%s", show(out.Findings))
	}
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDoctorOfSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string
		change  func(*docuseal.Config)
		level   signing.Level
		words   []string
	}{
		"off":                  {"", func(c *docuseal.Config) { c.URL = "" }, signing.Off, []string{"TARGO_DOCUSEAL_URL is empty"}},
		"not reached":          {"", func(c *docuseal.Config) { c.URL = "http://127.0.0.1:1/api" }, signing.Fail, []string{"cannot be reached"}},
		"not an API":           {"", func(c *docuseal.Config) { c.URL += "/nowhere" }, signing.Fail, []string{"is the address that of the API"}},
		"another token":        {"", func(c *docuseal.Config) { c.Token = "another" }, signing.Fail, []string{"refuses the token"}},
		"no template":          {"", func(c *docuseal.Config) { c.TemplateProject = 0 }, signing.Warn, []string{"TEMPLATE_PROJECT is empty"}},
		"unknown template":     {"", func(c *docuseal.Config) { c.TemplateProject = 9 }, signing.Fail, []string{"DocuSeal has no template 9 (TARGO_DOCUSEAL_TEMPLATE_PROJECT)"}},
		"archived template":    {"", func(c *docuseal.Config) { c.TemplateProject = 3 }, signing.Fail, []string{"template 3", "archived"}},
		"nothing to sign":      {"", func(c *docuseal.Config) { c.TemplateProject = 4 }, signing.Fail, []string{"template 4", "no signature field", "Client"}},
		"fields missing":       {"", func(c *docuseal.Config) { c.TemplateProject = 5 }, signing.Warn, []string{"template 5", "no field named grand_total"}},
		"no proof":             {"", func(c *docuseal.Config) { c.WebhookSecret = "" }, signing.Fail, []string{"every webhook is refused", "tab HMAC", "tab Secret"}},
		"too old to sign":      {"2.4.4", func(*docuseal.Config) {}, signing.Fail, []string{"DocuSeal 2.4.4 does not sign", "tab Secret"}},
		"old, but with header": {"2.4.4", func(c *docuseal.Config) { c.WebhookSecret, c.WebhookHeader = "", "X-Key: k" }, signing.OK, []string{"fixed header X-Key"}},
		"could sign":           {"3.1.7", func(c *docuseal.Config) { c.WebhookSecret, c.WebhookHeader = "", "X-Key: k" }, signing.Warn, []string{"3.1.7 also signs"}},
		"version not told":     {"master", func(*docuseal.Config) {}, signing.OK, []string{"HMAC signing secret"}},
		"secret of other tab":  {"", func(c *docuseal.Config) { c.WebhookSecret = "static" }, signing.Warn, []string{"does not begin with whsec_"}},
		"header in its place":  {"", func(c *docuseal.Config) { c.WebhookHeader = "x-docuseal-signature: x" }, signing.Warn, []string{"signature's name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			role := []string{"Client"}
			field := func(name, kind string) docusealsim.Field {
				return docusealsim.Field{Name: name, Type: kind, Role: "Client"}
			}
			sim := docusealsim.New(docusealsim.Options{Version: c.version, Templates: append(docusealsim.DefaultTemplates(),
				docusealsim.Template{ID: 3, Roles: role, Archived: true, Fields: []docusealsim.Field{field("Signature", "signature")}},
				docusealsim.Template{ID: 4, Roles: role, Fields: []docusealsim.Field{field("quotation", "text"), field("grand_total", "text")}},
				docusealsim.Template{ID: 5, Roles: role, Fields: []docusealsim.Field{field("quotation", "text"), field("Signature", "signature")}},
			)})
			t.Cleanup(sim.Close)
			server := httptest.NewServer(sim)
			t.Cleanup(server.Close)
			cfg := newConfig()
			cfg.URL, cfg.TemplateCommercial, cfg.TemplateProject, cfg.Timeout = server.URL+"/api", 1, 2, 10*time.Second
			c.change(&cfg)
			deps := signing.Deps{Fields: []string{"quotation", "grand_total"}, Public: func(path string) string { return "http://127.0.0.1:1" + path }}
			if cfg.URL != "" {
				deps.DocuSeal = docuseal.New(cfg, nil)
			}
			found := signing.New(cfg, deps).Examine(t.Context())
			if !has(found, c.level, c.words...) || strings.Contains(show(found), "does not run") {
				t.Errorf("nothing says %s %q in\n%s", c.level, c.words, show(found))
			}
			if cfg.URL != "" && !has(found, signing.Warn, "cannot be reached from here") || strings.Contains(show(found), secret) {
				t.Errorf("findings\n%s", show(found))
			}
		})
	}
}

func TestDoctorOfPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ seal, public, says string }{
		{"http://127.0.0.1:1/api", "http://127.0.0.1:3300", ""},
		{"http://docuseal.invalid/api", "http://127.0.0.1:3300", "names this machine only"},
		{"http://docuseal.invalid/api", "http://localhost:3300", "names this machine only"},
		{"http://127.0.0.1:1/api", "http://hub.invalid", "is not https"},
		{"http://docuseal.invalid/api", "https://hub.invalid", ""},
	} {
		cfg := newConfig()
		cfg.URL = c.seal
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nobody is asked
		found := signing.New(cfg, signing.Deps{DocuSeal: docuseal.New(cfg, nil), Public: func(path string) string { return c.public + path }}).Examine(ctx)
		if got := has(found, signing.Warn, "TARGO_PUBLIC_URL"); got != (c.says != "") || got && !has(found, signing.Warn, c.says) {
			t.Errorf("%s with %s:\n%s", c.public, c.seal, show(found))
		}
	}
}

// What stands at the public address decides whether signatures arrive.
func TestDoctorAsksThePublicAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		status int
		body   string
		level  signing.Level
		words  string
	}{
		"this hub":            {401, `{"code":"signature-invalid"}`, signing.OK, "reaches this hub"},
		"this hub, no secret": {503, `{"code":"secret-missing"}`, signing.Fail, "has no secret"},
		"a sign-in page":      {302, "", signing.Fail, "redirect (302)"},
		"moved":               {308, "", signing.Fail, "without a trace"},
		"a page for all":      {200, "<!doctype html><p>Welcome", signing.Fail, "a page with status 200"},
		"another server":      {404, "<html>no", signing.Fail, "does not lead to this hub (a page with status 404)"},
		"basic auth":          {401, "<html>no", signing.Fail, "refused by something in front"},
		"a firewall":          {403, "no", signing.Fail, "refused by something in front"},
		"a proxy without hub": {502, "<html>bad gateway", signing.Fail, "a page with status 502"},
		"a busy hub":          {429, `{"code":"too-many-requests"}`, signing.Warn, "busy or not ready"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var followed atomic.Bool
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/webhooks/docuseal" || r.Method != http.MethodPost || r.Header.Get(docuseal.SignatureHeader) != "" ||
					r.Header.Get("X-Targo-Probe") == "" {
					followed.Store(true)
				}
				w.Header().Set("Location", "/sign-in")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(front.Close)
			deps := signing.Deps{DocuSeal: b.client, Public: func(path string) string { return front.URL + path }}
			if found := signing.New(b.cfg, deps).Examine(t.Context()); !has(found, c.level, front.URL+"/webhooks/docuseal", c.words) || followed.Load() {
				t.Errorf("followed %v; findings\n%s", followed.Load(), show(found))
			}
		})
	}
}

func TestDoctorRemembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if found := b.Examine(t.Context()); !has(found, signing.Warn, "no webhook of DocuSeal has come yet") || !has(found, signing.Warn, "not compared", "docuseal") {
		t.Errorf("of a new hub:\n%s", show(found))
	}
	b.deliver(docusealsim.Hook{HeaderName: "X-Hook-Key", HeaderValue: "static"})
	b.sign(b.create("Client"), "")
	open := b.create("Client")
	b.deps.ERPNext = quotations{{"name": "Q-1", "status": "Open", "custom_docuseal_envelope_id": fmt.Sprint(open)}}
	b.start()
	b.pass(time.Hour)
	b.reconcile()
	found := b.Examine(t.Context())
	if !has(found, signing.OK, "proven by the fixed header", "it is 3.1.7") || !has(found, signing.Warn, "1 signature found by asking") || !has(found, signing.OK, "last compared with DocuSeal on", "1 envelope was open then") {
		t.Errorf("findings\n%s", show(found))
	}
	b.pass(8 * 24 * time.Hour)
	found = b.Examine(t.Context())
	if !has(found, signing.Fail, "nothing came from DocuSeal for 8 days while 1 envelope is open") || !has(found, signing.Fail, "last compared", `task "docuseal"`) {
		t.Errorf("eight days later\n%s", show(found))
	}
	err := b.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no webhook of DocuSeal for 8 days") || !strings.Contains(err.Error(), "192 hours ago") {
		t.Errorf("ready: %v", err)
	}
	here := b.metrics()
	if here["targo_docuseal_quiet_days"] < 8 || here["targo_docuseal_last_event_timestamp_seconds/header"] == 0 || here["targo_docuseal_open_envelopes"] != 1 {
		t.Errorf("metrics %v", here)
	}
	b.start() // another replica
	if again := b.Check(t.Context()); again == nil || again.Error() != err.Error() {
		t.Errorf("another replica says %v", again)
	}
	if diff := cmp.Diff(here, b.metrics()); diff != "" {
		t.Error(diff)
	}
}

func TestComparisonThatNeverSucceeds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sim.Control().Fail(simkit.Fault{Status: 500, Next: 3, Match: "GET /api/events"})
	if _, err := b.Reconcile(t.Context()); err == nil {
		t.Fatal("compared with a broken DocuSeal")
	}
	if err := b.Check(t.Context()); err != nil {
		t.Errorf("at once: %v", err)
	}
	b.pass(60 * time.Hour)
	if err := b.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "could not be compared with DocuSeal for 60 hours") {
		t.Errorf("days later: %v", err)
	}
}

// Two replicas that compare at the same time file a signature once.
func TestReplicasFileOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 5 {
		b.sign(b.create("Client"), "")
	}
	b.pass(time.Hour)
	deps := b.deps
	deps.Metrics = nil
	var both sync.WaitGroup
	for _, r := range []*signing.Reconciler{b.Reconciler, signing.New(b.cfg, deps)} {
		both.Go(func() { _, _ = r.Reconcile(t.Context()) }) // one may find that the other was faster
	}
	both.Wait()
	b.reconcile()
	lanes := b.recovered()
	for lane, n := range lanes {
		if n != 1 {
			t.Errorf("%s was filed %d times", lane, n)
		}
	}
	if len(lanes) != 5 {
		t.Errorf("%d envelopes were filed", len(lanes))
	}
}

func TestNobodyIsMissedWhileNothingIsOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.reconcile()
	b.pass(40 * time.Hour)
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	b.cfg.WebhookSecret = ""
	b.start()
	if err := b.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "every webhook of DocuSeal is refused") {
		t.Errorf("without a proof: %v", err)
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(t.Context()); err == nil {
		t.Error("a store that is away is well")
	}
	if found := b.Examine(t.Context()); !has(found, signing.Fail, "store cannot be read") {
		t.Errorf("findings\n%s", show(found))
	}
	if _, err := b.Reconcile(t.Context()); err == nil {
		t.Error("compared without a store")
	}
}
