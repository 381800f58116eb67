package agenda_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// running has agendas kept fresh until the test ends, all of them replicas of one
// hub.
func (p *plant) running(t *testing.T, n int) []*agenda.Agenda {
	t.Helper()
	store := hubtest.Store(t)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	t.Cleanup(func() { stop(); all.Wait() })
	replicas := make([]*agenda.Agenda, n)
	for i := range replicas {
		a := agenda.New(agenda.Deps{ERPNext: p.erp, Radio: store, Now: clock, Every: time.Hour})
		replicas[i] = a
		all.Go(func() {
			if err := a.Run(ctx); err != nil {
				t.Errorf("replica %d: %v", i, err)
			}
		})
		hubtest.Await(t, "it has read", func() bool { return !a.AsOf().IsZero() })
	}
	return replicas
}

// TestChangesAreKnownEverywhere within seconds, though ERPNext is read by the clock
// only once an hour here.
func TestChangesAreKnownEverywhere(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	replicas := p.running(t, 2)
	job := p.job(t, "new", nil)
	replicas[0].Changed("Dispatch Job", job)
	for _, a := range replicas {
		hubtest.Await(t, "the visit is known", func() bool { return len(a.Of("T1")) == 1 })
	}
}

// TestSwarmsOfChangesAreReadOnce.
func TestSwarmsOfChangesAreReadOnce(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	a := p.running(t, 1)[0]
	job := p.job(t, "one of many", nil)
	p.calls.Store(0)
	for range 10_000 {
		a.Changed("Dispatch Job", job)
		a.Changed("Sales Invoice", "ACC-SINV-2026-00001")
	}
	hubtest.Await(t, "the visit is known", func() bool { return len(a.Jobs()) == 1 })
	if n := p.calls.Load(); n > 4 {
		t.Errorf("it took %d calls", n)
	}
}

// TestAnAbsentERPNextIsAskedAgain, and what was known stays known. A change is read
// within 5 s, everything within a minute.
func TestAnAbsentERPNextIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		wire := roundTripper(func(r *http.Request) (*http.Response, error) {
			if away.Load() {
				return nil, context.DeadlineExceeded
			}
			return emptyAnswer(r, "", ""), nil
		})
		erp := erpnexttest.Client(t, "http://erpnext.test", wire)
		a := agenda.New(agenda.Deps{ERPNext: erp, Now: time.Now})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		synctest.Wait()
		first := a.AsOf()
		if first.IsZero() {
			t.Fatal("it was not read at once")
		}
		time.Sleep(61 * time.Second) // of the bubble's clock
		if second := a.AsOf(); second.Sub(first) < time.Minute {
			t.Errorf("it is as of %s after a minute, first %s", second, first)
		}
		before := a.AsOf()
		a.Changed("Dispatch Job", "DJ-00001")
		time.Sleep(5 * time.Second)
		if !a.AsOf().After(before) {
			t.Error("a change is not known after 5 s")
		}
		away.Store(true)
		time.Sleep(5 * time.Minute)
		stale := a.AsOf()
		away.Store(false)
		time.Sleep(2 * time.Minute) // the breaker closes again
		if !a.AsOf().After(stale) {
			t.Errorf("it is still as of %s", stale)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestWorkOrdersOfOtherDays are asked for one by one, whoever asks; and what is not
// there is not asked for again and again.
func TestWorkOrdersOfOtherDays(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	p.refresh(t)
	job := p.job(t, "tomorrow", map[string]any{"scheduled_date": "2026-11-24", "assigned_tech": nil, "status": "Open", "published": 0})
	p.calls.Store(0)
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			v, err := p.agenda.Job(t.Context(), job)
			if err != nil || v.Subject != "tomorrow" || v.Date != "2026-11-24" || !v.Placed {
				t.Errorf("%+v, %v", v, err)
			}
			if _, err := p.agenda.Job(t.Context(), "DJ-99999"); !hub.IsKind(err, hub.NotFound) {
				t.Errorf("one that is not there: %v", err)
			}
		})
	}
	asking.Wait()
	if n := p.calls.Load(); n > 4 {
		t.Errorf("20 readers cost %d calls", n)
	}
	if err := p.erp.SetValue(t.Context(), "Dispatch Job", job, erpnext.Values{"subject": "moved"}); err != nil {
		t.Fatal(err)
	}
	p.agenda.Changed("Dispatch Job", job)
	if v, err := p.agenda.Job(t.Context(), job); err != nil || v.Subject != "moved" {
		t.Errorf("after the change it is %q, %v", v.Subject, err)
	}
	p.down.Store(true)
	if _, err := p.agenda.Job(t.Context(), "DJ-00098"); err == nil || hub.IsKind(err, hub.NotFound) {
		t.Errorf("without ERPNext: %v", err)
	}
}

