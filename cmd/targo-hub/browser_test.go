package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// browser finds Chromium, Node and the tools that `make setup` installs.
func browser(t *testing.T) (chromium, tools string) {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: run make setup")
	}
	tools, err = filepath.Abs(filepath.Join("..", "..", ".tools"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(tools, "node_modules", "playwright-core")); err != nil {
		t.Skip("no playwright-core: run make setup")
	}
	return chromium, tools
}

// TestCustomerSignsOnAPhone opens the link in a real browser, signs with a name
// and two ticks, and reads the thanks. The page must fit the phone, have targets
// for thumbs, and not upset the content security policy.
func TestCustomerSignsOnAPhone(t *testing.T) {
	t.Parallel()
	chromium, tools := browser(t)
	w := newTown(t)
	h := w.start(t)
	quotation := w.quotation(t, "Résidentiel", nil)
	var made struct{ URL string }
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": quotation}, &made); status != http.StatusCreated {
		t.Fatalf("generate answered %d", status)
	}
	checkPDF(t, made.URL+"/pdf")
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "accept.mjs"), tools, made.URL, os.Getenv("PICTURES"))
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	out, err := cmd.Output()
	if err != nil {
		if failed, ok := err.(*exec.ExitError); ok {
			t.Fatalf("the browser failed: %s", failed.Stderr)
		}
		t.Fatal(err)
	}
	var saw struct {
		Title, Text, Lang string
		Forms, Wide       int
		Small, Complaints []string
	}
	if err := json.Unmarshal(out, &saw); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	contract := w.one(t, "Service Contract", "quotation", quotation)
	if saw.Title != "Merci, c'est accepté" || !strings.Contains(saw.Text, contract["name"].(string)) || saw.Lang != "fr" || saw.Forms != 0 {
		t.Errorf("the page says %q %q in %q with %d forms; the contract is %v", saw.Title, saw.Text, saw.Lang, saw.Forms, contract["name"])
	}
	if saw.Wide > 0 || len(saw.Small) > 0 || len(saw.Complaints) > 0 {
		t.Errorf("%d px too wide, too small for a thumb: %q, complaints: %q", saw.Wide, saw.Small, saw.Complaints)
	}
	if contract["signer_name"] != "Ève Tremblay" || contract["signature_method"] != "JWT" || contract["document_sha256"] == nil {
		t.Errorf("evidence: signer %v, method %v, fingerprint %v", contract["signer_name"], contract["signature_method"], contract["document_sha256"])
	}
}

// checkPDF asserts that ERPNext's print of the quotation comes through.
func checkPDF(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	head := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, head); err != nil || string(head) != "%PDF-" || resp.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("the print begins with %q, type %q, error %v", head, resp.Header.Get("Content-Type"), err)
	}
}
