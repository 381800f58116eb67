package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestCustomerSignsOnAPhone opens the link in a real browser, signs with a name
// and two ticks, and reads the thanks. The page must fit the phone, have targets
// for thumbs, and not upset the content security policy.
func TestCustomerSignsOnAPhone(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	w := newTown(t)
	h := w.start(t)
	quotation := w.quotation(t, "Résidentiel", nil)
	var made struct{ URL string }
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": quotation}, &made); status != http.StatusCreated {
		t.Fatalf("generate answered %d", status)
	}
	checkPDF(t, made.URL+"/pdf")
	p.open(made.URL)
	p.picture("accept")
	p.fits()
	p.axe("accept")
	p.fill("input[name=name]", "Ève Tremblay")
	for _, box := range []string{"terms", "electronic"} {
		p.must("ticking "+box, p.page.Locator("input[name=consents][value="+box+"]").Check())
	}
	p.tap("button.primary")
	contract := ""
	title, text := p.text(".notice h2"), p.text(".notice p")
	signed := w.one(t, "Service Contract", "quotation", quotation)
	contract, _ = signed["name"].(string)
	if title != "Merci, c'est accepté" || !strings.Contains(text, contract) || p.run("document.documentElement.lang") != "fr" || p.count("form") != 0 {
		t.Errorf("the page says %q %q with %d forms; the contract is %s", title, text, p.count("form"), contract)
	}
	p.picture("accepted")
	p.axe("accepted")
	p.quiet()
	if signed["signer_name"] != "Ève Tremblay" || signed["signature_method"] != "JWT" || signed["document_sha256"] == nil {
		t.Errorf("evidence: signer %v, method %v, fingerprint %v", signed["signer_name"], signed["signature_method"], signed["document_sha256"])
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
