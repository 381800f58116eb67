package docuseal_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/docuseal"
)

const token = "invented-docuseal-token"

func settings(baseURL string) docuseal.Config {
	return docuseal.Config{URL: baseURL, Token: token, Timeout: 300 * time.Millisecond}
}

func conforms(t *testing.T, read bool, call func(context.Context, *docuseal.Client) error) {
	t.Helper()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{token, "client@example.org"}, Read: read,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := docuseal.New(settings(baseURL), nil)
			return func(ctx context.Context) error { return call(ctx, client) }
		},
	})
}

func TestReadsConform(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *docuseal.Client) error{
		"user":       func(ctx context.Context, c *docuseal.Client) error { _, err := c.User(ctx); return err },
		"template":   func(ctx context.Context, c *docuseal.Client) error { _, err := c.Template(ctx, 1); return err },
		"submission": func(ctx context.Context, c *docuseal.Client) error { _, err := c.Submission(ctx, 1); return err },
		"documents":  func(ctx context.Context, c *docuseal.Client) error { _, err := c.Documents(ctx, 1); return err },
		"events": func(ctx context.Context, c *docuseal.Client) error {
			for _, err := range c.Completions(ctx, docuseal.Span{From: time.Unix(1, 0), Until: time.Now()}) {
				return err
			}
			return nil
		},
		"last signer": func(ctx context.Context, c *docuseal.Client) error {
			_, _, err := c.LastSigner(ctx, 1, time.Now())
			return err
		},
		"submitters": func(ctx context.Context, c *docuseal.Client) error {
			_, err := c.SubmittersByExternalID(ctx, "Q-1")
			return err
		},
		"download": func(ctx context.Context, c *docuseal.Client) error {
			_, err := c.Download(ctx, "https://elsewhere.example/file/"+token+"/a.pdf")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); conforms(t, true, call) })
	}
}

func TestCreateConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{token, "client@example.org"},
		Before: func(w http.ResponseWriter, r *http.Request) bool { // the template is read first
			if r.URL.Path == "/api/templates/7" {
				_, _ = io.WriteString(w, templateAnswer)
			}
			return r.URL.Path == "/api/templates/7"
		},
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := docuseal.New(settings(baseURL), nil)
			return func(ctx context.Context) error {
				_, err := client.CreateSubmission(ctx, docuseal.NewSubmission{TemplateID: 7, ExternalID: "Q-1", Email: "client@example.org"})
				return err
			}
		},
	})
}

const templateAnswer = `{"id":7,"name":"Commercial","submitters":[{"name":"Client","uuid":"r-1"},{"name":"Us","uuid":"r-2"}],
	"fields":[{"name":"customer","submitter_uuid":"r-1","type":"text"},{"name":"ours","submitter_uuid":"r-2","type":"text"},
	{"name":"total","submitter_uuid":"r-1","type":"text"},{"name":"customer","submitter_uuid":"r-1","type":"text"},{"name":"","submitter_uuid":"r-1"}]}`

// peer answers by "METHOD path" and keeps what it was asked.
type peer struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	body  []byte
	token string
}

