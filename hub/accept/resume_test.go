package accept

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

// resumable is a desk whose site has a contract of a quotation, and one of none.
func resumable(t *testing.T) (*Desk, *sqlite.Engine) {
	t.Helper()
	raw, err := erpnext.Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	site, err := erpnextsim.New(erpnextsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(site.Import(raw), site.AddUser("hub@example.test", "key0", "secret0", "System Manager"))
	put := func(doctype string, values map[string]any) {
		_, failed := site.Put(doctype, values)
		err = errors.Join(err, failed)
	}
	put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	put("Customer", map[string]any{"name": "CUST-1", "customer_name": "Ann Roy", "customer_type": "Individual"})
	put("Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	put("Quotation", map[string]any{"name": "SAL-1", "quotation_to": "Customer", "party_name": "CUST-1", "company": "TARGO",
		"items": []any{map[string]any{"item_code": "FIBRE", "qty": 1, "rate": 39.95}}})
	put("Service Contract", map[string]any{"name": "CTR-1", "customer": "CUST-1", "status": "Signé", "quotation": "SAL-1"})
	put("Service Contract", map[string]any{"name": "CTR-2", "customer": "CUST-1", "status": "Signé"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site)
	t.Cleanup(func() {
		server.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	erp, err := erpnext.New(erpnext.Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	store := hubtest.Store(t)
	return &Desk{erp: erp, store: store, now: time.Now, log: slog.New(slog.DiscardHandler)}, store
}

func TestResumeWalksTheOutcomeAgain(t *testing.T) {
	t.Parallel()
	d, store := resumable(t)
	ran := make(chan string, 2)
	runner := keep.NewRunner(store, d.log, keep.RunnerOptions{Poll: 10 * time.Millisecond})
	runner.Register(keep.Work{Kind: KindOutcome, Do: func(_ context.Context, job keep.Job) (keep.Result, error) {
		ran <- job.ID
		return keep.Result{State: "accepted"}, nil
	}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	job, err := d.take(t.Context(), Signature{Quotation: "SAL-1"})
	if err != nil || <-ran != job.ID {
		t.Fatal(err)
	}
	hubtest.Await(t, "the outcome is there", func() bool {
		now, err := store.Job(t.Context(), job.ID)
		return err == nil && now.Status == keep.Done
	})
	if err := d.Resume(t.Context(), "CTR-1"); err != nil || len(ran) != 1 || <-ran != job.ID {
		t.Errorf("resumed: %v", err)
	}
	if err := d.Resume(t.Context(), "CTR-2"); !hub.IsKind(err, hub.Conflict) {
		t.Errorf("a contract that nobody signed here: %v", err)
	}
	if err := d.Resume(t.Context(), "CTR-9"); !hub.IsKind(err, hub.NotFound) {
		t.Errorf("no contract: %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestResumeNeedsERPNext(t *testing.T) {
	t.Parallel()
	if err := (&Desk{}).Resume(t.Context(), "CTR-1"); !hub.HasCode(err, "part-off") {
		t.Errorf("%v", err)
	}
}

// TestNobodyIsThankedAgain has a second walk long after the first: what is
// remembered of the message is enough.
func TestNobodyIsThankedAgain(t *testing.T) {
	t.Parallel()
	s := &sale{former: []StepState{{Name: "message", State: "done", Trace: "01 02"}}}
	if trace, err := (&Desk{}).thanked(t.Context(), s); err != nil || trace != "01 02" {
		t.Errorf("%q %v", trace, err)
	}
}
