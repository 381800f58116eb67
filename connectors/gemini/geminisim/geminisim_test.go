package geminisim_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/gemini/geminisim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api is a simulator behind a server.
type api struct {
	sim *geminisim.Sim
	url string
}

func newAPI(t *testing.T) *api {
	t.Helper()
	sim := geminisim.New(geminisim.Options{APIKey: "k"})
	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.Close(); sim.Close(); http.DefaultClient.CloseIdleConnections() })
	return &api{sim, server.URL}
}

func (a *api) call(t *testing.T, method, path, key, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("X-Goog-Api-Key", key)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw)
}

const (
	model    = "/v1beta/models/gemini-3.5-flash-lite:generateContent"
	contents = `"contents":[{"role":"user","parts":[{"text":"Read the label"}]}]`
	schema   = `"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"codes":{"type":"ARRAY","items":{"type":"STRING"}},"n":{"type":"INTEGER"}},"required":["codes","n"]}}`
)

// It refuses what Google refuses, in Google's shape.
func TestRefusals(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	part := func(p string) string { return `{"contents":[{"role":"user","parts":[` + p + `]}]}` }
	config := func(c string) string { return `{` + contents + `,"generationConfig":{` + c + `}}` }
	for _, test := range []struct {
		path, key, body string
		status          int
		text            string
	}{
		{model, "", "{" + contents + "}", 403, "PERMISSION_DENIED"},
		{model, "other", "{" + contents + "}", 400, "API_KEY_INVALID"},
		{"/v1beta/models/gemini-2.0-flash:generateContent", "k", "{" + contents + "}", 404, "NOT_FOUND"},
		{"/v1beta/models/gemini-3.5-flash-lite:embedContent", "k", "{}", 404, "NOT_FOUND"},
		{"/v2/anything", "k", "{}", 404, "NOT_FOUND"},
		{model, "k", "{}", 400, "contents is not specified"},
		{model, "k", `{"contents":[{"role":"robot","parts":[{"text":"x"}]}]}`, 400, "valid role"},
		{model, "k", `{"contents":[{"role":"user","parts":[]}]}`, 400, "must not be empty"},
		{model, "k", part(`{}`), 400, "oneof"},
		{model, "k", part(`{"inlineData":{"mimeType":"image/jpeg","data":"$"}}`), 400, "Base64"},
		{model, "k", part(`{"inlineData":{"mimeType":"image/gif","data":"AAAA"}}`), 400, "Unsupported MIME"},
		{model, "k", part(`{"inlineData":{"mimeType":"image/png","data":"AAAA"}}`), 400, "Unable to process input image"},
		{model, "k", `{` + contents + `,"surprise":1}`, 400, "Cannot find field"},
		{model, "k", config(`"responseSchema":{"type":"STRING"}`), 400, "mime type"},
		{model, "k", config(`"responseMimeType":"application/json","responseSchema":{"type":"string"}`), 400, "Invalid value"},
		{model, "k", config(`"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"}`), 400, "non-empty"},
		{model, "k", config(`"responseMimeType":"application/json","responseSchema":{"type":"ARRAY"}`), 400, "missing field"},
		{model, "k", config(`"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING"}},"required":["b"]}`), 400, "not defined"},
		{model, "k", config(`"responseMimeType":"application/json","responseSchema":{"type":"STRING"},"responseJsonSchema":{}`), 400, "Only one of"},
		{model, "k", config(`"thinkingConfig":{"thinkingBudget":0,"thinkingLevel":"LOW"}`), 400, "only one of thinking"},
		{model, "k", config(`"thinkingConfig":{"thinkingLevel":"SOME"}`), 400, "thinking_level"},
		{"/v1beta/models/gemini-2.5-flash-lite:generateContent", "k", config(`"thinkingConfig":{"thinkingLevel":"LOW"}`), 400, "not supported"},
		{model, "k", `{` + contents + `,"continuationToken":"AAAA"}`, 400, "continuation token"},
	} {
		status, text := a.call(t, http.MethodPost, test.path, test.key, test.body)
		if status != test.status || !strings.Contains(text, test.text) || !strings.HasPrefix(text, `{"error":{"code":`) {
			t.Errorf("%s %s: %d %s, want %d %q", test.path, test.body, status, text, test.status, test.text)
		}
	}
}

