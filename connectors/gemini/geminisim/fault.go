package geminisim

import (
	"io"
	"net/http"
)

// kinds names the ways in which Gemini itself goes wrong.
func (s *Sim) kinds() {
	say := func(name string, f func(w http.ResponseWriter)) {
		s.control.Kind(name, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxRequest))
			f(w)
		})
	}
	say("quota", func(w http.ResponseWriter) { quota(w, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "1.5s") })
	say("quota-long", func(w http.ResponseWriter) { quota(w, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "34s") })
	say("quota-day", func(w http.ResponseWriter) { quota(w, "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "2s") })
	say("overloaded", func(w http.ResponseWriter) {
		refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE", "The model is overloaded. Please try again later.")
	})
	say("bad-key", badKey)
	say("model-gone", func(w http.ResponseWriter) { noModel(w, "gemini-2.0-flash") })
	say("html", func(w http.ResponseWriter) { page(w, http.StatusBadGateway) })
	say("html-200", func(w http.ResponseWriter) { page(w, http.StatusOK) })
	s.control.Kind("hang", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxRequest))
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	cut := `{"codes": [{"value": "AB12`
	for name, order := range map[string]Order{
		"blocked":           {BlockReason: "SAFETY"},
		"blocked-answer":    {FinishReason: "PROHIBITED_CONTENT", NoParts: true},
		"truncated":         {FinishReason: "MAX_TOKENS", Text: cut},
		"truncated-empty":   {FinishReason: "MAX_TOKENS", NoParts: true},
		"wrong-json":        {Text: "Sure! Here is the JSON you asked for: " + cut},
		"unknown-finish":    {FinishReason: "FINISHED_SOMEHOW"},
		"continuation":      {carry: true},
		"continuation-lost": {carry: true, lose: true},
	} {
		s.control.Kind(name, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			s.keyed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, &order) })).ServeHTTP(w, r)
		})
	}
}

func quota(w http.ResponseWriter, id, delay string) {
	refuse(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.",
		map[string]any{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []any{map[string]any{
			"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": id, "quotaValue": "10",
			"quotaDimensions": map[string]string{"location": "global", "model": "gemini-3.5-flash-lite"},
		}}},
		map[string]any{"@type": "type.googleapis.com/google.rpc.Help", "links": []any{map[string]string{"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}}},
		map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
}
