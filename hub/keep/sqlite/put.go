package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Put implements keep.Queue.
func (e *Engine) Put(ctx context.Context, job keep.Job) (stored keep.Job, fresh bool, err error) {
	if err := normalize(&job); err != nil {
		return keep.Job{}, false, err
	}
	headers, err := json.Marshal(job.Headers)
	if err != nil {
		return keep.Job{}, false, fmt.Errorf("writing the headers of a job: %w", err)
	}
	err = e.writer.do(ctx, func(t *tx) error {
		stored, fresh, err = t.put(job, string(headers))
		return err
	})
	if err != nil {
		return keep.Job{}, false, err
	}
	return stored, fresh, nil
}

func normalize(job *keep.Job) error {
	if job.Status == "" {
		job.Status = keep.Pending
	}
	if job.Kind == "" || (job.Status != keep.Pending && job.Status != keep.Held) {
		return hub.Fail(hub.Invalid, "invalid", "A job needs a kind, and starts pending or held.", nil)
	}
	if job.ID != "" {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an id: %w", err)
	}
	job.ID = id.String()
	return nil
}

func (t *tx) put(job keep.Job, headers string) (keep.Job, bool, error) {
	if job.Dedupe != "" {
		known, ok, err := t.known(job)
		if err != nil || ok {
			return known, false, err
		}
	}
	fresh, err := t.insert(&job, headers)
	if err == nil && !fresh {
		err = keep.ErrState
	}
	return job, fresh, err
}

// insert stores a job, unless its id is taken.
func (t *tx) insert(job *keep.Job, headers string) (fresh bool, err error) {
	now := t.now()
	due := now
	if !job.Due.IsZero() {
		due = job.Due.UnixMicro()
	}
	stage, err := t.firstStage(job)
	if err != nil {
		return false, err
	}
	t.writer.seq++
	seq := t.writer.seq
	query, args := insertion(job)
	n, err := t.Exec(query, append(args, seq, stage, due, now, now)...)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.Exec(`INSERT INTO bodies (seq, headers, payload) VALUES (?, ?, ?)`, seq, headers, job.Payload)
	if err != nil {
		return false, err
	}
	if job.Dedupe != "" {
		if err := t.remember(keys.Hash(job.Dedupe), seq); err != nil {
			return false, err
		}
	}
	if stage == form.Ready {
		t.due(job.Kind, due)
	}
	job.Due, job.Created, job.Updated = raw.Instant(due), raw.Instant(now), raw.Instant(now)
	job.Fence, job.Seen, job.Tries, job.Attempts, job.Result = 0, 1, 0, nil, nil
	return true, nil
}

// insertion writes the statement that stores a job: what is empty is left to the
// table, since each value costs and most jobs have few. Five values are to follow
// the arguments.
func insertion(job *keep.Job) (query string, args []raw.Value) {
	query = "INSERT INTO jobs (id, kind"
	args = make([]raw.Value, 0, 15)
	args = append(args, job.ID, job.Kind)
	s := &job.Subject
	for _, column := range [...]struct{ name, value string }{
		{", dedupe", job.Dedupe},
		{", lane", job.Lane},
		{", state", job.State},
		{", note", job.Note},
		{", doctype", s.Doctype},
		{", name", s.Name},
		{", customer", s.Customer},
		{", technician", s.Technician},
		{", correlation", s.Correlation},
	} {
		if column.value != "" {
			query += column.name
			args = append(args, column.value)
		}
	}
	const rest = ", seq, stage, due, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
	return query + rest[:len(rest)-3*(11-len(args))] + ") ON CONFLICT DO NOTHING", args
}

func (t *tx) firstStage(job *keep.Job) (int64, error) {
	if job.Status == keep.Held {
		return form.Held, nil
	}
	if job.Lane == "" {
		return form.Ready, nil
	}
	_, busy, err := t.One(background, `SELECT 1 FROM jobs WHERE lane = ? AND lane <> '' AND stage < 3 LIMIT 1`, job.Lane)
	if busy {
		return form.Behind, err
	}
	return form.Ready, err
}

// known looks for the job of the same kind and key, and counts it as seen again.
func (t *tx) known(job keep.Job) (keep.Job, bool, error) {
	hash := keys.Hash(job.Dedupe)
	var seqs []int64
	if seq, waits := t.writer.late.Seq(hash); waits {
		seqs = append(seqs, seq)
	}
	err := t.Rows(background, func(r raw.Row) error {
		seqs = append(seqs, r.Int(0))
		return nil
	}, `SELECT seq FROM dedupes WHERE hash = ?`, hash)
	if err != nil {
		return job, false, err
	}
	for _, seq := range seqs {
		n, err := t.Exec(`UPDATE jobs SET seen = seen + 1, updated = ?1, due = iif(stage > 3, ?1, due)
 WHERE seq = ?2 AND dedupe = ?3 AND kind = ?4`, t.now(), seq, job.Dedupe, job.Kind)
		if err != nil {
			return job, false, err
		}
		if n == 1 {
			known, _, err := readJob(background, t.Conn, `jobs.seq = ?`, seq)
			return known.Job, true, err
		}
	}
	return job, false, nil
}

// remember keeps a key for later. When the hash is already waiting, for the same
// key of another kind, it goes to disk at once.
func (t *tx) remember(hash, seq int64) error {
	if t.writer.late.Add(hash, seq) {
		t.added = append(t.added, hash)
		return nil
	}
	_, err := t.Exec(insertDedupe, hash, seq)
	return err
}

// loadKeys reads back what waited when the file was last closed.
func (w *writer) loadKeys() error {
	top, _, err := w.conn.One(background, `SELECT coalesce(max(seq), 0), (SELECT indexed FROM marks) FROM jobs`)
	if err != nil {
		return err
	}
	w.seq = max(top.Int(0), top.Int(1))
	return w.conn.Rows(background, func(r raw.Row) error {
		hash := keys.Hash(r.Text(1))
		if w.late.Add(hash, r.Int(0)) {
			return nil
		}
		_, err := w.conn.Exec(insertDedupe, hash, r.Int(0))
		return err
	}, `SELECT seq, dedupe FROM jobs WHERE seq > ? AND dedupe IS NOT NULL`, top.Int(1))
}
