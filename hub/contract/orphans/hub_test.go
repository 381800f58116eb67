package orphans_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/activation"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// another makes a desk with other settings.
func (p *plant) another(cfg orphans.Config) *orphans.Desk {
	news := hubtest.News{Ring: p.store}
	log := slog.New(slog.DiscardHandler)
	clock := func() time.Time { return now }
	bills := bill.New(p.erp, bill.Config{
		Company: "TARGO", IncomeAccount: "Ventes - T", TPSAccount: "TPS - T", TVQAccount: "TVQ - T", UOM: "Nos", DueDays: 30,
	}, func() erpnext.Date { return erpnext.DateOf(now) })
	active := activation.NewDesk(activation.Deps{ERPNext: p.erp, Store: p.store, News: news, Bills: bills, Late: 35, Now: clock, Log: log})
	return orphans.New(orphans.Deps{
		ERPNext: p.erp, Store: p.store, News: news, Config: cfg, Late: 35, Now: clock, Log: log,
		Stories: orphans.Stories{
			Resume: p.resume, Unblock: p.unblock,
			Activate: func(ctx context.Context, name string) error {
				job, err := erpnext.Get[erpnext.DispatchJob](ctx, p.erp, "Dispatch Job", name)
				if err == nil {
					_, err = active.Activate(ctx, job)
				}
				return err
			},
		},
	})
}

// resume does what the acceptance does, in short: what is there is left alone.
func (p *plant) resume(ctx context.Context, contract string) error {
	c, err := erpnext.Get[erpnext.ServiceContract](ctx, p.erp, "Service Contract", contract)
	if err != nil {
		return err
	}
	ensure := func(doctype, key string, doc erpnext.Values) (string, error) {
		found, err := erpnext.First[erpnext.Doc](ctx, p.erp, doctype, erpnext.Eq("service_contract", contract))
		if err != nil || found != nil {
			return found.Name, err
		}
		doc["service_contract"], doc["customer"], doc["service_location"], doc[key] = contract, c.Customer, c.ServiceLocation, "contract:"+contract
		made, err := erpnext.Insert[erpnext.Doc](ctx, p.erp, doctype, doc)
		if err != nil {
			return "", err
		}
		return made.Name, nil
	}
	issue, err := ensure("Issue", "custom_hub_key", erpnext.Values{"subject": "Installation " + contract})
	if err != nil {
		return err
	}
	if _, err = ensure("Dispatch Job", "hub_key", erpnext.Values{
		"subject": "Installation", "status": "Open", "source_issue": issue, "scheduled_date": "2026-05-20",
	}); err != nil {
		return err
	}
	sub, err := ensure("Service Subscription", "hub_key", erpnext.Values{
		"service_category": "Internet", "plan_name": "Fibre", "status": erpnext.StatusPending, "monthly_price": c.MonthlyRate,
	})
	if err != nil || c.ServiceSubscription == sub {
		return err
	}
	return p.erp.Update(ctx, "Service Contract", contract, erpnext.Values{"service_subscription": sub}, nil)
}

// unblock releases a job, as dispatch does.
func (p *plant) unblock(ctx context.Context, job string) error {
	_, err := erpnext.Revise(ctx, p.erp, "Dispatch Job", job, func(j *erpnext.DispatchJob) (erpnext.Values, error) {
		if j.Status != erpnext.JobOnHold {
			return nil, nil
		}
		return erpnext.Values{"status": erpnext.JobOpen}, nil
	})
	return err
}

// work starts a runner; stop ends it, and gives running work no time.
func (p *plant) work(t *testing.T) (stop func()) {
	t.Helper()
	runner := keep.NewRunner(p.store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 20 * time.Millisecond, Drain: time.Millisecond})
	for _, w := range p.desk.Work() {
		runner.Register(w)
	}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	return sync.OnceFunc(func() {
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// serve starts a runner and an edge.
func (p *plant) serve(t *testing.T) *plant {
	t.Helper()
	stop := p.work(t)
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	p.desk.Mount(edge.Router())
	p.hub = httptest.NewServer(edge.Handler())
	t.Cleanup(func() {
		p.hub.Close()
		stop()
	})
	return p
}

// ask calls the hub as a member of the staff, with further headers as pairs.
func (p *plant) ask(t *testing.T, method, path, body string, headers ...string) (int, orphans.Answer) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.hub.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(hubtest.RoleHeader, "staff")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close() //nolint:errcheck // read to the end
	if w.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s may be cached", path)
	}
	var a orphans.Answer
	if err := json.NewDecoder(w.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, a
}
