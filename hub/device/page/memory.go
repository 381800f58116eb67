package page

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/saga"
)

// memory is how a device was last seen, without secrets.
type memory struct {
	Row      find.Row                            `json:"row"`
	At       time.Time                           `json:"at"`
	Services kept[[]erpnext.ServiceSubscription] `json:"services"`
	Issues   kept[[]erpnext.Issue]               `json:"issues"`
	Jobs     kept[[]erpnext.DispatchJob]         `json:"jobs"`
	Line     kept[json.RawMessage]               `json:"line"`
}

// kept is one answer as it was last had; At is zero when it never was.
type kept[T any] struct {
	Value T         `json:"value"`
	At    time.Time `json:"at"`
}

const (
	keptFor     = 7 * 24 * time.Hour
	refreshed   = 10 * time.Minute // how old what is remembered may get while nothing moved
	memoryWaits = 250 * time.Millisecond
)

func keyOf(c find.Code) string { return "device:seen:" + c.Key() }

// recall gives what is remembered; nil when there is nothing, or nobody to ask.
func (d *Desk) recall(ctx context.Context, c find.Code) *memory {
	ctx, stop := context.WithTimeout(ctx, memoryWaits)
	defer stop()
	m := new(memory)
	found, err := saga.Recall(ctx, d.Store, keyOf(c), m)
	if err != nil {
		d.Log.Warn("device memory is away", "err", err)
	}
	if err != nil || !found || m.Row.Name == "" {
		return nil
	}
	return m
}

// remember keeps what was found, when it is news. It is a help, no duty: a page is
// shown without it.
func (d *Desk) remember(ctx context.Context, c find.Code, f *facts) {
	if f.row == nil {
		return
	}
	m := memory{Row: *f.row, At: f.at}
	m.Row.WifiSSID = ""
	if old := f.known; old != nil && tieOf(&old.Row) == tieOf(f.row) {
		m.Services, m.Issues, m.Jobs, m.Line = old.Services, old.Issues, old.Jobs, old.Line
		if f.at.Sub(old.At) < refreshed && old.Row.Modified.Text == f.row.Modified.Text && old.whole() {
			return
		}
	}
	keepIf(&m.Services, f.services)
	keepIf(&m.Issues, f.issues)
	keepIf(&m.Jobs, f.jobs)
	if raw, err := json.Marshal(f.line.value); err == nil && f.line.value != nil {
		keepIf(&m.Line, answer[json.RawMessage]{raw, f.line.err, f.line.at})
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), memoryWaits)
	defer stop()
	if err := saga.Remember(ctx, d.Store, keyOf(c), m, keptFor); err != nil {
		d.Log.Warn("device memory is away", "err", err)
	}
}

// Seen is told of a device that a scan led to: whoever looks at it next need not
// wait for the device before what hangs on it is read.
func (d *Desk) Seen(ctx context.Context, row *find.Row) {
	c, err := find.Read(cmp.Or(row.SerialNumber, row.Name))
	if err != nil {
		return
	}
	if old := d.recall(ctx, c); old != nil && tieOf(&old.Row) == tieOf(row) {
		return
	}
	d.remember(ctx, c, &facts{row: row, at: d.Now().UTC()})
}

// whole tells that there is something of all that ERPNext tells.
func (m *memory) whole() bool {
	return !m.Services.At.IsZero() && !m.Issues.At.IsZero() && !m.Jobs.At.IsZero()
}

func keepIf[T any](k *kept[T], a answer[T]) {
	if a.err == nil && !a.at.IsZero() {
		*k = kept[T]{a.value, a.at}
	}
}

// forget drops what is remembered of a device that is not there any more.
func (d *Desk) forget(ctx context.Context, c find.Code, known *memory) {
	if known == nil {
		return
	}
	if err := d.Store.Drop(ctx, keyOf(c)); err != nil {
		d.Log.Warn("device memory is away", "err", err)
	}
}
