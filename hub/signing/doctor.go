package signing

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub"
)

// Level says how much a finding matters.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail" // signatures are lost, or cannot be given
	Off  Level = "off"
)

// Finding is one thing that the doctor found, in words that name what to change.
type Finding struct {
	Level Level  `json:"level" enum:"ok,warn,fail,off"`
	Text  string `json:"text"`
}

// Where the address of the webhook and its proofs stand in DocuSeal.
const (
	hookPath  = "/webhooks/docuseal"
	oldPath   = "/accept/docuseal-webhook"
	hmacTab   = "Settings, Webhooks, the webhook, Security, tab HMAC"
	secretTab = "Settings, Webhooks, the webhook, Security, tab Secret"
)

// visit is one examination.
type visit struct {
	*Reconciler
	found   []Finding
	version string // of DocuSeal, "" when it does not tell
	known   bool   // it has told who we are: the address is that of its API
}

// Examine finds out whether signatures given in DocuSeal will reach the hub. It
// always says something, in the same order; it changes nothing. Without a Store
// what came so far is not known.
func (r *Reconciler) Examine(ctx context.Context) []Finding {
	v := &visit{Reconciler: r}
	if r.deps.DocuSeal == nil {
		v.say(Off, "TARGO_DOCUSEAL_URL is empty: commercial and project quotations cannot be signed")
		v.proofs()
		return v.found
	}
	if v.reach(ctx) {
		v.template(ctx, "TARGO_DOCUSEAL_TEMPLATE_COMMERCIAL", r.cfg.TemplateCommercial)
		v.template(ctx, "TARGO_DOCUSEAL_TEMPLATE_PROJECT", r.cfg.TemplateProject)
	}
	v.proofs()
	v.register()
	v.probe(ctx)
	v.remembered(ctx)
	return v.found
}

func (v *visit) say(level Level, format string, args ...any) {
	v.found = append(v.found, Finding{level, fmt.Sprintf(format, args...)})
}

// reach asks DocuSeal who we are to it, and its version.
func (v *visit) reach(ctx context.Context) bool {
	user, err := v.deps.DocuSeal.User(ctx)
	if err != nil {
		v.say(Fail, "DocuSeal at %s (TARGO_DOCUSEAL_URL): %s", v.cfg.URL, reason(err))
		return false
	}
	v.known = true
	v.say(OK, "DocuSeal answers at %s; the token (TARGO_DOCUSEAL_TOKEN) is that of %s. A token of the test mode sees the envelopes of the test mode only",
		v.cfg.URL, hub.MaskMail(user.Email))
	v.version, _ = v.deps.DocuSeal.Version(ctx) // not knowing it is no fault
	return true
}

// reason puts a failed call in words.
func reason(err error) string {
	e, ok := connectors.AsError(err)
	switch {
	case !ok:
		return "it cannot be asked"
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return "it refuses the token (TARGO_DOCUSEAL_TOKEN)"
	case e.Status == http.StatusNotFound:
		return "there is no such thing; is the address that of the API?"
	case e.Status > 0:
		return fmt.Sprintf("it answered %d: %s", e.Status, e.Reason)
	}
	return "it cannot be reached: " + e.Reason
}

