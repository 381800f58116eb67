package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// link makes the link of a residential quotation.
func (h *running) link(t *testing.T, quotation string) string {
	t.Helper()
	var made struct{ URL string }
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": quotation}, &made); status != http.StatusCreated {
		t.Fatalf("generate answered %d", status)
	}
	return made.URL
}

// confirmed is the answer of POST /accept/confirm.
type confirmed struct {
	Status, Quotation, Contract, Issue, Subscription, Code string
	Jobs                                                   []string
}

// confirm sends what a page with JavaScript would send, without the staff's
// token.
func (h *running) confirm(t *testing.T, path string, body map[string]any) (int, confirmed) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(h.url+path, "application/json", strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	var out confirmed
	var asProblem struct{ Code string }
	if resp.StatusCode >= 400 {
		_ = json.Unmarshal(answer, &asProblem)
		return resp.StatusCode, confirmed{Code: asProblem.Code}
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatalf("%s answered %d %s", path, resp.StatusCode, answer)
	}
	return resp.StatusCode, out
}

func tokenOf(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }

// TestCustomerConfirms: a double click, ten times at once, is one acceptance, and
// everybody hears the same of it. It runs alone: ten customers wait for their
// answer at once, which a machine full of other towns cannot give in time.
func TestCustomerConfirms(t *testing.T) {
	w := newTown(t)
	h := w.start(t)
	quotation := w.quotation(t, "Résidentiel", nil)
	body := map[string]any{"token": tokenOf(h.link(t, quotation)), "name": "Ève Tremblay", "consents": []string{"terms", "electronic"}}
	if again := tokenOf(h.link(t, quotation)); again != body["token"] {
		t.Error("asking again gave another link")
	}
	answers := make([]confirmed, 10)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			status, answer := h.confirm(t, "/accept/confirm", body)
			if answers[i] = answer; status != http.StatusOK || answer.Status != "accepted" {
				t.Errorf("confirm answered %d %s", status, answer.Code)
			}
		})
	}
	all.Wait()
	h.awaitAccepted(t, quotation) // a busy machine answers with what exists so far
	for i := range answers {
		_, answers[i] = h.confirm(t, "/accept/confirm", body)
	}
	for _, a := range answers {
		if diff := cmp.Diff(answers[0], a); diff != "" {
			t.Errorf("two answers differ:\n%s", diff)
		}
	}
	if a := answers[0]; a.Status != "accepted" || a.Contract == "" || a.Issue == "" || a.Subscription == "" || len(a.Jobs) != 4 {
		t.Errorf("the answer is %+v", a)
	}
	w.checkOne(t, h, quotation)
	if status, a := h.confirm(t, "/accept/decline", map[string]any{"token": body["token"], "reason": "trop tard"}); status != http.StatusConflict || a.Code != "quotation-accepted" {
		t.Errorf("declining afterwards answered %d %s", status, a.Code)
	}
}

// TestCustomerDeclines: a no makes the quotation Lost, once, and a later yes is
// refused with the reason.
func TestCustomerDeclines(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	quotation := w.quotation(t, "Résidentiel", nil)
	token := tokenOf(h.link(t, quotation))
	for range 2 {
		if status, a := h.confirm(t, "/accept/decline", map[string]any{"token": token, "reason": "trop cher"}); status != http.StatusOK || a.Status != "declined" {
			t.Fatalf("decline answered %d %+v", status, a)
		}
	}
	if q, err := w.site.Doc("Quotation", quotation); err != nil || q["status"] != "Lost" {
		t.Errorf("the quotation is %v, error %v", q["status"], err)
	}
	status, a := h.confirm(t, "/accept/confirm", map[string]any{"token": token, "name": "Ève Tremblay", "consents": []string{"terms"}})
	if status != http.StatusConflict || a.Code != "quotation-not-open" {
		t.Errorf("a yes afterwards answered %d %s", status, a.Code)
	}
}

