package erpnext

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/simkit"
)

func lay(t *testing.T, sim *erpnextsim.Site, doctype string, doc map[string]any) string {
	t.Helper()
	name, err := sim.Put(doctype, doc)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// tales are stories with documents of their own, told without trouble.
func tales(t *testing.T, c *Client, sim *erpnextsim.Site) {
	t.Helper()
	quotationStory(t, c, sim)
	jobStory(t, c, sim)
	fileStory(t, c, sim)
	refusals(t, c, sim)
}

func faults(t *testing.T, c *Client) []string {
	t.Helper()
	var out []string
	for _, f := range Check(t.Context(), c) {
		if f.Level != Fine {
			out = append(out, string(f.Level)+" "+f.About+": "+f.Text)
		}
	}
	return out
}

func checkBareSite(t *testing.T, c *Client) {
	t.Helper()
	got := strings.Join(faults(t, c), "\n")
	for _, want := range []string{"fault Dispatch Job: The doctype does not exist.", "fault Quotation.custom_quote_type: The field does not exist."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among the findings:\n%s", want, got)
		}
	}
}

func quotationStory(t *testing.T, c *Client, sim *erpnextsim.Site) {
	t.Helper()
	customer := lay(t, sim, "Customer", map[string]any{"customer_name": "Cy Roy", "customer_type": "Individual", "cell_phone": "514-555-0100"})
	item := lay(t, sim, "Item", map[string]any{"item_code": "FIBRE-600", "item_name": "Fibre 500", "item_group": "Services",
		"stock_uom": "Nos", "custom_billing_frequency": BilledMonthly})
	name := lay(t, sim, "Quotation", map[string]any{
		"quotation_to": "Customer", "party_name": customer, "company": "TARGO", "currency": "CAD", "custom_quote_type": Residential,
		"conversion_rate": 1, "plc_conversion_rate": 1, "selling_price_list": "Standard Selling", "price_list_currency": "CAD",
		"items": []any{map[string]any{"item_code": item, "item_name": "Fibre 500", "qty": 2, "rate": 39.95, "uom": "Nos", "conversion_factor": 1}},
	})
	ctx := t.Context()
	if err := c.Submit(ctx, "Quotation", name); err != nil {
		t.Fatal(err)
	}
	if err := c.Submit(ctx, "Quotation", name); err != nil {
		t.Errorf("submitting again: %v", err)
	}
	at := At(time.Date(2026, 4, 23, 18, 0, 0, 0, time.UTC))
	link := "https://hub.example.test/accept/" + strings.Repeat("x", 300)
	var q Quotation
	err := c.Update(ctx, "Quotation", name, Values{
		"custom_accepted_at": at, "custom_acceptance_method": SignedByLink, "custom_docuseal_signing_url": link,
		"custom_wizard_steps": JSONText(`[{"id":"a"}]`),
	}, &q)
	if err != nil {
		t.Fatal(err)
	}
	if !q.AcceptedAt.Time.Equal(at.Time) || q.SigningURL != link || q.WizardSteps != `[{"id":"a"}]` || q.DocStatus != Submitted {
		t.Errorf("quotation = %+v", q)
	}
	if len(q.Items) != 1 || q.Items[0].Amount.String() != "79.90" || q.Items[0].BillingFrequency != BilledMonthly {
		t.Errorf("items = %+v", q.Items)
	}
	err = c.Update(ctx, "Quotation", name, Values{"custom_signer_ip": "192.0.2.7", "modified": "2020-01-01 00:00:00"}, nil)
	if !IsConflict(err) {
		t.Errorf("a stale write: %v", err)
	}
	err = c.Update(ctx, "Quotation", name, Values{"valid_till": "2030-01-01"}, nil)
	if !IsValidation(err) || !hub.HasCode(err, "erpnext-refused") || hub.ProblemOf(err).Detail == "" {
		t.Errorf("a field that is closed after submit: %v", err)
	}
	rows, err := Children[QuotationItem](ctx, c, "Quotation", "Quotation Item", name, "SAL-QTN-0")
	if err != nil || len(rows) != 1 || rows[0].Parent != name {
		t.Errorf("rows = %+v, %v", rows, err)
	}
	if n, err := c.Count(ctx, "Quotation", Eq("party_name", customer)); err != nil || n != 1 {
		t.Errorf("count = %d, %v", n, err)
	}
	if err := c.Cancel(ctx, "Quotation", name); err != nil {
		t.Error(err)
	}
	if err := c.Cancel(ctx, "Quotation", name); err != nil {
		t.Errorf("cancelling again: %v", err)
	}
}

