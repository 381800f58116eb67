package dispatch_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/dispatch"
)

const (
	benchJobs   = 200
	benchDelay  = 50 * time.Millisecond // of every answer of ERPNext
	benchRounds = 7
)

// BenchmarkGatewayBoard reads a board of 200 jobs, each of another customer at
// another place, from an ERPNext that takes 50 ms for every answer. Beside it
// stands what such a board costs when each job is enriched by itself, eight reads
// at a time. It takes its own time whatever b.N is.
func BenchmarkGatewayBoard(b *testing.B) {
	p := newPlant(b, erpnextsim.V16, benchDelay)
	p.fill(b, benchJobs)
	p.calls.Store(0)
	p.read(b, dispatch.BoardOf{})
	calls := p.calls.Load()
	ours := median(func() { p.read(b, dispatch.BoardOf{}) })
	p.calls.Store(0)
	peer := median(func() {
		if err := p.oneByOne(b.Context()); err != nil {
			b.Fatal(err)
		}
	})
	fmt.Fprintf(os.Stdout, "BENCH gateway-board-200 ours=%.4g peer=%.4g unit=ms-lib ratio=%.3f note=one read per customer and per place, eight at a time; both with 50 ms per answer of ERPNext (goal: ours below 400)\n",
		ours, peer, ours/peer)
	fmt.Fprintf(os.Stdout, "BENCH gateway-board-200-calls ours=%d peer=%d unit=calls-lib ratio=%.3f note=calls to ERPNext for one board (goal: at most 6)\n",
		calls, int(p.calls.Load())/benchRounds, float64(calls)/(float64(p.calls.Load())/benchRounds))
	b.ReportMetric(0, "ns/op")
}

// median is in milliseconds.
func median(run func()) float64 {
	took := make([]float64, benchRounds)
	for i := range took {
		start := time.Now()
		run()
		took[i] = float64(time.Since(start).Microseconds()) / 1000
	}
	slices.Sort(took)
	return took[benchRounds/2]
}

func (p *plant) oneByOne(ctx context.Context) error {
	jobs, err := erpnext.List[erpnext.DispatchJob](ctx, p.erp, erpnext.Query{Doctype: "Dispatch Job"})
	if err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(8)
	for _, job := range jobs {
		work.Go(func() error { return p.erp.Get(ctx, "Customer", job.Customer, &erpnext.Customer{}) })
		work.Go(func() error {
			return p.erp.Get(ctx, "Service Location", job.ServiceLocation, &erpnext.ServiceLocation{})
		})
	}
	return work.Wait()
}
