package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// checkFor bounds the whole check.
const checkFor = time.Minute

type checkCommand struct {
	Ready bool `help:"Only ask the running hub whether it is ready (for health checks)."`
}

// Run says of each part whether it will work, in words, and fails when one will
// not.
func (k checkCommand) Run(c *console) error {
	ctx, cancel := context.WithTimeout(c.ctx, checkFor)
	defer cancel()
	r := &report{out: c.out}
	settings, warnings, err := c.load()
	if err != nil {
		r.mistakes(err)
		return r.verdict()
	}
	if k.Ready {
		return c.ready(ctx, settings)
	}
	for _, w := range warnings {
		r.warn("settings", w)
	}
	r.ok("settings", "read")
	r.store(settings)
	r.gate(settings)
	o, err := callOut(settings, newRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	r.erpnext(ctx, o)
	r.docuseal(ctx, settings, o)
	r.senders(ctx, o)
	return r.verdict()
}

func (c *console) ready(ctx context.Context, s *Settings) error {
	r, err := hubRequest(ctx, s.Edge.Listen, http.MethodGet, "/readyz", "")
	if err != nil {
		return err
	}
	status, _, err := callHub(r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the hub is not ready: it answered %d", status)
	}
	return err
}

// report gathers what was found.
type report struct {
	out io.Writer
	bad int
}

func (r *report) ok(part, text string)   { fmt.Fprintf(r.out, "ok    %-9s %s\n", part, text) }
func (r *report) warn(part, text string) { fmt.Fprintf(r.out, "warn  %-9s %s\n", part, text) }
func (r *report) off(part, text string)  { fmt.Fprintf(r.out, "off   %-9s %s\n", part, text) }

func (r *report) fail(part, text string) {
	r.bad++
	fmt.Fprintf(r.out, "FAIL  %-9s %s\n", part, text)
}

func (r *report) verdict() error {
	if r.bad == 0 {
		return nil
	}
	fmt.Fprintf(r.out, "%d problems\n", r.bad)
	return errProblems
}

func (r *report) mistakes(err error) {
	if many, ok := errors.AsType[*config.Mistakes](err); ok {
		for _, m := range many.List {
			r.fail("settings", m.Error())
		}
		return
	}
	r.fail("settings", err.Error())
}

// store looks whether the file can be written, without taking it from a hub that
// runs.
func (r *report) store(s *Settings) {
	path, err := s.statePath()
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(filepath.Dir(path), ".targo-hub-check-"); err == nil {
			_ = f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		r.fail("store", "the folder of "+path+" cannot be written")
		return
	}
	r.ok("store", "the folder of "+path+" can be written")
}

func (r *report) gate(s *Settings) {
	if _, err := outbox.NewGate(s.Outbox, s.Edge.Public("")); err != nil {
		r.fail("outbox", words(err))
		return
	}
	if s.Outbox.Mode == outbox.Live {
		r.warn("outbox", "live: messages reach customers")
		return
	}
	r.ok("outbox", "the gate is in mode "+string(s.Outbox.Mode))
}

// erpnext names every doctype and field that is missing or different.
func (r *report) erpnext(ctx context.Context, o *outside) {
	if o.erp == nil {
		r.off("erpnext", "TARGO_ERPNEXT_URL is empty")
		return
	}
	for _, f := range erpnext.Check(ctx, o.erp) {
		text := strings.TrimSpace(f.About + ": " + f.Text + " " + f.Hint)
		switch f.Level {
		case erpnext.Fault:
			r.fail("erpnext", text)
		case erpnext.Warning:
			r.warn("erpnext", text)
		default:
			r.ok("erpnext", text)
		}
	}
}

func (r *report) docuseal(ctx context.Context, s *Settings, o *outside) {
	if s.DocuSeal.WebhookSecret.Empty() && s.DocuSeal.WebhookHeader.Empty() {
		r.warn("docuseal", "neither TARGO_DOCUSEAL_WEBHOOK_SECRET nor _WEBHOOK_HEADER is set: every webhook is refused")
	}
	if o.seal == nil {
		r.off("docuseal", "TARGO_DOCUSEAL_URL is empty")
		return
	}
	user, err := o.seal.User(ctx)
	if err != nil {
		r.fail("docuseal", reached(err, "TARGO_DOCUSEAL_TOKEN"))
		return
	}
	r.ok("docuseal", "reached as "+hub.MaskMail(user.Email))
	for name, id := range map[string]int{"COMMERCIAL": s.DocuSeal.TemplateCommercial, "PROJECT": s.DocuSeal.TemplateProject} {
		if id == 0 {
			r.warn("docuseal", "TARGO_DOCUSEAL_TEMPLATE_"+name+" is empty: quotations of this track cannot be signed")
			continue
		}
		if _, err := o.seal.Template(ctx, id); err != nil {
			r.fail("docuseal", fmt.Sprintf("template %d (TARGO_DOCUSEAL_TEMPLATE_%s): %s", id, name, reached(err, "TARGO_DOCUSEAL_TOKEN")))
		}
	}
}

func (r *report) senders(ctx context.Context, o *outside) {
	for channel, name := range map[outbox.Channel]string{outbox.SMS: "twilio", outbox.Email: "mailjet"} {
		sender, on := o.senders[channel]
		if !on {
			r.off(name, "not configured: its messages stay captured")
			continue
		}
		probe, can := sender.(interface {
			Check(ctx context.Context) error
		})
		if !can {
			continue
		}
		if err := probe.Check(ctx); err != nil {
			r.fail(name, reached(err, "its credentials"))
			continue
		}
		r.ok(name, "reached; the credentials are good")
	}
}

// reached puts a failed call in words.
func reached(err error, credentials string) string {
	e, ok := connectors.AsError(err)
	switch {
	case ok && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		return "reached, but it refuses " + credentials
	case ok && e.Status == http.StatusNotFound:
		return "reached, but there is no such thing there"
	case ok && e.Status > 0:
		return fmt.Sprintf("reached, but it answered %d", e.Status)
	}
	return "cannot be reached: " + words(err)
}

// words is an error without its Go wrapping.
func words(err error) string {
	if p := hub.ProblemOf(err); p.Detail != "" {
		return p.Detail
	}
	return strings.TrimSpace(err.Error())
}
