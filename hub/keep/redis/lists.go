package redis

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/form"
)

// Job implements keep.Lists.
func (e *Engine) Job(ctx context.Context, id string) (keep.Job, error) {
	reply, err := e.run(ctx, "job", "", id)
	if err != nil {
		return keep.Job{}, err
	}
	if len(reply) == 0 {
		return keep.Job{}, keep.ErrNotFound
	}
	job, err := form.Read(reply, true)
	return job.Job, err
}

const (
	pageMax   = 200
	pageUsual = 50
)

// Jobs implements keep.Lists. The narrowest list that the filter names is read
// from its newest end, in chunks, and what else the filter asks for is looked
// for in them.
func (e *Engine) Jobs(ctx context.Context, f keep.Filter) (page []keep.Job, next string, err error) {
	limit := pageUsual
	if f.Limit > 0 {
		limit = min(f.Limit, pageMax)
	}
	below, err := parseCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	var last int64
	for {
		chunk, more, err := e.chunk(ctx, f, below, limit+1)
		if err != nil {
			return nil, "", err
		}
		for _, j := range chunk {
			below = j.Seq
			if !form.Match(f, &j.Job) {
				continue
			}
			if len(page) == limit {
				return page, strconv.FormatInt(last, 36), nil
			}
			page, last = append(page, j.Job), j.Seq
		}
		if !more || past(f.Since, chunk) {
			return page, "", nil
		}
	}
}

// clockSlack is how far apart the instants of jobs may be that were put one after
// the other: the clock may have been set back.
const clockSlack = 48 * time.Hour

// past tells whether all jobs that follow were created long before the instant.
func past(since time.Time, chunk []form.Stored) bool {
	return !since.IsZero() && len(chunk) > 0 && chunk[len(chunk)-1].Created.Before(since.Add(-clockSlack))
}

// chunk reads the next jobs below a number; more says that there may be others.
func (e *Engine) chunk(ctx context.Context, f keep.Filter, below int64, n int) ([]form.Stored, bool, error) {
	if f.Dedupe != "" {
		all, err := e.byKey(ctx, f.Dedupe, below)
		return all, false, err
	}
	one := ""
	switch {
	case f.Name != "":
		one = "name:" + f.Name
	case f.Lane != "":
		one = "history:" + f.Lane
	case f.Customer != "":
		one = "customer:" + f.Customer
	}
	if f.Text != "" || f.State != "" || f.Doctype != "" || f.Status == keep.Done || f.Status == keep.Pending {
		n = pageMax
	}
	from := ""
	if below > 0 {
		from = strconv.FormatInt(below, 10)
	}
	reply, err := e.run(ctx, "page", "", from, n, one, f.Kind, string(f.Status))
	if err != nil {
		return nil, false, err
	}
	all, err := form.ReadAll(reply, false)
	return all, len(all) == n, err
}

func (e *Engine) byKey(ctx context.Context, key string, below int64) ([]form.Stored, error) {
	reply, err := e.run(ctx, "bykey", "", key)
	if err != nil {
		return nil, err
	}
	all, err := form.ReadAll(reply, false)
	all = slices.DeleteFunc(all, func(j form.Stored) bool { return below > 0 && j.Seq >= below })
	slices.SortFunc(all, func(a, b form.Stored) int { return cmp.Compare(b.Seq, a.Seq) })
	return all, err
}

// parseCursor reads the number below which the next page begins; 0 is none.
func parseCursor(cursor string) (below int64, err error) {
	if cursor == "" {
		return 0, nil
	}
	below, err = strconv.ParseInt(cursor, 36, 64)
	if err != nil || below <= 0 {
		return 0, hub.Fail(hub.Invalid, "invalid", "The cursor is not one of ours.", err)
	}
	return below, nil
}

// Counts implements keep.Lists.
func (e *Engine) Counts(ctx context.Context) (counts []keep.Count, err error) {
	reply, err := e.run(ctx, "counts", "")
	if err != nil {
		return nil, err
	}
	for _, line := range reply {
		c, _ := line.([]any)
		if len(c) < 4 {
			continue
		}
		counts = append(counts, keep.Count{
			Kind: form.Text(c[0]), Status: keep.Status(form.Text(c[1])), N: int(form.Int(c[2])),
			Oldest: time.Duration(form.Int(c[3])) * time.Microsecond,
		})
	}
	slices.SortStableFunc(counts, func(a, b keep.Count) int { return cmp.Compare(a.Kind, b.Kind) })
	return counts, nil
}
