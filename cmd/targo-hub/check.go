package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// checkFor bounds the whole check.
const checkFor = time.Minute

type checkCommand struct {
	Ready bool `help:"Only ask the running hub whether it is ready (for health checks)."`
}

// Run says of each part whether it will work, in words and always in the same
// order, and fails when one will not.
func (k checkCommand) Run(c *console) error {
	ctx, cancel := context.WithTimeout(c.ctx, checkFor)
	defer cancel()
	r := report{findings.To(c.out)}
	settings, warnings, err := c.load()
	if err != nil {
		r.Mistakes(err)
		return r.verdict()
	}
	if k.Ready {
		return c.ready(ctx, settings)
	}
	for _, w := range warnings {
		r.Warn("settings", w)
	}
	r.OK("settings", "read")
	r.store(settings)
	r.gate(settings)
	o, err := callOut(settings, newRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	r.erpnext(ctx, o)
	r.docuseal(ctx, settings, o)
	r.twilio(ctx, settings, o)
	r.mailjet(ctx, settings, o)
	return r.verdict()
}

// report is the findings of one check.
type report struct{ *findings.List }

func (r report) verdict() error {
	if r.Bad() {
		return errProblems
	}
	return nil
}

// store looks whether the file can be written, without taking it from a hub that
// runs.
func (r report) store(s *Settings) {
	path, err := s.statePath()
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(filepath.Dir(path), ".targo-hub-check-"); err == nil {
			_ = f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		r.Fail("store", storeTrouble(path, err).Error())
		return
	}
	r.OK("store", "the folder of "+path+" can be written")
}

// gate says what the outbox lets through; that it can be built is settled with
// the settings.
func (r report) gate(s *Settings) {
	if s.Outbox.Mode == outbox.Live {
		r.Warn("outbox", "live: messages reach customers")
		return
	}
	r.OK("outbox", "the gate is in mode "+string(s.Outbox.Mode))
}

// erpnext names every doctype and field that is missing or different.
func (r report) erpnext(ctx context.Context, o *outside) {
	if o.erp == nil {
		r.Off("erpnext", "TARGO_ERPNEXT_URL is empty")
		return
	}
	for _, f := range erpnext.Check(ctx, o.erp) {
		text := strings.TrimSpace(f.Text + " " + f.Hint)
		if f.About != "ERPNext" { // else the line says so already
			text = f.About + ": " + text
		}
		switch f.Level {
		case erpnext.Fault:
			r.Fail("erpnext", text)
		case erpnext.Warning:
			r.Warn("erpnext", text)
		default:
			r.OK("erpnext", text)
		}
	}
}

func (r report) docuseal(ctx context.Context, s *Settings, o *outside) {
	if s.DocuSeal.WebhookSecret.Empty() && s.DocuSeal.WebhookHeader.Empty() {
		r.Warn("docuseal", "neither TARGO_DOCUSEAL_WEBHOOK_SECRET nor TARGO_DOCUSEAL_WEBHOOK_HEADER is set: every webhook is refused")
	}
	if o.seal == nil {
		r.Off("docuseal", "TARGO_DOCUSEAL_URL is empty")
		return
	}
	p := findings.Peer{Name: "DocuSeal", Address: s.DocuSeal.URL, Credentials: "TARGO_DOCUSEAL_TOKEN", Missing: "there is no API of DocuSeal at " + s.DocuSeal.URL + " (TARGO_DOCUSEAL_URL)"}
	user, err := o.seal.User(ctx)
	if err != nil {
		r.Fail("docuseal", p.Trouble(err))
		return
	}
	r.OK("docuseal", "reached as "+hub.MaskMail(user.Email))
	for i, id := range []int{s.DocuSeal.TemplateCommercial, s.DocuSeal.TemplateProject} {
		name := "TARGO_DOCUSEAL_TEMPLATE_" + []string{"COMMERCIAL", "PROJECT"}[i]
		if id == 0 {
			r.Warn("docuseal", name+" is empty: quotations of this track cannot be signed")
			continue
		}
		p.Missing = fmt.Sprintf("template %d (%s) is unknown to DocuSeal", id, name)
		if _, err := o.seal.Template(ctx, id); err != nil {
			r.Fail("docuseal", p.Trouble(err))
			continue
		}
		r.OK("docuseal", fmt.Sprintf("template %d (%s) is there", id, name))
	}
}

// twilio asks for the account.
func (r report) twilio(ctx context.Context, s *Settings, o *outside) {
	if !s.Twilio.On() {
		r.Off("twilio", "TARGO_TWILIO_ACCOUNT_SID is empty: its messages stay captured")
		return
	}
	account := "the account " + s.Twilio.AccountSID
	p := findings.Peer{Name: "Twilio", Address: s.Twilio.BaseURL, Credentials: "TARGO_TWILIO_AUTH_TOKEN for " + account, Missing: account + " (TARGO_TWILIO_ACCOUNT_SID) is unknown to Twilio"}
	found, err := o.senders[outbox.SMS].(smsSender).client.Account(ctx)
	switch {
	case err != nil:
		r.Fail("twilio", p.Trouble(err))
	case found.Status != "active":
		r.Fail("twilio", account+" is "+cmp.Or(found.Status, "in no known state"))
	default:
		r.OK("twilio", account+" is active")
	}
}

// mailjet asks for the addresses that mail may come from.
func (r report) mailjet(ctx context.Context, s *Settings, o *outside) {
	if !s.Mailjet.On() {
		r.Off("mailjet", "TARGO_MAILJET_API_KEY is empty: its messages stay captured")
		return
	}
	p := findings.Peer{Name: "Mailjet", Address: s.Mailjet.BaseURL, Credentials: "TARGO_MAILJET_API_KEY and TARGO_MAILJET_API_SECRET",
		Missing: "there is no API of Mailjet at " + s.Mailjet.BaseURL + " (TARGO_MAILJET_BASE_URL)"}
	senders, err := o.senders[outbox.Email].(mailSender).client.Senders(ctx)
	if err != nil {
		r.Fail("mailjet", p.Trouble(err))
		return
	}
	from := s.Mailjet.From
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