// TestCustomerMistakes: each gets the answer it should, and nothing is accepted.
func TestCustomerMistakes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	quotation := w.quotation(t, "Résidentiel", nil)
	token := tokenOf(h.link(t, quotation))
	terms := []string{"terms"}
	for name, tc := range map[string]struct {
		body   map[string]any
		status int
		code   string
	}{
		"no token":          {map[string]any{"name": "Ève Tremblay", "consents": terms}, 401, "unauthenticated"},
		"broken token":      {map[string]any{"token": token[:len(token)-4] + "AAAA", "name": "Ève Tremblay", "consents": terms}, 401, "link-invalid"},
		"the staff's token": {map[string]any{"token": h.staff, "name": "Ève Tremblay", "consents": terms}, 401, "link-invalid"},
		"no name":           {map[string]any{"token": token, "name": "   ", "consents": terms}, 422, "invalid"},
		"no consent":        {map[string]any{"token": token, "name": "Ève Tremblay", "consents": []string{}}, 422, "invalid"},
		"another document":  {map[string]any{"token": token, "name": "Ève Tremblay", "consents": terms, "document_sha256": strings.Repeat("0", 64)}, 409, "state-conflict"},
	} {
		status, a := h.confirm(t, "/accept/confirm", tc.body)
		if status != tc.status || a.Code != tc.code {
			t.Errorf("%s: answered %d %s, want %d %s", name, status, a.Code, tc.status, tc.code)
		}
	}
	if q, err := w.site.Doc("Quotation", quotation); err != nil || q["custom_accepted_at"] != nil {
		t.Errorf("the quotation was accepted: %v, error %v", q["custom_accepted_at"], err)
	}
}

// TestPageWithoutScripts opens the page twice (scanners do), in English, and
// signs with the plain form.
func TestPageWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	quotation := w.quotation(t, "Résidentiel", nil)
	page := h.link(t, quotation)
	for range 2 {
		text := fetch(t, page+"?lang=en", http.StatusOK)
		if !strings.Contains(text, "Accept the quotation") || !strings.Contains(text, "GST (5%)") || !strings.Contains(text, "$45.94") {
			t.Errorf("the English page lacks its words:\n%s", text)
		}
	}
	if q, err := w.site.Doc("Quotation", quotation); err != nil || q["custom_accepted_at"] != nil {
		t.Fatal("opening the page accepted the quotation")
	}
	empty, err := http.PostForm(page, url.Values{"name": {""}})
	if err != nil || empty.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty form was answered %v, error %v", empty.StatusCode, err)
	}
	_ = empty.Body.Close()
	signed, err := http.PostForm(page, url.Values{"name": {"Ève Tremblay"}, "consents": {"terms", "electronic"}})
	if err != nil {
		t.Fatal(err)
	}
	defer signed.Body.Close()
	text, _ := io.ReadAll(signed.Body)
	if !strings.Contains(string(text), "Merci, c&#39;est accepté") {
		t.Errorf("after signing the page says:\n%s", text)
	}
	w.checkOne(t, h, quotation)
	for format, begins := range map[string]string{"": "<svg", "?format=png": "\x89PNG"} {
		if picture := h.picture(t, quotation, format); !strings.HasPrefix(picture, begins) || picture != h.picture(t, quotation, format) {
			t.Errorf("the code %q begins with %.8q, or is not stable", format, picture)
		}
	}
	fetch(t, page[:len(page)-3]+"AAA", http.StatusUnauthorized)
}

func fetch(t *testing.T, address string, want int) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != want {
		t.Errorf("answered %d, want %d", resp.StatusCode, want)
	}
	return string(text)
}

func (h *running) picture(t *testing.T, quotation, query string) string {
	t.Helper()
	r, _ := http.NewRequest(http.MethodGet, h.url+"/accept/"+quotation+"/qr"+query, nil)
	r.Header.Set("Authorization", "Bearer "+h.staff)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return string(raw)
}
