// Package probe asks each configured system whether it will do, for the command
// check: with credentials, but only to read.
//
// Systems called: those of the settings, as far as they are
// configured. It remembers nothing.
package probe

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"strings"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/contract"
)

// ERPNext names every doctype and field that is missing or different.
func ERPNext(ctx context.Context, r *findings.List, site *erpnext.Client) {
	if site == nil {
		r.Off("erpnext", "TARGO_ERPNEXT_URL is empty")
		return
	}
	tell(r, "erpnext", erpnext.Check(ctx, site))
}

// Billing says whether anything can be billed, and what keeps it from being.
func Billing(ctx context.Context, r *findings.List, guard *charge.Guard) {
	state := guard.State(ctx)
	switch {
	case !state.Paused:
		r.Warn("billing", "is not paused: invoices can be submitted through the hub")
	case state.Why == charge.ByDoubt:
		r.Warn("billing", "is paused, because ERPNext does not say whether its scheduler is")
	case state.Why == charge.BySite:
		r.OK("billing", "is paused by ERPNext's scheduler (pause_scheduler)")
	default:
		r.OK("billing", "is paused by TARGO_BILLING_PAUSED")
	}
	if state.Key {
		r.Warn("billing", "a key of the cut-over exists (TARGO_BILLING_CUTOVER_TOKEN): who has it can bill")
	}
}

// Books says whether invoices can be drawn up in ERPNext as the settings say.
func Books(ctx context.Context, r *findings.List, site *erpnext.Client, cfg contract.Config) {
	if site != nil {
		tell(r, "books", contract.CheckBooks(ctx, site, cfg))
	}
}

func tell(r *findings.List, part string, said []erpnext.Finding) {
	for _, f := range said {
		text := strings.TrimSpace(f.Text + " " + f.Hint)
		if f.About != "ERPNext" { // else the line says so already
			text = f.About + ": " + text
		}
		switch f.Level {
		case erpnext.Fault:
			r.Fail(part, text)
		case erpnext.Warning:
			r.Warn(part, text)
		default:
			r.OK(part, text)
		}
	}
}

// DocuSeal asks whose token it is, and for the templates.
func DocuSeal(ctx context.Context, r *findings.List, cfg docuseal.Config, client *docuseal.Client) {
	if cfg.WebhookSecret.Empty() && cfg.WebhookHeader.Empty() {
		r.Warn("docuseal", "neither TARGO_DOCUSEAL_WEBHOOK_SECRET nor TARGO_DOCUSEAL_WEBHOOK_HEADER is set: every webhook is refused")
	}
	if client == nil {
		r.Off("docuseal", "TARGO_DOCUSEAL_URL is empty")
		return
	}
	p := findings.Peer{Name: "DocuSeal", Address: cfg.URL, Credentials: "TARGO_DOCUSEAL_TOKEN", Missing: "there is no API of DocuSeal at " + cfg.URL + " (TARGO_DOCUSEAL_URL)"}
	user, err := client.User(ctx)
	if err != nil {
		r.Fail("docuseal", p.Trouble(err))
		return
	}
	r.OK("docuseal", "reached as "+hub.MaskMail(user.Email))
	for i, id := range []int{cfg.TemplateCommercial, cfg.TemplateProject} {
		name := "TARGO_DOCUSEAL_TEMPLATE_" + []string{"COMMERCIAL", "PROJECT"}[i]
		if id == 0 {
			r.Warn("docuseal", name+" is empty: quotations of this track cannot be signed")
			continue
		}
		p.Missing = fmt.Sprintf("template %d (%s) is unknown to DocuSeal", id, name)
		if _, err := client.Template(ctx, id); err != nil {
			r.Fail("docuseal", p.Trouble(err))
			continue
		}
		r.OK("docuseal", fmt.Sprintf("template %d (%s) is there", id, name))
	}
}

// Twilio asks for the account.
func Twilio(ctx context.Context, r *findings.List, cfg twilio.Config, client *twilio.Client) {
	if !cfg.On() {
		r.Off("twilio", "TARGO_TWILIO_ACCOUNT_SID is empty: its messages stay captured")
		return
	}
	account := "the account " + cfg.AccountSID
	p := findings.Peer{Name: "Twilio", Address: cfg.BaseURL, Credentials: "TARGO_TWILIO_AUTH_TOKEN for " + account, Missing: account + " (TARGO_TWILIO_ACCOUNT_SID) is unknown to Twilio"}
	found, err := client.Account(ctx)
	switch {
	case err != nil:
		r.Fail("twilio", p.Trouble(err))
	case found.Status != "active":
		r.Fail("twilio", account+" is "+cmp.Or(found.Status, "in no known state"))
	default:
		r.OK("twilio", account+" is active")
	}
}

// Mailjet asks for the addresses that mail may come from.
func Mailjet(ctx context.Context, r *findings.List, cfg mailjet.Config, client *mailjet.Client) {
	if !cfg.On() {
		r.Off("mailjet", "TARGO_MAILJET_API_KEY is empty: its messages stay captured")
		return
	}
	p := findings.Peer{Name: "Mailjet", Address: cfg.BaseURL, Credentials: "TARGO_MAILJET_API_KEY and TARGO_MAILJET_API_SECRET",
		Missing: "there is no API of Mailjet at " + cfg.BaseURL + " (TARGO_MAILJET_BASE_URL)"}
	senders, err := client.Senders(ctx)
	if err != nil {
		r.Fail("mailjet", p.Trouble(err))
		return
	}
	from := cfg.From
	if parsed, err := mail.ParseAddress(from); err == nil {
		from = strings.ToLower(parsed.Address)
	}
	domain := "*" + from[strings.LastIndexByte(from, '@'):]
	if senders[from] == "Active" || senders[domain] == "Active" {
		r.OK("mailjet", "takes mail from "+from)
		return
	}
	r.Warn("mailjet", "takes the key, but does not list "+from+" (TARGO_MAILJET_FROM) as an active sender")
}