func refusals(t *testing.T, c *Client, sim *erpnextsim.Site) {
	t.Helper()
	ctx := t.Context()
	insert := func(doctype string, v Values) error { return c.Insert(ctx, doctype, v, nil) }
	_, missing := Get[Issue](ctx, c, "Issue", "ISS-0")
	first := insert("Issue", Values{"subject": "One", "custom_hub_key": "k"})
	for name, tc := range map[string]struct {
		err error
		is  func(error) bool
	}{
		"missing document": {missing, IsNotFound},
		"missing value":    {insert("Service Subscription", Values{"service_category": "Internet"}), IsMandatory},
		"missing link":     {insert("Dispatch Job", Values{"subject": "x", "customer": "Nobody"}), IsLink},
		"taken key":        {insert("Issue", Values{"subject": "Two", "custom_hub_key": "k"}), IsDuplicate},
		"unknown choice":   {insert("Dispatch Job", Values{"subject": "x", "status": "Ouvert"}), IsValidation},
		"unknown field":    {c.List(ctx, Query{Doctype: "Issue", Fields: []string{"nothing"}}, &[]Doc{}), IsValidation},
	} {
		if first != nil || !tc.is(tc.err) || strings.ContainsAny(hub.ProblemOf(tc.err).Detail, "<>\n") {
			t.Errorf("%s: %v (%q)", name, tc.err, hub.ProblemOf(tc.err).Detail)
		}
	}
	sim.Deny("Issue")
	defer sim.Allow("Issue")
	if err := insert("Issue", Values{"subject": "x"}); !IsPermission(err) {
		t.Errorf("a doctype without rights: %v", err)
	}
}

// jobStory: the reply to a create is lost after ERPNext stored the document: exactly one
// job exists afterwards, with its predecessors and its lanes of fields.
func jobStory(t *testing.T, c *Client, sim *erpnextsim.Site) {
	t.Helper()
	before := lay(t, sim, "Dispatch Job", map[string]any{"subject": "Préparation", "scheduled_date": "2026-04-24"})
	job := DispatchJob{
		Subject: "Épissure", JobType: "Installation", Status: JobOnHold, ScheduledDate: "2026-04-25", DurationH: 1.5,
		AssignedGroup: "Fibre", StepOrder: 2, StepID: "drop", HubKey: "CTR-1:drop",
	}
	job.WaitFor(before)
	find := func(ctx context.Context) (*DispatchJob, error) {
		return First[DispatchJob](ctx, c, "Dispatch Job", Eq("hub_key", job.HubKey))
	}
	create := func(ctx context.Context) (*DispatchJob, error) {
		sim.Fault().Fail(simkit.Fault{DropAfterCommit: true, Match: "POST /api/resource"})
		return Insert[DispatchJob](ctx, c, "Dispatch Job", job)
	}
	made, created, err := Ensure(t.Context(), c, find, create)
	if err != nil || !created {
		t.Fatalf("Ensure = %v, %v", created, err)
	}
	again, created, err := Ensure(t.Context(), c, find, create)
	if err != nil || created || again.Name != made.Name {
		t.Errorf("Ensure again = %+v, %v, %v", again, created, err)
	}
	all, err := List[DispatchJob](t.Context(), c, Query{Doctype: "Dispatch Job", OrderBy: "step_order asc",
		Filters: []Filter{In("subject", "Préparation", "Épissure")}})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d jobs, %v", len(all), err)
	}
	if diff := cmp.Diff([]string{before}, made.WaitsFor()); diff != "" || made.Status != JobOnHold || made.DurationH != 1.5 ||
		all[1].DependsOn != before || all[1].AssignedGroup != "Fibre" || !strings.HasPrefix(made.Name, "DJ-") {
		t.Errorf("job = %+v, listed %+v", made, all[1])
	}
}

func fileStory(t *testing.T, c *Client, sim *erpnextsim.Site) {
	t.Helper()
	ctx := t.Context()
	issue := lay(t, sim, "Issue", map[string]any{"subject": "Panne"})
	file, err := c.Attach(ctx, Attachment{Doctype: "Issue", Name: issue, FileName: "signé.pdf", Content: []byte("%PDF-1.7")})
	if err != nil || !strings.HasPrefix(file.FileURL, "/private/files/") {
		t.Fatalf("Attach = %+v, %v", file, err)
	}
	if files, err := c.Attachments(ctx, "Issue", issue); err != nil || len(files) != 1 || files[0].FileURL != file.FileURL {
		t.Errorf("Attachments = %+v, %v", files, err)
	}
	if err := c.AddComment(ctx, "Issue", issue, "Vu & réglé"); err != nil {
		t.Error(err)
	}
	if err := c.SetValue(ctx, "Issue", issue, Values{"priority": "", "assigned_group": "Support"}); err != nil {
		t.Error(err)
	}
	got, err := Get[Issue](ctx, c, "Issue", issue)
	if err != nil || got.AssignedGroup != "Support" || got.Modified.Time.IsZero() {
		t.Errorf("issue = %+v, %v", got, err)
	}
	if err := c.Delete(ctx, "Issue", issue); err != nil {
		t.Error(err)
	}
	if _, err := Get[Issue](ctx, c, "Issue", issue); !IsNotFound(err) {
		t.Errorf("after the delete: %v", err)
	}
}
