package keep

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

const detailMax = 4 << 10 // of Attempt.Detail

var errLostTooOften = Reject(hub.Fail(hub.Internal, "internal", "Its worker disappeared too often.", nil))

// judge turns how a try ended into what is recorded, without the instants.
func judge(w Work, job Job, result Result, err error) Outcome {
	o := Outcome{Next: Done, State: cut(result.State, WordMax), Note: cut(result.Note, NoteMax), Result: result.Body}
	if len(o.Result) > ResultMax {
		o.Result = nil
	}
	if err == nil {
		o.Attempt.Class = OK
		if result.Hold {
			o.Next, o.Attempt.Class = Held, Kept
		}
		return o
	}
	if p, off := errors.AsType[*postponed](err); off {
		o.Next, o.Note, o.Attempt.Class = Pending, cut(p.note, NoteMax), Kept
		o.Attempt.Detail = o.Note
		o.Due = time.Now().Add(max(p.wait, postponeLeast))
		return o
	}
	o.Attempt = describe(err)
	switch {
	case errors.Is(err, errStopping):
		o.Next, o.Attempt.Class = Pending, Retrying
		return o
	case isRejected(err):
		o.Next, o.Attempt.Class = Dead, Rejected
	case job.Tries+1 >= w.MaxTries || w.Refusals > 0 && refusals(job, o.Attempt, err) >= w.Refusals:
		o.Next, o.Attempt.Class = Dead, GaveUp
	default:
		o.Next, o.Attempt.Class = Pending, Retrying
		wait := NextRetry(w.Backoff, job.Tries+1, rand.Float64())
		o.Due = time.Now().Add(max(wait, notBefore(err), hub.ProblemOf(err).RetryAfter))
		return o
	}
	if o.Note == "" {
		p := hub.ProblemOf(err)
		o.Note = p.Detail
		if o.Note = cut(o.Note, NoteMax); o.Note == "" {
			o.Note = p.Code
		}
	}
	return o
}

// refusals counts how often the other side has refused a job, with this last try,
// since it was put or a person had it tried again; 0 when the last try was no
// refusal. A refusal heals when somebody mends a record, not by waiting for hours
// with a lane behind it.
func refusals(job Job, last Attempt, err error) int {
	if !refused(last) || hub.IsKind(err, hub.Unavailable) || hub.IsKind(err, hub.Timeout) {
		return 0
	}
	n := 1
	for _, a := range job.Attempts[max(0, len(job.Attempts)-job.Tries):] {
		if refused(a) {
			n++
		}
	}
	return n
}

// refused tells that the other side said no to this one call. That it does not
// know us, or has no time, is about all calls.
func refused(a Attempt) bool {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return a.Status >= 400 && a.Status < 500
}

// blame names what ended the ctx when the work only says that it ended.
func blame(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// describe fills in the evidence of a failed try. An error of a connector says
// itself what may be kept of the other side's answer.
func describe(err error) Attempt {
	a := Attempt{Code: hub.ProblemOf(err).Code, Detail: scrub(err.Error())}
	var told interface {
		AttemptInfo() (status int, code, detail string)
	}
	if errors.As(err, &told) {
		status, code, detail := told.AttemptInfo()
		a.Status, a.Detail = status, detail
		if code != "" {
			a.Code = code
		}
	}
	a.Detail = cut(a.Detail, detailMax)
	return a
}

// cut shortens a text to so many bytes, and leaves no half letter.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// scrubs take out of the text of an error what must not be kept: mail addresses,
// telephone numbers, tokens, and all of an URL behind its host. They are compiled
// when the first error comes: a start without one has no use for them.
var scrubs = sync.OnceValue(func() []scrubber {
	return []scrubber{
		{regexp.MustCompile(`(https?://)(?:[^\s/@]*@)?([^\s/?"']+)[^\s"']*`), "$1$2/…"},
		{regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`), "[mail]"},
		{regexp.MustCompile(`(?i)(bearer |token |basic )\S+|[\w-]{12,}\.[\w-]{8,}\.[\w-]{8,}`), "[secret]"},
		{regexp.MustCompile(`(^|[^\w-])\+?(?:\d[ .()-]{0,2}){9,14}\d`), "$1[number]"},
	}
})

type scrubber struct {
	find *regexp.Regexp
	put  string
}

func scrub(text string) string {
	for _, s := range scrubs() {
		text = s.find.ReplaceAllString(text, s.put)
	}
	return text
}

func stack() string {
	s := debug.Stack()
	return string(s[:min(len(s), detailMax)])
}
