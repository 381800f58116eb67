package gemini

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"google.golang.org/genai"

	"gigafibre.ca/targo-hub/connectors"
)

// Codes of failures of Gemini's own.
const (
	CodeBlocked   = "blocked"       // it will not read this picture, or not tell what it read
	CodeTruncated = "truncated"     // the answer had no room: it is cut, or empty
	CodeQuota     = "quota"         // too many calls just now
	CodeQuotaDay  = "quota-day"     // no more calls today
	CodeKey       = "key-refused"   // the settings: a wrong key, or one without rights
	CodeModel     = "model-unknown" // the settings: no such model, or not any more
	CodeSettings  = "settings"      // the settings: the model does not take a parameter
)

// judge tells a good answer from those that only look like one: a refusal and a
// cut answer come with a good status.
func (c *Client) judge(op string, status int, got *genai.GenerateContentResponse) (Answer, error) {
	if got == nil {
		return Answer{}, c.kit.Unreadable(op, http.MethodPost, status, errors.New("no answer"))
	}
	answer := Answer{Model: got.ModelVersion}
	if u := got.UsageMetadata; u != nil {
		answer.Tokens = Tokens{Prompt: int(u.PromptTokenCount), Output: int(u.CandidatesTokenCount), Thoughts: int(u.ThoughtsTokenCount), Total: int(u.TotalTokenCount)}
	}
	if f := got.PromptFeedback; f != nil && f.BlockReason != "" {
		return answer, c.no(op, status, CodeBlocked, "it will not read the picture", string(f.BlockReason))
	}
	if len(got.Candidates) == 0 {
		return answer, c.kit.Unreadable(op, http.MethodPost, status, errors.New("no candidate"))
	}
	switch reason := got.Candidates[0].FinishReason; reason {
	case genai.FinishReasonMaxTokens:
		return answer, c.no(op, status, CodeTruncated, "the answer had no room", string(reason))
	case genai.FinishReasonContinuation:
		return answer, c.no(op, status, CodeTruncated, "the answer was not carried on", string(reason))
	case genai.FinishReasonSafety, genai.FinishReasonRecitation, genai.FinishReasonLanguage, genai.FinishReasonBlocklist,
		genai.FinishReasonProhibitedContent, genai.FinishReasonSPII, genai.FinishReasonImageSafety, genai.FinishReasonImageProhibitedContent,
		genai.FinishReasonImageRecitation:
		return answer, c.no(op, status, CodeBlocked, "it does not tell what it read", string(reason))
	}
	text := unfenced(words(got.Candidates[0]))
	if !json.Valid([]byte(text)) {
		return answer, c.kit.Unreadable(op, http.MethodPost, status, errors.New("the text is no JSON"))
	}
	answer.JSON = json.RawMessage(text)
	return answer, nil
}

// words puts the parts of a candidate together, without its thoughts.
func words(candidate *genai.Candidate) string {
	var b strings.Builder
	if candidate.Content != nil {
		for _, part := range candidate.Content.Parts {
			if part != nil && !part.Thought {
				b.WriteString(part.Text)
			}
		}
	}
	return b.String()
}

// unfenced takes off the fence that models put around JSON for people to read.
func unfenced(text string) string {
	text = strings.TrimSpace(text)
	if inner, fenced := strings.CutPrefix(text, "```"); fenced {
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "json"), "```"))
	}
	return text
}

// no is a refusal with a good status: the call was made and billed, and would end
// the same way again.
func (c *Client) no(op string, status int, code, reason, word string) *connectors.Error {
	e := c.kit.Local(op, nil)
	e.Status, e.Code, e.Outcome = status, code, connectors.Applied
	e.Reason = reason + " (" + plain(word) + ")"
	return e
}

// plain lets only the names through that Google gives to reasons.
func plain(word string) string {
	if len(word) > 40 || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return "a reason of its own"
	}
	return word
}

// Misconfigured tells whether a call failed because of the settings: it will fail
// again until somebody changes them.
func Misconfigured(err error) bool {
	e, ok := connectors.AsError(err)
	return ok && (e.Code == CodeKey || e.Code == CodeModel || e.Code == CodeSettings)
}
