package docusealsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token  = "tok"
	secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// clock can be set by a test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type world struct {
	sim    *docusealsim.Sim
	server *httptest.Server
	clock  *clock
	hub    *hubDouble
}

// hubDouble takes webhooks and answers what it was told to.
type hubDouble struct {
	server *httptest.Server
	got    chan call
	mu     sync.Mutex
	status []int
}

type call struct {
	header http.Header
	body   []byte
}

func (h *hubDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	status := http.StatusOK
	if len(h.status) > 0 {
		status, h.status = h.status[0], h.status[1:]
	}
	h.mu.Unlock()
	w.WriteHeader(status)
	h.got <- call{r.Header, body}
}

// next waits for the next webhook.
func (h *hubDouble) next(t *testing.T) (call, event) {
	t.Helper()
	select {
	case c := <-h.got:
		var e event
		if err := json.Unmarshal(c.body, &e); err != nil {
			t.Fatal(err)
		}
		return c, e
	case <-time.After(5 * time.Second):
		t.Fatal("no webhook came")
		return call{}, event{}
	}
}

type event struct {
	EventType string `json:"event_type"`
	Timestamp string
	Data      struct {
		ID           int64
		SubmissionID int64 `json:"submission_id"`
		Status       string
		ExternalID   string `json:"external_id"`
		Role         string
		Decline      string `json:"decline_reason"`
		Documents    []struct{ Name, URL string }
		Submission   struct{ Status string }
	}
}

func newWorld(t *testing.T, change func(*docusealsim.Options)) *world {
	t.Helper()
	w := &world{clock: &clock{at: time.Date(2026, 4, 20, 14, 0, 0, 0, time.UTC)}, hub: &hubDouble{got: make(chan call, 100)}}
	w.hub.server = httptest.NewServer(w.hub)
	opts := docusealsim.Options{
		Token: token, Now: w.clock.now, RetryUnit: time.Millisecond,
		Hook: docusealsim.Hook{URL: w.hub.server.URL, Secret: secret, HeaderName: "X-Hook-Key", HeaderValue: "static"},
	}
	if change != nil {
		change(&opts)
	}
	w.sim = docusealsim.New(opts)
	w.server = httptest.NewServer(w.sim)
	t.Cleanup(func() { w.sim.Close(); w.server.Close(); w.hub.server.Close() })
	return w
}

func (w *world) call(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", token)
	res, err := w.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return res.StatusCode
}

type signer struct {
	ID           int64
	SubmissionID int64 `json:"submission_id"`
	Slug, Status string
	Role         string
	EmbedSrc     string `json:"embed_src"`
	Values       []struct {
		Field string
		Value any
	}
}

const order = `{"template_id":1,"send_email":false,"submitters":[{"role":"Client","name":"Ann Tremblay","email":"Ann@example.com",
	"external_id":"SAL-QTN-2026-00001","fields":[{"name":"quotation","default_value":"SAL-QTN-2026-00001","readonly":true}]}]}`

func (w *world) create(t *testing.T, body string) []signer {
	t.Helper()
	var out []signer
	if status := w.call(t, "POST", "/api/submissions", body, &out); status != http.StatusOK {
		t.Fatalf("creating: %d", status)
	}
	return out
}

