package sqlite

import (
	"context"
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

const insertJob = `INSERT INTO jobs
 (seq, id, kind, lane, dedupe, stage, state, note, due, created, updated, doctype, name, customer, technician, correlation)
 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13, ?14, ?15
 WHERE ?16 = 0 OR NOT EXISTS (SELECT 1 FROM dedupes WHERE hash = ?16)
 ON CONFLICT DO NOTHING`

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
	probe := hashOf(job.Dedupe)
	if _, maybe := t.writer.late.seqs[probe]; maybe {
		known, ok, err := t.known(job)
		if err != nil || ok {
			return known, false, err
		}
		probe = 0
	}
	for {
		fresh, err := t.insert(&job, headers, probe)
		if err != nil || fresh {
			return job, fresh, err
		}
		known, ok, err := t.known(job)
		if err != nil || ok {
			return known, false, err
		}
		if probe == 0 {
			return job, false, keep.ErrState // the id is taken: a mistake of the caller
		}
		probe = 0 // another key has the same hash
	}
}

// insert stores a job, unless its id is taken or the hash of its key stands in
// the index; a probe of 0 does not look there.
func (t *tx) insert(job *keep.Job, headers string, probe int64) (fresh bool, err error) {
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
	seq, s := t.writer.seq, job.Subject
	n, err := t.exec(insertJob, seq, job.ID, job.Kind, job.Lane, orNull(job.Dedupe), stage, job.State, job.Note, due, now,
		s.Doctype, s.Name, s.Customer, s.Technician, s.Correlation, probe)
	if err != nil || n == 0 {
		return false, err
	}
	if _, err = t.exec(`INSERT INTO bodies (seq, headers, payload) VALUES (?, ?, ?)`, seq, headers, job.Payload); err != nil {
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
	if job.Dedupe == "" {
		return job, false, nil
	}
	hash := hashOf(job.Dedupe)
	seqs := []int64{t.writer.late.seqs[hash]}
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
