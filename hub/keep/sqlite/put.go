package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// The stages of a job on disk: its status, and for a pending one whether it
// stands at the head of its lane. Claims look at ready and running jobs only, so
// a long lane costs nothing.
const (
	stageBehind int64 = iota
	stageReady
	stageRunning
	stageHeld
	stageDone
	stageDead
	stageCancelled
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
	n, err := t.exec(query, append(args, seq, stage, due, now, now)...)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.exec(`INSERT INTO bodies (seq, headers, payload) VALUES (?, ?, ?)`, seq, headers, job.Payload)
	if err != nil {
		return false, err
	}
	if job.Dedupe != "" {
		if err := t.remember(hashOf(job.Dedupe), seq); err != nil {
			return false, err
		}
	}
	if stage == stageReady {
		t.due(job.Kind, due)
	}
	job.Due, job.Created, job.Updated = instant(due), instant(now), instant(now)
	job.Fence, job.Seen, job.Tries, job.Attempts, job.Result = 0, 1, 0, nil, nil
	return true, nil
}

// insertion writes the statement that stores a job: what is empty is left to the
// table, since each value costs and most jobs have few. Five values are to follow
// the arguments.
func insertion(job *keep.Job) (query string, args []driver.Value) {
	query = "INSERT INTO jobs (id, kind"
	args = make([]driver.Value, 0, 15)
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
		return stageHeld, nil
	}
	if job.Lane == "" {
		return stageReady, nil
	}
	_, busy, err := t.one(background, `SELECT 1 FROM jobs WHERE lane = ? AND lane <> '' AND stage < 3 LIMIT 1`, job.Lane)
	if busy {
		return stageBehind, err
	}
	return stageReady, err
}

// known looks for the job of the same kind and key, and counts it as seen again.
func (t *tx) known(job keep.Job) (keep.Job, bool, error) {
	hash := hashOf(job.Dedupe)
	var seqs []int64
	if seq, waits := t.writer.late.seqs[hash]; waits {
		seqs = append(seqs, seq)
	}
	err := t.rows(background, func(r row) error {
		seqs = append(seqs, r.int(0))
		return nil
	}, `SELECT seq FROM dedupes WHERE hash = ?`, hash)
	if err != nil {
		return job, false, err
	}
	for _, seq := range seqs {
		n, err := t.exec(`UPDATE jobs SET seen = seen + 1, updated = ?1, due = iif(stage > 3, ?1, due)
 WHERE seq = ?2 AND dedupe = ?3 AND kind = ?4`, t.now(), seq, job.Dedupe, job.Kind)
		if err != nil {
			return job, false, err
		}
		if n == 1 {
			known, _, err := t.job(background, `jobs.seq = ?`, seq)
			return known.Job, true, err
		}
	}
	return job, false, nil
}

// lateIndex holds the dedupe keys that are not in the index on disk yet. Keys
// come in any order, so each would cost the commit a page of its own; gathered
// and written in the order of the index, many share one. Only the writer touches
// it. After a crash it is read back from the jobs above the mark.
type lateIndex struct {
	seqs  map[int64]int64 // seq of the job by the hash of its key
	round []int64         // hashes of the round that is being written, ascending
	top   int64           // every job up to this seq is in the index when the round is over
}

const (
	lateMax   = 32 << 10 // keys that may wait while there is work
	lateChunk = 128      // keys written at a time
)

// remember keeps a key for later. When the hash is already waiting, for the same
// key of another kind, it goes to disk at once.
func (t *tx) remember(hash, seq int64) error {
	if _, waits := t.writer.late.seqs[hash]; waits {
		_, err := t.exec(insertDedupe, hash, seq)
		return err
	}
	t.writer.late.seqs[hash] = seq
	t.added = append(t.added, hash)
	return nil
}

const insertDedupe = `INSERT OR IGNORE INTO dedupes (hash, seq) VALUES (?, ?)`

// settleKeys writes a part of the waiting keys; it says whether any are left.
func (t *tx) settleKeys() (left bool, err error) {
	late := &t.writer.late
	if len(late.round) == 0 {
		for hash := range late.seqs {
			late.round = append(late.round, hash)
		}
		slices.Sort(late.round)
		late.top = t.writer.seq
	}
	chunk := late.round[:min(lateChunk, len(late.round))]
	for _, hash := range chunk {
		if seq, waits := late.seqs[hash]; waits {
			if _, err := t.exec(insertDedupe, hash, seq); err != nil {
				return true, err
			}
		}
	}
	if len(chunk) == len(late.round) {
		if _, err := t.exec(`UPDATE marks SET indexed = ?`, late.top); err != nil {
			return true, err
		}
	}
	t.settled = chunk
	return len(late.seqs) > len(chunk), nil
}

// keepKeys follows the commit of the transaction, forgetKeys its rollback.
func (t *tx) keepKeys() {
	late := &t.writer.late
	for _, hash := range append(t.void, t.settled...) {
		delete(late.seqs, hash)
	}
	late.round = late.round[len(t.settled):]
}

func (t *tx) forgetKeys() {
	for _, hash := range t.added {
		delete(t.writer.late.seqs, hash)
	}
}

// loadKeys reads back what waited when the file was last closed.
func (w *writer) loadKeys() error {
	w.late.seqs = map[int64]int64{}
	top, _, err := w.conn.one(background, `SELECT coalesce(max(seq), 0), (SELECT indexed FROM marks) FROM jobs`)
	if err != nil {
		return err
	}
	w.seq = max(top.int(0), top.int(1))
	return w.conn.rows(background, func(r row) error {
		hash := hashOf(r.text(1))
		if _, waits := w.late.seqs[hash]; waits {
			_, err := w.conn.exec(insertDedupe, hash, r.int(0))
			return err
		}
		w.late.seqs[hash] = r.int(0)
		return nil
	}, `SELECT seq, dedupe FROM jobs WHERE seq > ? AND dedupe IS NOT NULL`, top.int(1))
}

// hashOf is never 0 for a key, and 0 for none.
func hashOf(dedupe string) int64 {
	if dedupe == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(dedupe))
	return int64(h.Sum64() | 1)
}
