package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
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
	err = e.read(ctx, func(c *conn) error {
		found, ok, err := c.job(ctx, `id = ?`, id)
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
	err = e.read(ctx, func(c *conn) error {
		return c.rows(ctx, func(r row) error {
			if p.more(r.int(0)) {
				page = append(page, scanJob(r).Job)
			}
			return nil
		}, query, args...)
	})
	return page, p.next, err
}

// listing writes the query of a page. What is sorted are the numbers of the jobs,
// not the jobs.
func listing(f keep.Filter) (query string, args []driver.Value, p *pager, err error) {
	where, args := narrow(f)
	p = &pager{}
	where, args, err = p.start(f.Limit, f.Cursor, where, args)
	query = selectJob + ` FROM jobs JOIN bodies ON bodies.seq = jobs.seq WHERE jobs.seq IN
 (SELECT seq FROM jobs` + where + ` ORDER BY seq DESC LIMIT ?) ORDER BY jobs.seq DESC`
	return query, args, p, err
}

// narrow writes the filter as SQL.
func narrow(f keep.Filter) (where string, args []driver.Value) {
	add := func(given bool, clause string, values ...driver.Value) {
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
	stage, _ := stageOf(f.Status)
	add(f.Status == keep.Pending, "stage IN (0, 1)")
	add(f.Status != "" && f.Status != keep.Pending, "stage = ?", stage)
	add(f.State != "", "state = ?", f.State)
	add(f.Lane != "", "lane = ?", f.Lane)
	add(f.Dedupe != "", `seq IN (SELECT seq FROM dedupes WHERE hash = ? UNION ALL
 SELECT seq FROM jobs WHERE seq > (SELECT indexed FROM marks) AND dedupe = ?) AND dedupe = ?`,
		hashOf(f.Dedupe), f.Dedupe, f.Dedupe)
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

func (p *pager) start(limit int, cursor, where string, args []driver.Value) (string, []driver.Value, error) {
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
	err = e.read(ctx, func(c *conn) error {
		return c.rows(ctx, func(r row) error {
			count := keep.Count{Kind: r.text(0), Status: statusOf(r.int(1)), N: int(r.int(2))}
			if count.Status == keep.Pending {
				count.Oldest = max(0, time.Duration(now-r.int(3))*time.Microsecond)
			}
			counts = append(counts, count)
			return nil
		}, `SELECT kind, max(stage, 1) AS part, count(*), min(due) FROM jobs GROUP BY kind, part ORDER BY kind, part`)
	})
	return counts, err
}

// Audit implements keep.Trail.
func (e *Engine) Audit(ctx context.Context, record keep.Record) error {
	if record.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making an id: %w", err)
		}
		record.ID = id.String()
	}
	return e.writer.do(ctx, func(t *tx) error {
		at := t.now()
		if !record.At.IsZero() {
			at = record.At.UnixMicro()
		}
		_, err := t.exec(`INSERT INTO audit (id, at, actor, action, doctype, name, detail, request)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			record.ID, at, record.Actor, record.Action, record.Doctype, record.Name, record.Detail, record.Request)
		return err
	})
}

// Audits implements keep.Trail.
func (e *Engine) Audits(ctx context.Context, f keep.AuditFilter) (page []keep.Record, next string, err error) {
	var where string
	var args []driver.Value
	for _, c := range [][2]string{{"actor", f.Actor}, {"action", f.Action}, {"doctype", f.Doctype}, {"name", f.Name}} {
		if c[1] != "" {
			where += " AND " + c[0] + " = ? AND " + c[0] + " <> ''"
			args = append(args, c[1])
		}
	}
	if !f.Since.IsZero() {
		where += " AND at >= ?"
		args = append(args, f.Since.UnixMicro())
	}
	var p pager
	if where, args, err = p.start(f.Limit, f.Cursor, where, args); err != nil {
		return nil, "", err
	}
	err = e.read(ctx, func(c *conn) error {
		return c.rows(ctx, func(r row) error {
			if p.more(r.int(0)) {
				page = append(page, keep.Record{
					ID: r.text(1), At: instant(r.int(2)), Actor: r.text(3), Action: r.text(4),
					Doctype: r.text(5), Name: r.text(6), Detail: r.text(7), Request: r.text(8),
				})
			}
			return nil
		}, `SELECT seq, id, at, actor, action, doctype, name, detail, request FROM audit`+where+
			` ORDER BY seq DESC LIMIT ?`, args...)
	})
	return page, p.next, err
}

// job reads one job with its payload.
func (c *conn) job(ctx context.Context, where string, args ...driver.Value) (j stored, ok bool, err error) {
	r, ok, err := c.one(ctx, selectJob+`, payload FROM jobs JOIN bodies ON bodies.seq = jobs.seq WHERE `+where, args...)
	if err != nil || !ok {
		return stored{}, false, err
	}
	j = scanJob(r)
	j.Payload = r.bytes(len(r) - 1)
	return j, true, nil
}

// scanJob reads a line of selectJob.
func scanJob(r row) stored {
	j := stored{seq: r.int(0), started: r.int(12)}
	j.Job = keep.Job{
		ID: r.text(1), Kind: r.text(2), Lane: r.text(3), Dedupe: r.text(4), Status: statusOf(r.int(5)),
		State: r.text(6), Note: r.text(7), Due: instant(r.int(8)),
		Fence: r.int(9), Seen: int(r.int(10)), Tries: int(r.int(11)),
		Created: instant(r.int(13)), Updated: instant(r.int(14)),
		Subject: keep.Subject{
			Doctype: r.text(15), Name: r.text(16), Customer: r.text(17), Technician: r.text(18), Correlation: r.text(19),
		},
		Attempts: decodeAttempts(r.text(20)), Result: r.bytes(21),
	}
	// What cannot be read was not written by us; the job itself is still good.
	_ = json.Unmarshal([]byte(r.text(22)), &j.Headers)
	return j
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

var statuses = [...]keep.Status{
	keep.Pending, keep.Pending, keep.Running, keep.Held, keep.Done, keep.Dead, keep.Cancelled,
}

func statusOf(stage int64) keep.Status { return statuses[stage] }

// stageOf returns the stage of a status; a pending job is taken as ready.
func stageOf(s keep.Status) (int64, bool) {
	if s == keep.Pending {
		return stageReady, true
	}
	i := slices.Index(statuses[:], s)
	return int64(i), i >= 0
}

const (
	attemptsMax = 20
	detailMax   = 4 << 10
	resultMax   = 64 << 10
)

// encodeAttempts keeps the last ones, with what they may carry.
func encodeAttempts(all []keep.Attempt) (string, error) {
	all = slices.Clone(all[max(0, len(all)-attemptsMax):])
	for i := range all {
		all[i].At = all[i].At.UTC().Truncate(time.Microsecond)
		all[i].Detail = strings.ToValidUTF8(all[i].Detail[:min(len(all[i].Detail), detailMax)], "")
	}
	if len(all) == 0 {
		return "", nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("writing the attempts of a job: %w", err)
	}
	return string(text), nil
}

func decodeAttempts(text string) (all []keep.Attempt) {
	// What cannot be read was not written by us; the job itself is still good.
	_ = json.Unmarshal([]byte(text), &all)
	return all
}
