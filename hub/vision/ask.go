package vision

import (
	"context"
	_ "embed" // the questions are files
	"encoding/json"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/waiting"
)

// The questions that Gemini is asked, and the shapes of its answers.
var (
	//go:embed ask/barcodes.txt
	barcodesPrompt string
	//go:embed ask/barcodes.json
	barcodesSchema []byte
	//go:embed ask/equipment.txt
	equipmentPrompt string
	//go:embed ask/equipment.json
	equipmentSchema []byte
	//go:embed ask/invoice.txt
	invoicePrompt string
	//go:embed ask/invoice.json
	invoiceSchema []byte
)

// unreadable is that Gemini answered something else than it was asked for.
func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return hub.Fail(hub.Upstream, "vision-unreadable", "The picture could not be read. Take another one.", err)
}

// explained puts a failure into the words of this part.
func explained(err error) error {
	e, called := connectors.AsError(err)
	switch {
	case errors.Is(err, waiting.ErrLate):
		return tooLate(err)
	case errors.Is(err, waiting.ErrFull):
		return hub.Fail(hub.Unavailable, "unavailable", "Too many pictures are being read.", err, hub.WithRetryAfter(5*time.Second), hub.AsRetryable())
	case called && e.System != "gemini":
		return err
	case gemini.Misconfigured(err):
		return hub.Fail(hub.Unavailable, "part-off", "The reader of pictures is not set up as it must be; the operator finds the reason in the log.", err)
	case called && e.Code == gemini.CodeBlocked:
		return hub.Fail(hub.Invalid, "picture-refused", "The reader does not read this picture. Take another one.", err)
	case called && (e.Code == gemini.CodeTruncated || e.Code == connectors.CodeUnreadable):
		return unreadable(err)
	case errors.Is(err, context.DeadlineExceeded) && !called, hub.IsKind(err, hub.Timeout):
		return tooLate(err)
	}
	return err
}

// outcome names how a reading ended, for the meter.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	return hub.ProblemOf(explained(err)).Code
}

// task is what Gemini is asked.
type task struct {
	name   string
	prompt string
	schema []byte
	tokens int
}

// ask lets Gemini read a picture, a JPEG, within what may be spent.
func (d *Desk) ask(ctx context.Context, t task, raw []byte) (json.RawMessage, error) {
	if d.deps.Reader == nil {
		return nil, hub.PartOff("Gemini")
	}
	back, err := d.purse.Take(ctx, hub.ActorOf(ctx).String())
	if err != nil {
		return nil, err
	}
	started := time.Now()
	answer, err := d.deps.Reader.Read(ctx, gemini.Question{
		Task: t.name, Prompt: t.prompt, Schema: t.schema, MaxTokens: t.tokens, Images: []gemini.Image{{MIME: "image/jpeg", Bytes: raw}},
	})
	d.meter.spent(answer.Tokens)
	if err != nil {
		if e, ok := connectors.AsError(err); ok && e.Outcome == connectors.NotApplied {
			back(context.WithoutCancel(ctx))
		}
		level := d.log.WarnContext
		if gemini.Misconfigured(err) {
			level = d.log.ErrorContext
		}
		level(ctx, "picture not read", "task", t.name, "took_ms", took(started), "err", err)
		return nil, err
	}
	d.log.InfoContext(ctx, "picture read", "task", t.name, "model", answer.Model, "tokens", answer.Tokens.Total, "took_ms", took(started))
	return answer.JSON, nil
}
