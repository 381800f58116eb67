package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeStory creates and changes against a site, with evidence.
func writeStory(t *testing.T, site http.Handler) {
	t.Helper()
	h := build(t, options{site: site})
	made := h.ask("POST", "/api/resource/ToDo", `{"description":"Appeler"}`)
	var todo struct {
		Data struct{ Name, Description, Modified string }
	}
	if err := json.Unmarshal([]byte(made.body), &todo); err != nil || made.status != 200 || todo.Data.Name == "" {
		t.Fatalf("%d %s", made.status, made.body)
	}
	one := "/api/resource/ToDo/" + todo.Data.Name
	stale := todo.Data.Modified
	if got := h.ask("PUT", one, `{"description":"Rappeler","modified":"`+stale+`"}`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	late := h.ask("PUT", one, `{"description":"Oublier","modified":"`+stale+`"}`, "X-Test-Role: service:billing")
	p := late.problem()
	if late.status != 409 || p.Code != "document-changed" || p.ExcType != "TimestampMismatchError" {
		t.Fatalf("%d %s", late.status, late.body)
	}
	var current struct{ Name, Description, Modified string }
	if err := json.Unmarshal(p.Current, &current); err != nil || current.Description != "Rappeler" || current.Modified == stale {
		t.Errorf("current is %s", p.Current)
	}
	if got := h.ask("PUT", "/api/resource/ToDo/none", `{"description":"x"}`); got.status != 404 {
		t.Errorf("%d %s", got.status, got.body)
	}
	n := todo.Data.Name
	want := []string{
		"staff:ann@example.test | gateway.create | ToDo |  | POST asked", "staff:ann@example.test | gateway.create | ToDo | " + n + " | POST answered 200",
		"staff:ann@example.test | gateway.update | ToDo | " + n + " | PUT asked", "staff:ann@example.test | gateway.update | ToDo | " + n + " | PUT answered 200",
		"service:ann@example.test | gateway.update | ToDo | " + n + " | PUT asked",
		"service:ann@example.test | gateway.update | ToDo | " + n + " | PUT answered 417 TimestampMismatchError",
		"staff:ann@example.test | gateway.update | ToDo | none | PUT asked", "staff:ann@example.test | gateway.update | ToDo | none | PUT answered 404 DoesNotExistError",
	}
	if diff := cmp.Diff(want, h.book.lines()); diff != "" {
		t.Error(diff)
	}
}

// TestNoChangeWithoutEvidence refuses what cannot be written down.
func TestNoChangeWithoutEvidence(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`)})
	h.book.broken = true
	for _, method := range []string{"POST", "PUT"} {
		target := map[string]string{"POST": "/api/resource/Issue", "PUT": "/api/resource/Issue/I"}[method]
		if got := h.ask(method, target, `{"subject":"x"}`); got.status != 503 || got.problem().Code != "store-unavailable" {
			t.Errorf("%s: %d %s", method, got.status, got.body)
		}
	}
	if n := h.calls.Load(); n != 0 {
		t.Errorf("%d changes reached the site", n)
	}
	if got := h.ask("POST", "/api/method/frappe.client.get_list", `{"doctype":"Issue"}`); got.status != 200 {
		t.Errorf("a read by POST: %d %s", got.status, got.body)
	}
}

// TestEvidenceOfALostReply is written too, and holds no values.
func TestEvidenceOfALostReply(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})})
	got := h.ask("PUT", "/api/resource/Service%20Equipment/E-1", `{"wifi_password":"hunter2!"}`)
	if got.status != 503 {
		t.Errorf("%d %s", got.status, got.body)
	}
	lines := strings.Join(h.book.lines(), "\n")
	if len(h.book.lines()) != 2 || !strings.Contains(lines, "E-1 | PUT no answer: network, unknown") || strings.Contains(lines, "hunter2") {
		t.Errorf("the evidence is\n%s", lines)
	}
}

// TestWhoAsksIsTold sends the caller's name along with a change, fit for a header.
func TestWhoAsksIsTold(t *testing.T) {
	t.Parallel()
	var who, body, kind string
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		who, body, kind = r.Header.Get("X-Hub-Actor"), string(raw), r.Header.Get("Content-Type")
		says(`{"data":{}}`)(w, r)
	})})
	const sent = `{ "subject" : "É", "n": 1.50 }`
	h.ask("PUT", "/api/resource/Issue/I", sent, "X-Hub-Actor: root", "Content-Type: application/json;charset=utf-8")
	if who != "staff:ann@example.test" || body != sent || kind != "application/json" {
		t.Errorf("the site heard %q %q %q", who, body, kind)
	}
}

// TestCurrentHidesSecrets also in what a late writer is shown.
func TestCurrentHidesSecrets(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			says(`{"data":{"name":"E","wifi_password":"hunter2!","brand":"X"}}`)(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusExpectationFailed)
		_, _ = io.WriteString(w, `{"exc_type":"TimestampMismatchError"}`)
	})})
	got := h.ask("PUT", "/api/resource/Service%20Equipment/E", `{"brand":"Y","modified":"2026-01-01 00:00:00"}`)
	if got.status != 409 || string(got.problem().Current) != `{"name":"E","brand":"X"}` || strings.Contains(got.body, "hunter2") {
		t.Errorf("%d %s", got.status, got.body)
	}
}