// template looks whether a template can be filled in and signed.
func (v *visit) template(ctx context.Context, setting string, id int) {
	if id == 0 {
		v.say(Warn, "%s is empty: quotations of this track cannot be signed", setting)
		return
	}
	t, err := v.deps.DocuSeal.Template(ctx, id)
	if e, ok := connectors.AsError(err); ok && e.Status == http.StatusNotFound && v.known {
		v.say(Fail, "DocuSeal has no template %d (%s)", id, setting)
		return
	}
	if err != nil {
		v.say(Fail, "template %d (%s): %s", id, setting, reason(err))
		return
	}
	has := map[string]bool{}
	signatures := 0
	for _, f := range t.Fields {
		has[f.Name] = true
		if f.Type == "signature" && len(t.Roles) > 0 && f.Role == t.Roles[0].UUID {
			signatures++
		}
	}
	var lacks []string
	for _, name := range v.deps.Fields {
		if !has[name] {
			lacks = append(lacks, name)
		}
	}
	switch {
	case t.ArchivedAt != "":
		v.say(Fail, "template %d (%s) is archived: DocuSeal makes no envelope from it", id, setting)
	case len(t.Roles) == 0:
		v.say(Fail, "template %d (%s) has nobody who signs: add a role to it", id, setting)
	case signatures == 0:
		v.say(Fail, "template %d (%s) has no signature field for %q, its first role, which is the customer's", id, setting, t.Roles[0].Name)
	case len(lacks) > 0:
		v.say(Warn, "template %d (%s) has no field named %s: the customer does not see what would stand there", id, setting, strings.Join(lacks, ", "))
	default:
		v.say(OK, "template %d (%s) has all fields and is signed by %q", id, setting, t.Roles[0].Name)
	}
	if len(t.Roles) > 1 {
		v.say(Warn, "template %d (%s) has %d roles: the hub invites the first one, %q; an envelope for all of them is made by hand in DocuSeal", id, setting, len(t.Roles), t.Roles[0].Name)
	}
}

// proofs says which proofs are configured, and what can be wrong about them
// without having seen a webhook.
func (v *visit) proofs() {
	secret, name := v.cfg.WebhookSecret.Reveal(), ""
	if !v.cfg.WebhookHeader.Empty() {
		name, _ = v.cfg.Header()
	}
	signs, err := docuseal.Signs(v.version)
	known := err == nil
	switch {
	case secret == "" && name == "":
		v.say(Fail, "every webhook is refused: set TARGO_DOCUSEAL_WEBHOOK_SECRET to the HMAC signing secret (DocuSeal: %s; from %s on), "+
			"or TARGO_DOCUSEAL_WEBHOOK_HEADER to the header of the operator's own (%s)", hmacTab, docuseal.Signing, secretTab)
		return
	case secret != "" && known && !signs && name == "":
		v.say(Fail, "DocuSeal %s does not sign webhooks (%s is the first), so all are refused: upgrade it, or set a key and a value under %s "+
			"and TARGO_DOCUSEAL_WEBHOOK_HEADER to \"key: value\"", v.version, docuseal.Signing, secretTab)
	case secret != "":
		v.say(OK, "webhooks are proven by the HMAC signing secret (DocuSeal: %s)", hmacTab)
	case known && signs:
		v.say(Warn, "webhooks are proven by the fixed header %s only; DocuSeal %s also signs them: copy the secret of %s into TARGO_DOCUSEAL_WEBHOOK_SECRET", name, v.version, hmacTab)
	default:
		v.say(OK, "webhooks are proven by the fixed header %s (DocuSeal: %s)", name, secretTab)
	}
	if secret != "" && !strings.HasPrefix(secret, "whsec_") {
		v.say(Warn, "TARGO_DOCUSEAL_WEBHOOK_SECRET does not begin with whsec_ as DocuSeal's signing secrets do; the value of the tab Secret "+
			"belongs into TARGO_DOCUSEAL_WEBHOOK_HEADER")
	}
	if name == docuseal.SignatureHeader {
		v.say(Warn, "the header of TARGO_DOCUSEAL_WEBHOOK_HEADER has the signature's name: DocuSeal then sends its fixed value and signs nothing; give it another name in %s", secretTab)
	}
}

// register says what to write into DocuSeal.
func (v *visit) register() {
	v.say(OK, "register %s in DocuSeal (Settings, Webhooks) with the events form.completed, form.declined and submission.completed; "+
		"%s takes the same", v.deps.Public(hookPath), v.deps.Public(oldPath))
	switch public, err := url.Parse(v.deps.Public("")); {
	case err != nil || loopback(public) && !loopbackText(v.cfg.URL):
		v.say(Warn, "TARGO_PUBLIC_URL is empty or names this machine only: DocuSeal, which is elsewhere, does not reach the hub there")
	case public.Scheme != "https" && !loopback(public):
		v.say(Warn, "TARGO_PUBLIC_URL is not https: signatures and their proofs travel in the clear")
	}
	v.say(OK, "DocuSeal never signs what its button \"Test Webhook\" sends; unless a header is configured the hub refuses it, as it must")
}