func newPeer(t *testing.T, answers map[string]string) *peer {
	t.Helper()
	p := &peer{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = append(p.asked, r.Method+" "+r.URL.RequestURI())
		p.body, _ = io.ReadAll(r.Body)
		p.token = r.Header.Get("X-Auth-Token")
		answer, ok := answers[r.Method+" "+r.URL.RequestURI()]
		if !ok {
			http.Error(w, `{"error":"Not found"}`, http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(p.Close)
	return p
}

func TestCreateSubmission(t *testing.T) {
	t.Parallel()
	p := newPeer(t, map[string]string{
		"GET /api/templates/7":  templateAnswer,
		"POST /api/submissions": `[{"id":11,"submission_id":21,"slug":"abc","status":"awaiting","external_id":"Q-1","embed_src":"https://sign.example/s/abc","completed_at":null}]`,
	})
	got, err := docuseal.New(settings(p.URL), nil).CreateSubmission(t.Context(), docuseal.NewSubmission{
		TemplateID: 7, ExternalID: "Q-1", Name: "Cliente", Email: "client@example.org", Phone: "+15145550142",
		Fields:   map[string]string{"customer": "Cliente", "ours": "x", "unknown": "y"},
		Metadata: map[string]any{"track": "commercial"}, RedirectURL: "https://hub.example/merci", ExpireAt: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &docuseal.Submitter{
		ID: 11, SubmissionID: 21, Slug: "abc", Status: "awaiting", ExternalID: "Q-1", EmbedSrc: "https://sign.example/s/abc",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var body any
	if err := json.Unmarshal(p.body, &body); err != nil {
		t.Fatal(err)
	}
	wantBody := map[string]any{
		"template_id": 7.0, "send_email": false, "send_sms": false, "order": "preserved",
		"completed_redirect_url": "https://hub.example/merci", "expire_at": "2027-01-02T03:04:05Z",
		"submitters": []any{map[string]any{
			"role": "Client", "name": "Cliente", "email": "client@example.org", "phone": "+15145550142", "external_id": "Q-1",
			"send_email": false, "send_sms": false, "metadata": map[string]any{"track": "commercial"},
			"fields": []any{map[string]any{"name": "customer", "default_value": "Cliente", "readonly": true}},
		}},
	}
	if diff := cmp.Diff(wantBody, body); diff != "" {
		t.Error(diff)
	}
	if p.token != token {
		t.Error("the token was not sent")
	}
}

func TestCreateNeedsOneSigner(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`[]`, `[{"id":1,"submission_id":2},{"id":3,"submission_id":2}]`, `[{"id":0}]`, `{"id":1}`} {
		p := newPeer(t, map[string]string{"GET /api/templates/7": templateAnswer, "POST /api/submissions": answer})
		_, err := docuseal.New(settings(p.URL), nil).CreateSubmission(t.Context(), docuseal.NewSubmission{TemplateID: 7, Phone: "514"})
		if e, ok := connectors.AsError(err); !ok || e.Outcome != connectors.Unknown {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestSubmittersByExternalID(t *testing.T) {
	t.Parallel()
	p := newPeer(t, map[string]string{
		"GET /api/submitters?external_id=Q-1&limit=100": `{"data":[{"id":2,"slug":"b c","external_id":"Q-1"},{"id":1,"slug":"a","external_id":"Q-2"}],"pagination":{"count":2}}`,
	})
	got, err := docuseal.New(settings(p.URL+"/api/"), nil).SubmittersByExternalID(t.Context(), "Q-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []docuseal.Submitter{{ID: 2, Slug: "b c", ExternalID: "Q-1", EmbedSrc: p.URL + "/s/b%20c"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefusalsInWords(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"error":"Template has been archived"}`)
	}))
	defer server.Close()
	_, err := docuseal.New(settings(server.URL), nil).Template(t.Context(), 7)
	if err == nil || err.Error() != "docuseal template.get: 422: the template is archived" {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"off":        {nil, ""},
		"good":       {[]string{"TARGO_URL=https://sign.example.com/api", "TARGO_TOKEN=t", "TARGO_WEBHOOK_HEADER=X-Seal: one: two"}, ""},
		"incomplete": {[]string{"TARGO_URL=https://sign.example.com/api"}, "TARGO_TOKEN (token): missing; DocuSeal shows it under Settings, API"},
		"odd": {
			[]string{"TARGO_URL=sign.example.com", "TARGO_TOKEN=t", "TARGO_WEBHOOK_HEADER=nothing", "TARGO_TEMPLATE_PROJECT=-1", "TARGO_TEMPLATE_COMMERCIAL=-1"},
			"TARGO_URL (url): not an address like https://sign.example.com/api\nTARGO_WEBHOOK_HEADER (webhook_header): not of the form Name: value\n" +
				"TARGO_TEMPLATE_COMMERCIAL (template_commercial): not a template id\nTARGO_TEMPLATE_PROJECT (template_project): not a template id",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cfg docuseal.Config
			connectorstest.Settings(t, &cfg, c.environ, c.want)
			if name != "good" {
				return
			}
			if header, value := cfg.Header(); header != "X-Seal" || value != "one: two" {
				t.Errorf("header %s, value %s", header, value)
			}
		})
	}
}