// TestALookSeesTheDay as it is, though nobody told of the change: one reading for all
// who look, and the day as it was known while ERPNext is away.
func TestALookSeesTheDay(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	job := p.job(t, "today", map[string]any{"status": "Assigned"})
	var later atomic.Int64 // seconds
	a := agenda.New(agenda.Deps{ERPNext: p.erp, Now: func() time.Time { return now.Add(time.Duration(later.Load()) * time.Second) }})
	if err := a.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.erp.SetValue(t.Context(), "Dispatch Job", job, erpnext.Values{"status": erpnext.JobCancelled}); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		v, err := a.Job(t.Context(), job)
		if err != nil {
			t.Error(err)
		}
		return v.Status
	}
	if was := look(); was != erpnext.JobAssigned {
		t.Errorf("just read, it is %q", was)
	}
	later.Add(11)
	p.calls.Store(0)
	var looking sync.WaitGroup
	for range 20 {
		looking.Go(func() {
			if is := look(); is != erpnext.JobCancelled {
				t.Errorf("11 s later it is %q", is)
			}
		})
	}
	looking.Wait()
	if n := p.calls.Load(); n > 3 {
		t.Errorf("20 looks cost %d calls", n)
	}
	if err := p.erp.SetValue(t.Context(), "Dispatch Job", job, erpnext.Values{"status": erpnext.JobAssigned}); err != nil {
		t.Fatal(err)
	}
	later.Add(2)
	if a.Changed("Dispatch Job", job); look() != erpnext.JobAssigned {
		t.Error("a change of which the hub was told is not seen at once")
	}
	p.down.Store(true)
	later.Add(11)
	p.calls.Store(0)
	for range 5 {
		if is := look(); is != erpnext.JobAssigned {
			t.Errorf("without ERPNext it is %q", is)
		}
	}
	if n := p.calls.Load(); n > 4 {
		t.Errorf("an ERPNext that is away is asked %d times", n)
	}
}

// TestAChangeWhileAWorkOrderIsRead: what was read before it is not kept.
func TestAChangeWhileAWorkOrderIsRead(t *testing.T) {
	t.Parallel()
	var a *agenda.Agenda
	var asked atomic.Int32
	erp := erpnexttest.Client(t, "http://erpnext.test", roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/Dispatch Job") && asked.Add(1) == 1 {
			a.Changed("Dispatch Job", "DJ-00001")
		}
		return emptyAnswer(r, "", ""), nil
	}))
	a = agenda.New(agenda.Deps{ERPNext: erp, Now: clock})
	for i := range 3 {
		if _, err := a.Job(t.Context(), "DJ-00001"); !hub.IsKind(err, hub.NotFound) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("it was read %d times", n)
	}
}

// TestWithoutERPNext there is nothing, and nobody is on shift.
func TestWithoutERPNext(t *testing.T) {
	t.Parallel()
	a := agenda.New(agenda.Deps{})
	if _, err := a.Job(t.Context(), "DJ-00001"); !hub.HasCode(err, "part-off") {
		t.Errorf("a visit: %v", err)
	}
	if err := a.Refresh(t.Context()); err != nil || len(a.Jobs()) > 0 || a.OnShift("T1", now) || !a.Knows("T1") || !a.AsOf().IsZero() {
		t.Errorf("%v, %v", err, a.Jobs())
	}
}
