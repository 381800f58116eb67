package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

const uploads = "/api/method/upload_file"

// form makes a multipart form of "name=value" parts; "file=…" is a file.
func form(parts ...string) (kind, body string) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		if name == "file" {
			to, _ := w.CreateFormFile("file", "Plan É.txt")
			_, _ = io.WriteString(to, value)
		} else {
			_ = w.WriteField(name, value)
		}
	}
	_ = w.Close()
	return "Content-Type: " + w.FormDataContentType(), out.String()
}

// uploadStory attaches a file to a document of a site.
func uploadStory(t *testing.T, site *erpnextsim.Site) {
	t.Helper()
	todo := put(t, site, "ToDo", map[string]any{"description": "Appeler"})
	h := build(t, options{site: site})
	content := strings.Repeat("fibre\n", 300000)
	kind, body := form("file="+content, "is_private=1", "doctype=ToDo", "docname="+todo, "total_file_size="+fmt.Sprint(len(content)))
	got := h.ask("POST", uploads, body, kind)
	var file struct {
		Message struct {
			Name, Attached string `json:",omitempty"`
			Size           int    `json:"file_size"`
			To             string `json:"attached_to_name"`
		}
	}
	if err := json.Unmarshal([]byte(got.body), &file); err != nil || got.status != 200 || file.Message.Size != len(content) || file.Message.To != todo {
		t.Fatalf("%d %.300s", got.status, got.body)
	}
	lines := strings.Join(h.book.lines(), "\n")
	if !strings.Contains(lines, "gateway.upload | ToDo | "+todo+" | POST upload_file answered 200") || len(h.book.lines()) != 2 {
		t.Error(lines)
	}
}

func TestUploadsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	whole := make(chan bool, 100)
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		whole <- err == nil
		says(`{"message":{"name":"f"}}`)(w, r)
	})})
	huge := "file=" + strings.Repeat("x", 10<<20+1)
	for name, test := range map[string]struct {
		parts  []string
		status int
	}{
		"a doctype that is not open":  {[]string{"doctype=User", "docname=a", "file=x"}, 403},
		"the same behind the file":    {[]string{"file=x", "doctype=User", "docname=a"}, 403},
		"a doctype that is only read": {[]string{"file=x", "doctype=Sales Invoice", "docname=a"}, 403},
		"no doctype":                  {[]string{"file=x"}, 422},
		"two doctypes":                {[]string{"doctype=ToDo", "file=x", "doctype=User"}, 400},
		"a method":                    {[]string{"doctype=ToDo", "method=frappe.client.delete", "file=x"}, 403},
		"cmd":                         {[]string{"cmd=login", "doctype=ToDo", "file=x"}, 403},
		"an address":                  {[]string{"doctype=ToDo", "file_url=http://10.0.0.1/", "file=x"}, 403},
		"no file":                     {[]string{"doctype=ToDo", "docname=a"}, 422},
		"two files":                   {[]string{"doctype=ToDo", "file=x", "file=y"}, 422},
		"a long field":                {[]string{"doctype=" + strings.Repeat("x", 20000), "file=y"}, 400},
		"more than 10 MiB":            {[]string{"doctype=ToDo", huge}, 413},
		"fine":                        {[]string{"doctype=ToDo", "docname=T", "file=" + strings.Repeat("x", 9<<20)}, 200},
	} {
		kind, body := form(test.parts...)
		got := h.ask("POST", uploads, body, kind)
		if got.status != test.status {
			t.Errorf("%s: %d %s %v", name, got.status, got.body, got.err)
		}
		for len(whole) > 0 {
			if <-whole && test.status != 200 {
				t.Errorf("%s: the site got a whole form", name)
			}
		}
	}
	for _, kind := range []string{"application/json", "multipart/form-data", "multipart/mixed; boundary=x"} {
		if got := h.ask("POST", uploads, "{}", "Content-Type: "+kind); got.status != 415 {
			t.Errorf("%s: %d %s", kind, got.status, got.body)
		}
	}
	if got := h.ask("POST", uploads+"?method=x", "--x--\r\n", "Content-Type: multipart/form-data; boundary=x"); got.status != 400 {
		t.Errorf("arguments in the query: %d %s", got.status, got.body)
	}
}

// TestAnUploaderWhoLeaves takes the call with him: half a form does nothing.
func TestAnUploaderWhoLeaves(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan error, 1)
	h := build(t, options{site: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		_, err := io.Copy(io.Discard, r.Body)
		ended <- err
	})})
	kind, body := form("doctype=ToDo", "docname=T", "file="+strings.Repeat("x", 1<<20))
	ctx, leave := context.WithCancel(t.Context())
	from, to := io.Pipe()
	go func() {
		_, _ = io.WriteString(to, body[:len(body)/2])
		<-began
		leave()
		_ = to.CloseWithError(context.Canceled)
	}()
	got := h.askWith(ctx, "POST", uploads, from, kind)
	if got.err == nil {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	if err := <-ended; err == nil {
		t.Error("the site got a whole form")
	}
}

// TestASiteThatAnswersAnUploadEarly is heard at once.
func TestASiteThatAnswersAnUploadEarly(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})})
	kind, body := form("doctype=ToDo", "docname=T", "file="+strings.Repeat("x", 4<<20))
	got := h.ask("POST", uploads, body, kind)
	if got.err == nil && got.status != 413 && got.status != 503 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
