package docusealsim_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
)

type list struct {
	Data       []struct{ ID int64 }
	Pagination struct {
		Count      int
		Next, Prev *int64
	}
}

func (l list) ids() (out []int64) {
	for _, row := range l.Data {
		out = append(out, row.ID)
	}
	return out
}

func TestSubmissionsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 12 {
		w.create(t, order)
	}
	tests := []struct {
		query string
		first int64
		count int
	}{
		{"", 1012, 10},
		{"?limit=3", 1012, 3},
		{"?limit=1000", 1012, 12},
		{"?after=1003", 1002, 2},
		{"?before=1010", 1012, 2},
		{"?status=completed", 0, 0},
		{"?q=tremblay&limit=1", 1012, 1},
		{"?archived=true", 0, 0},
	}
	for _, tt := range tests {
		var out list
		w.call(t, "GET", "/api/submissions"+tt.query, "", &out)
		if out.Pagination.Count != tt.count || len(out.Data) != tt.count || tt.count > 0 && out.Data[0].ID != tt.first {
			t.Errorf("%s: %v, want %d from %d", tt.query, out.ids(), tt.count, tt.first)
		}
	}
}

func TestFindingASignerByTheQuotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	for _, filter := range []string{"external_id", "application_key"} {
		var out list
		w.call(t, "GET", "/api/submitters?"+filter+"=SAL-QTN-2026-00001", "", &out)
		if diff := cmp.Diff([]int64{made.ID}, out.ids()); diff != "" {
			t.Errorf("%s: %s", filter, diff)
		}
	}
	var none list
	if w.call(t, "GET", "/api/submitters?external_id=other", "", &none); len(none.Data) != 0 {
		t.Errorf("found %v", none.ids())
	}
}

func TestSignerIsOpenedByTheScriptOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	page := fmt.Sprintf("/api/submitters/%d", made.ID)
	var out signer
	for range 2 {
		res, err := w.server.Client().Get(w.server.URL + "/s/" + made.Slug)
		if err != nil {
			t.Fatal(err)
		}
		html, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !bytes.Contains(html, []byte("SAL-QTN-2026-00001")) || !bytes.Contains(html, []byte("Signer")) {
			t.Errorf("the page lacks the quotation or the button")
		}
	}
	if w.call(t, "GET", page, "", &out); out.Status != "awaiting" {
		t.Errorf("opening the page made it %s", out.Status)
	}
	w.call(t, "POST", "/api/submitter_form_views?submitter_slug="+made.Slug, "", nil)
	if w.call(t, "GET", page, "", &out); out.Status != "opened" {
		t.Errorf("after the script: %s", out.Status)
	}
	if _, e := w.hub.next(t); e.EventType != "form.viewed" {
		t.Errorf("webhook %s", e.EventType)
	}
}

func TestFileLinksExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d}`, made.SubmissionID), nil)
	var docs struct{ Documents []struct{ Name, URL string } }
	w.call(t, "GET", fmt.Sprintf("/api/submissions/%d/documents", made.SubmissionID), "", &docs)
	get := func() (int, []byte) {
		res, err := w.server.Client().Get(docs.Documents[0].URL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, body
	}
	status, body := get()
	if status != 200 || !bytes.HasPrefix(body, []byte("%PDF-1.4")) || !bytes.HasSuffix(body, []byte("%%EOF\n")) || !bytes.Contains(body, []byte("SAL-QTN-2026-00001")) {
		t.Errorf("download: %d, %d bytes", status, len(body))
	}
	w.clock.pass(39 * time.Minute)
	if status, _ := get(); status != 200 {
		t.Errorf("after 39 min: %d", status)
	}
	w.clock.pass(2 * time.Minute)
	if status, _ := get(); status != http.StatusNotFound {
		t.Errorf("after 41 min: %d", status)
	}
	docs.Documents[0].URL = strings.Replace(docs.Documents[0].URL, "document.pdf", "other.pdf", 1)
	if status, _ := get(); status != http.StatusNotFound {
		t.Errorf("another name: %d", status)
	}
}

// The feed of completions reads backwards: before=T gives what came later.
func TestFeedOfCompletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	start := w.clock.now().Unix()
	for range 3 { // completed at start, +10 s and +20 s
		made := w.create(t, order)[0]
		w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d}`, made.SubmissionID), nil)
		w.clock.pass(10 * time.Second)
	}
	tests := []struct {
		query string
		want  []int64
	}{
		{"", []int64{1003, 1002, 1001}},
		{fmt.Sprintf("?before=%d", start), []int64{1003, 1002}},
		{fmt.Sprintf("?before=%d", start-1), []int64{1003, 1002, 1001}},
		{fmt.Sprintf("?after=%d", start+10), []int64{1001}},
		{"?limit=1", []int64{1003}},
	}
	for _, tt := range tests {
		var out struct {
			Data []struct {
				EventType string `json:"event_type"`
				Data      struct{ ID int64 }
			}
		}
		w.call(t, "GET", "/api/events/submission/completed"+tt.query, "", &out)
		var got []int64
		for _, e := range out.Data {
			got = append(got, e.Data.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
	var forms list
	if w.call(t, "GET", "/api/events/form/completed", "", &forms); len(forms.Data) != 3 {
		t.Errorf("%d form events", len(forms.Data))
	}
}

func TestArchivingAndChanging(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) { o.Hook.Events = []string{"submission.archived", "submission.expired"} })
	made := w.create(t, order)[0]
	path := fmt.Sprintf("/api/submissions/%d", made.SubmissionID)
	if status := w.call(t, "PUT", fmt.Sprintf("/api/submitters/%d", made.ID), `{"name":"Bo"}`, nil); status != 200 {
		t.Errorf("renaming: %d", status)
	}
	w.call(t, "DELETE", path, "", nil)
	var out struct {
		Status     string
		ArchivedAt string `json:"archived_at"`
		Submitters []struct{ Name string }
	}
	w.call(t, "GET", path, "", &out)
	if out.ArchivedAt == "" || out.Status != "pending" || out.Submitters[0].Name != "Bo" {
		t.Errorf("archived: %+v", out)
	}
	if _, e := w.hub.next(t); e.EventType != "submission.archived" {
		t.Errorf("webhook %s", e.EventType)
	}
	w.call(t, "POST", "/_sim/expire", fmt.Sprintf(`{"submission":%d,"deliver":true}`, made.SubmissionID), nil)
	if _, e := w.hub.next(t); e.EventType != "submission.expired" || e.Data.Status != "expired" {
		t.Errorf("webhook %+v", e)
	}
	w.call(t, "DELETE", path+"?permanently=true", "", nil)
	if status := w.call(t, "GET", path, "", nil); status != 404 {
		t.Errorf("after destroying: %d", status)
	}
	w.call(t, "POST", "/_sim/reset", "", nil)
	var templates list
	if w.call(t, "GET", "/api/templates", "", &templates); len(templates.Data) != 2 {
		t.Errorf("%d templates", len(templates.Data))
	}
}
