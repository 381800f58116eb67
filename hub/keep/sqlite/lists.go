package sqlite

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// stored is a job with what only this engine knows of it.
type stored struct {
	keep.Job
	seq     int64
	started int64
}

const selectJob = `SELECT jobs.seq, id, kind, lane, dedupe, stage, state, note, due, fence, seen, tries, started,
 created, updated, doctype, name, customer, technician, correlation, attempts, result, headers`

// Job implements keep.Lists.
func (e *Engine) Job(ctx context.Context, id string) (job keep.Job, err error) {
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		found, ok, err := readJob(ctx, c, `id = ?`, id)
		if err == nil && !ok {
			err = keep.ErrNotFound
		}
		job = found.Job
		return err
	})
	return job, err
}

// Jobs implements keep.Lists.
func (e *Engine) Jobs(ctx context.Context, f keep.Filter) (page []keep.Job, next string, err error) {
	query, args, p, err := listing(f)
	if err != nil {
		return nil, "", err
	}
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		return c.Rows(ctx, func(r raw.Row) error {
			if p.more(r.Int(0)) {
				page = append(page, scanJob(r).Job)
			}
			return nil
		}, query, args...)
	})
	return page, p.next, err
}

// listing writes the query of a page. What is sorted are the numbers of the jobs,
// not the jobs.
func listing(f keep.Filter) (query string, args []raw.Value, p *pager, err error) {
	where, args := narrow(f)
	p = &pager{}
	where, args, err = p.start(f.Limit, f.Cursor, where, args)
	query = selectJob + ` FROM jobs JOIN bodies ON bodies.seq = jobs.seq WHERE jobs.seq IN
 (SELECT seq FROM jobs` + where + ` ORDER BY seq DESC LIMIT ?) ORDER BY jobs.seq DESC`
	return query, args, p, err
}

// narrow writes the filter as SQL.
func narrow(f keep.Filter) (where string, args []raw.Value) {
	add := func(given bool, clause string, values ...raw.Value) {
		if given {
			where += " AND " + clause
			args = append(args, values...)
		}
	}
	// Few jobs are in a status other than done, and the index leads to them. In
	// all other cases the newest jobs are looked through; the plus keeps SQLite
	// from reading and sorting all jobs of a kind instead.
	kind, narrower := "+kind", f.Dedupe+f.Name+f.Customer+f.Lane != ""
	if f.Status != "" && f.Status != keep.Done && !narrower {
		kind = "kind"
		add(f.Kind == "", "kind IN (SELECT kind FROM kinds)")
	}
	if prefix, family := strings.CutSuffix(f.Kind, "."); family {
		add(true, kind+" >= ? AND "+kind+" < ?", f.Kind, prefix+"/") // "/" follows "."
	} else {
		add(f.Kind != "", kind+" = ?", f.Kind)
	}
	stage, _ := form.Stage(f.Status)
	add(f.Status == keep.Pending, "stage IN (0, 1)")
	add(f.Status != "" && f.Status != keep.Pending, "stage = ?", stage)
	add(f.State != "", "state = ?", f.State)
	add(f.Lane != "", "lane = ?", f.Lane)
	add(f.Dedupe != "", `seq IN (SELECT seq FROM dedupes WHERE hash = ? UNION ALL
 SELECT seq FROM jobs WHERE seq > (SELECT indexed FROM marks) AND dedupe = ?) AND dedupe = ?`,
		keys.Hash(f.Dedupe), f.Dedupe, f.Dedupe)
	add(f.Customer != "", "customer = ? AND customer <> ''", f.Customer)
	add(f.Doctype != "", "doctype = ?", f.Doctype)
	add(f.Name != "", "name = ? AND name <> ''", f.Name)
	add(!f.Since.IsZero(), "created >= ?", f.Since.UnixMicro())
	add(f.Text != "", `has_text(concat_ws(char(10), dedupe, note, name, customer), ?)`, f.Text)
	return where, args
}

// pager turns pages: newest first by a rising number that is also the cursor.
type pager struct {
	limit, seen int
	last        int64
	next        string
}

func (p *pager) start(limit int, cursor, where string, args []raw.Value) (string, []raw.Value, error) {
	p.limit = 50
	if limit > 0 {
		p.limit = min(limit, 200)
	}
	if cursor != "" {
		below, err := strconv.ParseInt(cursor, 36, 64)
		if err != nil {
			return "", nil, hub.Fail(hub.Invalid, "invalid", "The cursor is not one of ours.", err)
		}
		where += " AND seq < ?"
		args = append(args, below)
	}
	if where != "" {
		where = " WHERE " + strings.TrimPrefix(where, " AND ")
	}
	return where, append(args, int64(p.limit+1)), nil
}

// more tells whether the line belongs to the page; the one after it gives the cursor.
func (p *pager) more(seq int64) bool {
	if p.seen++; p.seen > p.limit {
		p.next = strconv.FormatInt(p.last, 36)
		return false
	}
	p.last = seq
	return true
}

// Counts implements keep.Lists.
func (e *Engine) Counts(ctx context.Context) (counts []keep.Count, err error) {
	now := e.opts.Clock().UnixMicro()
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		return c.Rows(ctx, func(r raw.Row) error {
			count := keep.Count{Kind: r.Text(0), Status: form.Status(r.Int(1)), N: int(r.Int(2))}
			if count.Status == keep.Pending {
				count.Oldest = max(0, time.Duration(now-r.Int(3))*time.Microsecond)
			}
			counts = append(counts, count)
			return nil
		}, `SELECT kind, max(stage, 1) AS part, count(*), min(due) FROM jobs GROUP BY kind, part ORDER BY kind, part`)
	})
	return counts, err
}

// readJob reads one job with its payload.
func readJob(ctx context.Context, c *raw.Conn, where string, args ...raw.Value) (j stored, ok bool, err error) {
	r, ok, err := c.One(ctx, selectJob+`, payload FROM jobs JOIN bodies ON bodies.seq = jobs.seq WHERE `+where, args...)
	if err != nil || !ok {
		return stored{}, false, err
	}
	j = scanJob(r)
	j.Payload = r.Bytes(len(r) - 1)
	return j, true, nil
}

// scanJob reads a line of selectJob.
func scanJob(r raw.Row) stored {
	j := stored{seq: r.Int(0), started: r.Int(12)}
	j.Job = keep.Job{
		ID: r.Text(1), Kind: r.Text(2), Lane: r.Text(3), Dedupe: r.Text(4), Status: form.Status(r.Int(5)),
		State: r.Text(6), Note: r.Text(7), Due: r.Time(8),
		Fence: r.Int(9), Seen: int(r.Int(10)), Tries: int(r.Int(11)),
		Created: r.Time(13), Updated: r.Time(14),
		Subject: keep.Subject{
			Doctype: r.Text(15), Name: r.Text(16), Customer: r.Text(17), Technician: r.Text(18), Correlation: r.Text(19),
		},
		Attempts: form.ReadAttempts(r.Text(20)), Result: r.Bytes(21),
	}
	// What cannot be read was not written by us; the job itself is still good.
	_ = json.Unmarshal([]byte(r.Text(22)), &j.Headers)
	return j
}