// An answer follows the order that fits the prompt, else it is the emptiest.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ask := func() string {
		t.Helper()
		status, text := a.call(t, http.MethodPost, model, "k", "{"+contents+","+schema+"}")
		var reply struct {
			Candidates []struct {
				Content struct{ Parts []struct{ Text string } }
			}
			ModelVersion string
		}
		if err := json.Unmarshal([]byte(text), &reply); err != nil || status != http.StatusOK || reply.ModelVersion == "" {
			t.Fatalf("%d %s", status, text)
		}
		return reply.Candidates[0].Content.Parts[0].Text
	}
	if got := ask(); got != `{"codes":[],"n":0}` {
		t.Error(got)
	}
	for _, order := range []string{`{"text":"for invoices","match":"invoice"}`, `{"text":"always","match":"LABEL"}`, `{"json":{"codes":["A"]},"next":1}`} {
		if status, text := a.call(t, http.MethodPost, "/_sim/answer", "", order); status != http.StatusOK {
			t.Fatal(text)
		}
	}
	for _, want := range []string{`{"codes":["A"]}`, "always", "always"} {
		if got := ask(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	status, text := a.call(t, http.MethodGet, "/_sim/state", "", "")
	if status != http.StatusOK || strings.Count(text, `"prompt":"Read the label"`) != 4 {
		t.Errorf("%d %s", status, text)
	}
	_, _ = a.call(t, http.MethodPost, "/_sim/reset", "", "")
	if got := ask(); got != `{"codes":[],"n":0}` || len(a.sim.Asked()) != 1 {
		t.Errorf("after the reset: %s", got)
	}
}

// Every fault that is promised exists and spares nobody who has no key.
func TestFaults(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for kind, want := range map[string]struct {
		status int
		text   string
	}{
		"quota": {429, `"retryDelay":"1.5s"`}, "quota-long": {429, `"retryDelay":"34s"`}, "quota-day": {429, "PerDay"}, "overloaded": {503, "UNAVAILABLE"},
		"bad-key": {400, "API_KEY_INVALID"}, "model-gone": {404, "NOT_FOUND"}, "html": {502, "<!DOCTYPE html>"}, "html-200": {200, "<!DOCTYPE html>"},
		"blocked": {200, `"blockReason":"SAFETY"`}, "blocked-answer": {200, "PROHIBITED_CONTENT"}, "truncated": {200, "MAX_TOKENS"}, "truncated-empty": {200, `"content":{"role":"model"}`},
		"wrong-json": {200, "Sure!"}, "unknown-finish": {200, "FINISHED_SOMEHOW"}, "continuation": {200, `"continuationToken"`}, "continuation-lost": {200, "CONTINUATION"},
	} {
		if status, text := a.call(t, http.MethodPost, "/_sim/fail", "", `{"kind":"`+kind+`"}`); status != http.StatusOK {
			t.Fatalf("%s: %s", kind, text)
		}
		status, text := a.call(t, http.MethodPost, model, "k", "{"+contents+"}")
		if status != want.status || !strings.Contains(text, want.text) {
			t.Errorf("%s: %d %s", kind, status, text)
		}
	}
	_, _ = a.call(t, http.MethodPost, "/_sim/fail", "", `{"kind":"blocked"}`)
	if status, text := a.call(t, http.MethodPost, model, "", "{"+contents+"}"); status != http.StatusForbidden {
		t.Errorf("%d %s", status, text)
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for path, want := range map[string]int{"/v1beta/models": 200, "/v1beta/models/gemini-3.5-flash": 200, "/v1beta/models/gemini-2.5-flash": 200, "/v1beta/models/gemini-1": 404} {
		if status, text := a.call(t, http.MethodGet, path, "k", ""); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	large := `{"contents":[{"parts":[{"inlineData":{"mimeType":"image/webp","data":"` + base64.StdEncoding.EncodeToString(make([]byte, 16<<20)) + `"}}]}]}`
	if status, text := a.call(t, http.MethodPost, model, "k", large); status != http.StatusBadRequest || !strings.Contains(text, "payload size") {
		t.Errorf("%d %.200s", status, text)
	}
}
