package docuseal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"
)

// Completion is a line of DocuSeal's list of the signers who have signed: the
// body that the webhook of it had, or should have had. Only here does DocuSeal
// tell a signer's address and browser again, and archived envelopes are in it,
// which the list of completed submissions leaves out.
type Completion struct {
	Signer   int64
	Envelope int64
	Finished bool            // all signers of the envelope have signed
	At       time.Time       // when this signer signed, to the millisecond
	Body     json.RawMessage // {"event_type": "form.completed", "timestamp": …, "data": …}
}

// Span is a time: at or after From and before Until, both in whole seconds.
type Span struct{ From, Until time.Time }

// ErrCrowded says that a hundred or more signed in one second. DocuSeal lists a
// hundred of them and there is no asking for the others.
var ErrCrowded = errors.New("as many signed in one second as DocuSeal lists, perhaps more")

// ErrLine says that a line of the list could not be read; the others were.
var ErrLine = errors.New("a line of the list of completions is not readable")

// mostPages bounds one reading.
const mostPages = 1000

// Completions gives who signed in a span, newest first, each signer once. An
// error that is ErrCrowded or ErrLine is about what it says, and the reading goes
// on; any other one is the end of it.
//
// The list counts in whole seconds and its cursors read backwards: before=T
// gives what was completed a second after T or later, after=T what was completed
// before T. A page may end inside a second, so the next one starts with that
// second again.
func (c *Client) Completions(ctx context.Context, span Span) iter.Seq2[Completion, error] {
	return func(yield func(Completion, error) bool) {
		after, seen := span.Until.Unix(), map[int64]bool{}
		for range mostPages {
			page, next, err := c.completions(ctx, span.From.Unix()-1, after)
			if err != nil {
				yield(Completion{}, err)
				return
			}
			known := seen
			seen = map[int64]bool{} // a page can only repeat what was on the one before
			for _, body := range page {
				line, err := readCompletion(body)
				if err == nil {
					seen[line.Signer] = true
				}
				if !known[line.Signer] && !yield(line, err) {
					return
				}
			}
			if len(page) < pageSize || next == 0 {
				return
			}
			if next+1 < after {
				after = next + 1
				continue
			}
			after = next // the page is one second, and full
			if !yield(Completion{At: time.Unix(next, 0).UTC()}, fmt.Errorf("reading %s: %w", time.Unix(next, 0).UTC().Format(time.RFC3339), ErrCrowded)) {
				return
			}
		}
		yield(Completion{}, fmt.Errorf("reading completions: more than %d pages", mostPages))
	}
}

func (c *Client) completions(ctx context.Context, before, after int64) (page []json.RawMessage, next int64, err error) {
	const op = "event.list"
	var answer struct {
		Data       []json.RawMessage `json:"data"`
		Pagination struct {
			Next int64 `json:"next"`
		} `json:"pagination"`
	}
	query := map[string]string{
		"before": strconv.FormatInt(before, 10), "after": strconv.FormatInt(after, 10), "limit": strconv.Itoa(pageSize),
	}
	if err := c.get(ctx, op, "/events/form/completed", query, &answer); err != nil {
		return nil, 0, err
	}
	if answer.Data == nil {
		return nil, 0, c.lacks(op, "list")
	}
	return answer.Data, answer.Pagination.Next, nil
}

// readCompletion decodes no more than it needs: a line with a strange value in
// some field is still a signature.
func readCompletion(body json.RawMessage) (Completion, error) {
	var line struct {
		Data struct {
			ID           int64     `json:"id"`
			SubmissionID int64     `json:"submission_id"`
			CompletedAt  time.Time `json:"completed_at"`
			Submission   struct {
				Status string `json:"status"`
			} `json:"submission"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &line); err != nil {
		return Completion{Body: body}, errors.Join(ErrLine, err)
	}
	done := Completion{
		Signer: line.Data.ID, Envelope: line.Data.SubmissionID, At: line.Data.CompletedAt.UTC(),
		Finished: line.Data.Submission.Status == "completed", Body: body,
	}
	if done.Signer == 0 || done.Envelope == 0 || line.Data.CompletedAt.IsZero() {
		return done, ErrLine
	}
	return done, nil
}

// LastSigner finds what DocuSeal tells of the signer who completed an envelope at
// an instant, with address and browser; false when the list does not have it.
func (c *Client) LastSigner(ctx context.Context, envelope int64, at time.Time) (form FormData, found bool, err error) {
	for line, err := range c.Completions(ctx, Span{at.Add(-time.Second), at.Add(2 * time.Second)}) {
		if errors.Is(err, ErrCrowded) || errors.Is(err, ErrLine) {
			continue
		}
		if err != nil {
			return FormData{}, false, err
		}
		if line.Envelope == envelope {
			event, err := ParseEvent(line.Body)
			if err != nil {
				return FormData{}, false, err
			}
			form, err = event.Form()
			return form, err == nil, err
		}
	}
	return FormData{}, false, nil
}