// press presses a button of the signer's page, without following the answer.
func (w *world) press(t *testing.T, slug string, form url.Values) *http.Response {
	t.Helper()
	client := &http.Client{Transport: w.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/s/"+slug, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

func TestCreateAnswersABareArray(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)
	if len(made) != 1 || made[0].Status != "awaiting" || made[0].EmbedSrc != w.server.URL+"/s/"+made[0].Slug {
		t.Fatalf("made %+v", made)
	}
	if v := made[0].Values; len(v) != 1 || v[0].Field != "quotation" || v[0].Value != "SAL-QTN-2026-00001" {
		t.Errorf("values %+v", v)
	}
	var wrapped struct {
		ID         int64
		Submitters []signer
	}
	if status := w.call(t, "POST", "/api/submissions/init", order, &wrapped); status != 200 || wrapped.ID == 0 || len(wrapped.Submitters) != 1 {
		t.Errorf("init: %d %+v", status, wrapped)
	}
	if mails := w.sim.Mails(); len(mails) != 0 {
		t.Errorf("DocuSeal wrote by itself: %+v", mails)
	}
}

func TestLeavingOutSendEmailMailsTheCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.create(t, strings.Replace(order, `"send_email":false,`, ``, 1))
	mails := w.sim.Mails()
	if len(mails) != 1 || mails[0].To != "ann@example.com" {
		t.Errorf("mails %+v, want one to ann@example.com", mails)
	}
	var state struct {
		State struct{ Mails []docusealsim.Mail }
	}
	if w.call(t, "GET", "/_sim/state", "", &state); len(state.State.Mails) != 1 {
		t.Errorf("the state shows %d mails, want 1", len(state.State.Mails))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) {
		o.Templates = append(docusealsim.DefaultTemplates(), docusealsim.Template{ID: 8, Archived: true}, docusealsim.Template{ID: 9})
	})
	tests := []struct {
		name, method, path, body string
		status                   int
		text                     string
	}{
		{"no JSON", "POST", "/api/submissions", `{`, 422, "JSON parse error: "},
		{"no template", "POST", "/api/submissions", `{}`, 422, "template_id is required"},
		{"no signers", "POST", "/api/submissions", `{"template_id":1}`, 422, "submitters is required"},
		{"nobody", "POST", "/api/submissions", `{"template_id":1,"submitters":[{}]}`, 422, "email or phone or name is required in `submitters[0]`."},
		{"phone", "POST", "/api/submissions", `{"template_id":1,"submitters":[{"phone":"514 555-0100"}]}`, 422, "phone should start with"},
		{"twice", "POST", "/api/submissions", `{"template_id":2,"submitters":[{"name":"a","role":"Client"},{"name":"b","role":"Client"}]}`, 422, "role must be unique in `submitters`."},
		{"order", "POST", "/api/submissions", `{"template_id":1,"order":"x","submitters":[{"name":"a"}]}`, 422, "order must be one of preserved, random"},
		{"unknown template", "POST", "/api/submissions", `{"template_id":77,"submitters":[{"name":"a"}]}`, 422, "Template not found"},
		{"archived", "POST", "/api/submissions", `{"template_id":8,"submitters":[{"name":"a"}]}`, 422, "Template has been archived"},
		{"empty", "POST", "/api/submissions", `{"template_id":9,"submitters":[{"name":"a"}]}`, 422, "Template does not contain fields"},
		{"field", "POST", "/api/submissions", `{"template_id":1,"submitters":[{"name":"a","values":{"nope":"1"}}]}`, 422, "Unknown field: nope"},
		{"role", "POST", "/api/submissions", `{"template_id":1,"submitters":[{"name":"a","role":"X","values":{"nope":"1"}}]}`, 422, "Unknown submitter role: X"},
		{"no submission", "GET", "/api/submissions/5", ``, 404, "Not Found"},
		{"no signer", "GET", "/api/submitters/5", ``, 404, "Not Found"},
		{"paid only", "POST", "/api/submissions/pdf", `{}`, 404, "Not Found"},
		{"no page", "GET", "/s/none", ``, 404, "Not Found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out struct{ Error string }
			if status := w.call(t, tt.method, tt.path, tt.body, &out); status != tt.status || !strings.HasPrefix(out.Error, tt.text) {
				t.Errorf("%d %q, want %d %q", status, out.Error, tt.status, tt.text)
			}
		})
	}
}

func TestTokenIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) { o.Token = "another" })
	var out struct{ Error string }
	if status := w.call(t, "GET", "/api/user", "", &out); status != 401 || out.Error != "Not authenticated" {
		t.Errorf("%d %q", status, out.Error)
	}
}

func TestFaultsTakeDocuSealsShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, tt := range []struct {
		status int
		body   string
	}{
		{429, `{"error":"Too many requests"}`},
		{500, `{"error":"Internal Server Error","status":500}`},
		{503, `<html><body><h1>503 Service Unavailable</h1></body></html>`},
	} {
		w.call(t, "POST", "/_sim/fail", fmt.Sprintf(`{"status":%d}`, tt.status), nil)
		rec := httptest.NewRecorder()
		w.sim.ServeHTTP(rec, httptest.NewRequest("GET", "/api/user", nil))
		if got := strings.TrimSpace(rec.Body.String()); rec.Code != tt.status || got != tt.body {
			t.Errorf("%d %s, want %d %s", rec.Code, got, tt.status, tt.body)
		}
	}
}
