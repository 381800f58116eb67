package docuseal_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/docuseal"
)

func TestDownload(t *testing.T) {
	t.Parallel()
	p := newPeer(t, map[string]string{
		"GET /file/signed%2Fid/a.pdf?x=1": "%PDF-1.7 signed",
		"GET /file/login":                 "<html>sign in</html>",
	})
	client := docuseal.New(settings(p.URL), nil)
	got, err := client.Download(t.Context(), "https://public.example/file/signed%2Fid/a.pdf?x=1")
	if err != nil || string(got) != "%PDF-1.7 signed" {
		t.Errorf("%q %v", got, err)
	}
	if p.token != "" {
		t.Error("the token went out with a file link")
	}
	for _, link := range []string{p.URL + "/file/login", p.URL + "/file/gone", "", "mailto:x", "https://other.example", "://"} {
		if got, err := client.Download(t.Context(), link); err == nil {
			t.Errorf("%s gave %q", link, got)
		}
	}
}

func TestDownloadIsLimited(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "%PDF-")
		block := strings.Repeat(" ", 1<<20)
		for range 26 {
			_, _ = io.WriteString(w, block)
		}
	}))
	defer server.Close()
	cfg := settings(server.URL)
	cfg.Timeout = 10 * time.Second
	_, err := docuseal.New(cfg, nil).Download(t.Context(), server.URL+"/file/a.pdf")
	if err == nil || err.Error() != "docuseal-files file.get: 200 too-large: the answer is longer than allowed" {
		t.Error(err)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	p := newPeer(t, map[string]string{
		"GET /api/submissions/21/documents": `{"id":21,"documents":[{"name":"Commercial","url":"https://sign.example/file/x/a.pdf"}]}`,
	})
	got, err := docuseal.New(settings(p.URL), nil).Documents(t.Context(), 21)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]docuseal.Document{{Name: "Commercial", URL: "https://sign.example/file/x/a.pdf"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubmissionAndUser(t *testing.T) {
	t.Parallel()
	p := newPeer(t, map[string]string{
		"GET /api/submissions/21": `{"id":21,"status":"completed","archived_at":null,"completed_at":"2026-08-03T09:53:50.123Z","template":null,
			"submitters":[{"id":11,"slug":"abc","values":[{"field":"total","value":12.5},{"field":"name","value":"Ann"},{"field":"none","value":null}]}],"documents":[]}`,
		"GET /api/user": `{"id":3,"first_name":"Ann","email":"ann@example.com"}`,
	})
	client := docuseal.New(settings(p.URL), nil)
	got, err := client.Submission(t.Context(), 21)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != "completed" || got.ArchivedAt != "" || got.Submitters[0].EmbedSrc != p.URL+"/s/abc" {
		t.Errorf("%+v", got)
	}
	texts := make([]string, 0, 3)
	for _, v := range got.Submitters[0].Values {
		texts = append(texts, v.Text())
	}
	if diff := cmp.Diff([]string{"12.5", "Ann", ""}, texts); diff != "" {
		t.Error(diff)
	}
	user, err := client.User(t.Context())
	if err != nil || user.Email != "ann@example.com" {
		t.Errorf("%+v %v", user, err)
	}
	if client.State() != "closed" {
		t.Error(client.State())
	}
}
