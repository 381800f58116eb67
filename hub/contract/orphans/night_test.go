package orphans_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestNight reports, tells the ops app once, and shows what is left.
func TestNight(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	reg := prometheus.NewRegistry()
	p.desk = orphans.New(orphans.Deps{
		ERPNext: p.erp, Store: p.store, News: hubtest.News{Ring: p.store}, Config: orphans.Config{CutOff: "2026-03-29", Most: 500}, Late: 35, Metrics: reg,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	p.serve(t)
	if got := gauges(t, reg); len(got) > 0 {
		t.Errorf("before the first night: %v", got)
	}
	before := p.everything(t)
	task := p.desk.Tasks()[0]
	note, err := task.Run(t.Context())
	if err != nil || note != "3 found, 0 repaired, 0 failed" || task.Name != "orphans" {
		t.Fatalf("%s: %q, %v", task.Name, note, err)
	}
	if wrote := changed(before, p.everything(t)); len(wrote) > 0 {
		t.Errorf("wrote %v", wrote)
	}
	events, _, err := p.store.Read(t.Context(), 0, 10, hub.TopicDocuments)
	if err != nil || len(events) != 1 || events[0].Name != hub.OrphansFound {
		t.Fatalf("%d events, %v", len(events), err)
	}
	var told struct {
		Found  int            `json:"found"`
		Counts map[string]int `json:"counts"`
	}
	want := map[string]int{"job-without-date": 1, "job-hold-stuck": 1, "subscription-without-contract": 1}
	if err := json.Unmarshal(events[0].Data, &told); err != nil || told.Found != 3 || !gocmp.Equal(told.Counts, want) {
		t.Errorf("told %s", events[0].Data)
	}
	left := gauges(t, reg)
	if len(left) != len(orphans.Checks()) {
		t.Errorf("%d gauges of %d checks", len(left), len(orphans.Checks()))
	}
	for check, n := range left {
		if n != float64(want[check]) {
			t.Errorf("%s: %v", check, n)
		}
	}
}

func gauges(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
		}
	}
	return all
}

// TestNightRepairsIfToldTo, but not what was written a moment ago: who did may be
// about to go on.
func TestNightRepairsIfToldTo(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	p.desk = p.another(orphans.Config{CutOff: "2026-03-29", Most: 500, Repair: true})
	p.serve(t)
	if err := lay(p.site, signed("f9").set("DJ2", doc{"scheduled_date": nil}).all()...); err != nil {
		t.Fatal(err)
	}
	if note, err := p.desk.Tasks()[0].Run(t.Context()); err != nil || note != "4 found, 2 repaired, 0 failed" {
		t.Fatalf("%q, %v", note, err)
	}
	_, a := p.ask(t, "GET", route+"?last=1", "")
	for _, f := range a.Findings {
		if f.Name == "DJ2-f9" && (f.Repaired || !f.Fresh || !f.Repairable) {
			t.Errorf("%+v", f)
		}
	}
	if _, a = p.ask(t, "POST", route, "{}"); a.Repaired != 1 {
		t.Errorf("a person repairs %d", a.Repaired)
	}
}

// TestCarriedOnByAnotherHub: a hub that ends in the middle of the repairs leaves
// the rest to the next one, which writes nothing twice.
func TestCarriedOnByAnotherHub(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	p.desk = p.another(orphans.Config{CutOff: "2026-03-29", Most: 500, Repair: true})
	reached, leave := make(chan struct{}), make(chan struct{})
	var writes atomic.Int32
	fault := func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && writes.Add(1) == 2 {
			close(reached)
			<-leave
		}
		return false
	}
	p.fault.Store(&fault)
	stop := p.work(t)
	type outcome struct {
		note string
		err  error
	}
	night := make(chan outcome, 1)
	go func() {
		note, err := p.desk.Tasks()[0].Run(t.Context())
		night <- outcome{note, err}
	}()
	<-reached
	stop()
	close(leave)
	defer p.work(t)()
	if got := <-night; got.err != nil || !strings.HasPrefix(got.note, "2 found, 1 repaired") && !strings.HasPrefix(got.note, "1 found, 0 repaired") {
		t.Errorf("%q, %v", got.note, got.err)
	}
	if r := p.inspect(t, orphans.ModeReport); r.Total != 1 || writes.Load() > 3 {
		t.Errorf("%d left, %d writes", r.Total, writes.Load())
	}
}

// TestNotAllAtOnce: what is beyond the bound waits for the next inspection.
func TestNotAllAtOnce(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	p.desk = p.another(orphans.Config{CutOff: "2026-03-29", Most: 1})
	for i, want := range []struct{ repaired, postponed, total int }{{1, 1, 3}, {1, 0, 2}, {0, 0, 1}} {
		if r := p.inspect(t, orphans.ModeRepair); r.Repaired != want.repaired || r.Postponed != want.postponed || r.Total != want.total {
			t.Errorf("inspection %d: %+v", i, r)
		}
	}
}

// TestWhileERPNextIsAway: the inspection fails as a whole, says so, and leaves the
// last report alone; there is none without ERPNext at all.
func TestWhileERPNextIsAway(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	fault := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "Service%20Equipment") && !strings.Contains(r.URL.Path, "Service Equipment") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"exc_type":"PermissionError"}`)
		return true
	}
	p.fault.Store(&fault)
	if _, err := p.desk.Inspect(t.Context(), orphans.Order{Mode: orphans.ModeRepair}); !erpnext.IsPermission(err) || hub.ProblemOf(err).Code == "internal" {
		t.Errorf("inspected with %v", err)
	}
	off := orphans.New(orphans.Deps{Store: p.store, Config: orphans.Config{CutOff: "2026-03-29"}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if _, err := off.Inspect(t.Context(), orphans.Order{}); !hub.HasCode(err, "part-off") {
		t.Errorf("without ERPNext: %v", err)
	}
	if len(off.Tasks()) > 0 {
		t.Error("a night without ERPNext")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  orphans.Config
		want string
	}{
		"good":     {orphans.Config{CutOff: "2026-03-29", Most: 500}, ""},
		"no day":   {orphans.Config{CutOff: "29 mars", Most: 500}, "cut_off"},
		"none":     {orphans.Config{CutOff: "2026-03-29"}, "most"},
		"too many": {orphans.Config{CutOff: "2026-03-29", Most: 5001}, "most"},
	} {
		err := c.cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
