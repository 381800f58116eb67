package census

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// Words are the site's own words for the states of a job.
type Words interface {
	In(word string) string
	Out(status string) string
}

// Reader reads ERPNext.
type Reader struct {
	ERPNext *erpnext.Client
	CutOff  erpnext.Date // the last day of the legacy import; what was created until then is not judged
	Late    int
	Words   Words
	Now     func() time.Time
}

// batch is how many names are asked for at once.
const batch = 400

// Whole reads everything that was created after the legacy import.
func (r *Reader) Whole(ctx context.Context) (*Census, error) {
	c := &Census{Now: r.Now(), Late: r.Late, Ignored: map[string]int{}}
	var moving, done []*Job
	var filed, open []*Issue
	final := []string{r.Words.Out(erpnext.JobCompleted), r.Words.Out(erpnext.JobCancelled)}
	closed := []string{erpnext.IssueResolved, erpnext.IssueClosed}
	since := erpnext.Where("creation", ">=", r.since())
	group, inner := errgroup.WithContext(ctx)
	fetch(group, &c.Contracts, func() ([]*Contract, error) { return list[Contract](inner, r, "Service Contract", since) })
	fetch(group, &c.Subscriptions, func() ([]*Subscription, error) {
		return list[Subscription](inner, r, "Service Subscription", since)
	})
	fetch(group, &moving, func() ([]*Job, error) {
		return list[Job](inner, r, "Dispatch Job", since, erpnext.Where("status", "not in", final))
	})
	fetch(group, &done, func() ([]*Job, error) {
		return list[Job](inner, r, "Dispatch Job", since, erpnext.In("status", final...), erpnext.IsSet("service_contract"))
	})
	fetch(group, &filed, func() ([]*Issue, error) {
		return list[Issue](inner, r, "Issue", since, erpnext.IsSet("service_contract"))
	})
	fetch(group, &open, func() ([]*Issue, error) {
		return list[Issue](inner, r, "Issue", since, erpnext.IsEmpty("service_contract"), erpnext.Where("status", "not in", closed))
	})
	fetch(group, &c.Devices, func() ([]*Device, error) {
		return list[Device](inner, r, "Service Equipment", since, erpnext.Eq("status", erpnext.EquipmentActive))
	})
	fetch(group, &c.Ignored, func() (map[string]int, error) { return r.ignored(inner) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c.Jobs, c.Issues = append(moving, done...), append(filed, open...)
	return r.complete(ctx, c)
}

// since is the first instant after the legacy import, on the clock of the site.
func (r *Reader) since() string {
	return string(prorata.After(r.CutOff)) + " 00:00:00"
}

// ignored counts what is not read because of its age.
func (r *Reader) ignored(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, doctype := range []string{"Service Contract", "Service Subscription", "Dispatch Job", "Issue", "Service Equipment"} {
		n, err := r.ERPNext.Count(ctx, doctype, erpnext.Where("creation", "<", r.since()))
		if err != nil {
			return nil, fmt.Errorf("counting the imported documents: %w", err)
		}
		if n > 0 {
			counts[doctype] = n
		}
	}
	return counts, nil
}

// fetch has the group read into the place.
func fetch[T any](group *errgroup.Group, into *T, read func() (T, error)) {
	group.Go(func() error {
		got, err := read()
		*into = got
		return err
	})
}

func list[T any](ctx context.Context, r *Reader, doctype string, filters ...erpnext.Filter) ([]*T, error) {
	var rows []*T
	for doc, err := range erpnext.All[T](ctx, r.ERPNext, erpnext.Query{Doctype: doctype, Filters: filters}) {
		if err != nil {
			return nil, fmt.Errorf("comparing the documents: %w", err)
		}
		one := doc
		if job, ok := any(&one).(*Job); ok {
			job.Status = r.Words.In(job.Status)
		}
		rows = append(rows, &one)
	}
	return rows, nil
}

// by is a field of a doctype.
type by struct{ doctype, field string }

// having lists the documents whose field holds one of the values.
func having[T any](ctx context.Context, r *Reader, at by, values []string, more ...erpnext.Filter) ([]*T, error) {
	var rows []*T
	for part := range slices.Chunk(distinct(values), batch) {
		found, err := list[T](ctx, r, at.doctype, append(slices.Clone(more), erpnext.In(at.field, part...))...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// beside is having for documents that are not judged.
func beside[T any](ctx context.Context, r *Reader, at by, values []string, more ...erpnext.Filter) ([]*T, error) {
	rows, err := having[T](ctx, r, at, values, more...)
	for _, one := range rows {
		if h, ok := any(one).(row); ok {
			h.head().Beside = true
		}
	}
	return rows, err
}

func distinct(values []string) []string {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}
