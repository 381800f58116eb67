package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Put implements keep.Queue.
func (e *Engine) Put(ctx context.Context, job keep.Job) (stored keep.Job, fresh bool, err error) {
	if err := normalize(&job); err != nil {
		return keep.Job{}, false, err
	}
	if err := e.room.Left(); err != nil {
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
	if err := job.Fits(); err != nil {
		return err
	}
	if job.Status == "" {
		job.Status = keep.Pending
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

// put stores a job. The usual case, a key that is new, is one statement: it finds
// out by itself whether the key is known, and whether others of the lane are
// before the job.
func (t *tx) put(job keep.Job, headers string) (keep.Job, bool, error) {
	hash := keys.Hash(job.Dedupe)
	fresh := false
	if !t.writer.keys.Waits(hash) {
		var err error
		if fresh, err = t.insert(&job, headers, hash); err != nil || fresh {
			return job, fresh, err
		}
	}
	if hash != 0 {
		known, ok, err := t.known(job, hash)
		if err != nil || ok {
			return known, false, err
		}
		if fresh, err = t.insert(&job, headers, 0); err != nil || fresh {
			return job, fresh, err
		}
	}
	return job, false, keep.ErrState
}

// insert stores a job, unless its id is taken, or the hash of its key (0: no
// matter) is in the index.
func (t *tx) insert(job *keep.Job, headers string, hash int64) (fresh bool, err error) {
	now := t.now()
	due := now
	if !job.Due.IsZero() {
		due = job.Due.UnixMicro()
	}
	t.writer.seq++
	seq := t.writer.seq
	query, args := t.writer.insertions.Of(job, hash, seq, due, now)
	n, err := t.Exec(query, args...)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.Exec(`INSERT INTO bodies (seq, headers, payload) VALUES (?, ?, ?)`, seq, headers, job.Payload)
	if err != nil {
		return false, err
	}
	if job.Dedupe != "" {
		if err := t.writer.keys.Remember(keys.Hash(job.Dedupe), seq); err != nil {
			return false, err
		}
	}
	if job.Status == keep.Pending { // perhaps behind others: whoever is woken for nothing sees that
		t.due(job.Kind, due)
	}
	job.Due, job.Created, job.Updated = raw.Instant(due), raw.Instant(now), raw.Instant(now)
	job.Fence, job.Seen, job.Tries, job.Attempts, job.Result = 0, 1, 0, nil, nil
	return true, nil
}

// known looks for the job of the same kind and key, and counts it as seen again.
func (t *tx) known(job keep.Job, hash int64) (keep.Job, bool, error) {
	seqs, err := t.writer.keys.Seqs(hash)
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

// start reads back where the store stood when it was last closed.
func (w *writer) start(path string) (err error) {
	if w.log, err = os.OpenFile(path+"-wal", os.O_RDWR, 0); err != nil {
		return fmt.Errorf("opening the log of the store: %w", err)
	}
	last, _, err := w.conn.One(background, selectLast)
	if err != nil {
		return err
	}
	w.heard.Store(last.Int(0))
	w.seq, err = w.keys.Load()
	return err
}

func (w *writer) close() error {
	var err error
	if w.log != nil {
		err = w.log.Close()
	}
	return errors.Join(err, w.conn.Close())
}
