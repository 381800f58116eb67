package accept_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// letters takes messages; one key is one message. The second time its words are
// always others, as those of a new link are.
type letters map[string]outbox.Message

func (l letters) Queue(_ context.Context, m outbox.Message) (outbox.Entry, error) {
	key := m.DedupeKey + " " + string(m.Channel)
	if _, taken := l[key]; taken {
		return outbox.Entry{ID: key, Duplicate: true}, hub.Fail(hub.Conflict, "key-taken", "Another message has this key.", nil)
	}
	l[key] = m
	return outbox.Entry{ID: key}, nil
}

// office is a desk between a simulated ERPNext, with one open quotation, and a
// simulated DocuSeal.
type office struct {
	*accept.Desk
	t         *testing.T
	store     *sqlite.Engine
	seal      *httptest.Server
	mail      letters
	quotation string
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// site is an ERPNext with an open quotation to a customer.
func site(t *testing.T) (client *erpnext.Client, quotation string) {
	t.Helper()
	s, err := erpnextsim.New(erpnextsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	fixtures, err := erpnext.Fixtures()
	if err = errors.Join(err, s.Import(fixtures), s.AddUser("hub@example.test", "key0", "secret0", "System Manager")); err != nil {
		t.Fatal(err)
	}
	put := func(doctype string, doc map[string]any) string {
		name, err := s.Put(doctype, doc)
		if err != nil {
			t.Fatalf("putting a %s: %v", doctype, err)
		}
		return name
	}
	put("Company", map[string]any{"name": "TARGO", "company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	put("Item Group", map[string]any{"item_group_name": "Internet"})
	put("Item", map[string]any{"item_code": "FIBRE-500", "item_name": "Fibre 500", "item_group": "Internet", "stock_uom": "Nos"})
	customer := put("Customer", map[string]any{"customer_name": "Boulangerie Inventée", "customer_type": "Company", "language": "fr"})
	quotation = put("Quotation", map[string]any{
		"quotation_to": "Customer", "party_name": customer, "customer_name": customer, "company": "TARGO", "currency": "CAD", "docstatus": 1,
		"conversion_rate": 1, "selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1, "custom_quote_type": "Projet",
		"items": []any{map[string]any{"item_code": "FIBRE-500", "item_name": "Fibre 500", "qty": 1, "rate": 39.95, "uom": "Nos", "conversion_factor": 1}},
	})
	client, err = erpnext.New(erpnext.Config{URL: serve(t, s).URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return client, quotation
}

func newOffice(t *testing.T) *office {
	t.Helper()
	sim := docusealsim.New(docusealsim.Options{})
	t.Cleanup(sim.Close)
	o := &office{t: t, store: hubtest.Store(t), seal: serve(t, sim), mail: letters{}}
	var erp *erpnext.Client
	erp, o.quotation = site(t)
	cfg := docuseal.Config{URL: o.seal.URL, Token: "docuseal-sim-token", Timeout: 10 * time.Second}
	var err error
	o.Desk, err = accept.NewDesk(accept.Deps{
		ERPNext: erp, DocuSeal: docuseal.New(cfg, nil), Signing: cfg, Store: o.store, News: hubtest.News{Ring: o.store}, Mail: o.mail,
		Public: func(path string) string { return "https://hub.example" + path }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) post(path, body string) string {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.seal.URL+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "docuseal-sim-token")
	resp, err := o.seal.Client().Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: %d %s %v", path, resp.StatusCode, answer, err)
	}
	return string(answer)
}

// The first of two signatures accepts nothing; it has the second one asked for.
func TestTwoSigners(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var signers []docuseal.Submitter
	made := o.post("/api/submissions", fmt.Sprintf(`{"template_id":2,"send_email":false,"submitters":[
		{"role":"Client","name":"Ann Tremblay","external_id":%q},{"role":"Entreprise","name":"Guy Inventé","email":"guy@example.com","phone":"+15145550142"}]}`, o.quotation))
	if err := json.Unmarshal([]byte(made), &signers); err != nil || len(signers) != 2 {
		t.Fatal(made, err)
	}
	seal := accept.Seal{Submission: signers[0].SubmissionID}

	o.post("/_sim/complete", fmt.Sprintf(`{"submission":%d,"role":"Client"}`, seal.Submission))
	for range 2 { // the delivery comes twice
		if state, job, err := o.Signed(t.Context(), seal); state != "waiting-for-signers" || job != "" || err != nil {
			t.Fatalf("after the first: %q %q %v", state, job, err)
		}
	}
	for _, to := range []string{"guy@example.com", "+15145550142"} {
		sent := 0
		for _, m := range o.mail {
			if m.To == to && m.Vars["Link"] == signers[1].EmbedSrc && m.Template == "accept.link" {
				sent++
			}
		}
		if sent != 1 {
			t.Errorf("%d links to the second signer: %+v", sent, o.mail)
		}
	}
	if page, _, err := o.store.Jobs(t.Context(), keep.Filter{Kind: accept.KindOutcome}); err != nil || len(page) != 0 {
		t.Fatalf("half an envelope was accepted: %+v %v", page, err)
	}

	o.post("/_sim/complete", fmt.Sprintf(`{"submission":%d}`, seal.Submission))
	state, id, err := o.Signed(t.Context(), seal) // as submission.completed has it: nothing of the signer
	if state != "taken" || err != nil {
		t.Fatalf("after the second: %q %v", state, err)
	}
	job, err := o.store.Job(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var evidence accept.Signature
	if err := json.Unmarshal(job.Payload, &evidence); err != nil || evidence.Address != "198.51.100.7" || evidence.Agent != "Mozilla/5.0 (simulated)" || evidence.Quotation != o.quotation {
		t.Errorf("evidence %+v %v", evidence, err)
	}
}
