package keys

import (
	"context"

	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Index finds jobs by the hash of their dedupe key, on disk and among those that
// wait. Only the writer touches it, in transactions: each ends with Kept or Undone.
type Index struct {
	conn *raw.Conn
	late *Late

	// Hashes that this transaction has brought, written to disk, and made void.
	added, settled, void []int64
}

// NewIndex is the index in the file of the connection; Load it before use.
func NewIndex(conn *raw.Conn) *Index { return &Index{conn: conn, late: NewLate()} }

// background is for what runs inside a transaction: it ends by itself.
var background = context.Background()

const insert = `INSERT OR IGNORE INTO dedupes (hash, seq) VALUES (?, ?)`

// Load reads back what waited when the file was last closed, and returns the
// highest seq that was given.
func (x *Index) Load() (seq int64, err error) {
	top, _, err := x.conn.One(background, `SELECT coalesce(max(seq), 0), (SELECT indexed FROM marks) FROM jobs`)
	if err != nil {
		return 0, err
	}
	return max(top.Int(0), top.Int(1)), x.conn.Rows(background, func(r raw.Row) error {
		hash := Hash(r.Text(1))
		if x.late.Add(hash, r.Int(0)) {
			return nil
		}
		_, err := x.conn.Exec(insert, hash, r.Int(0))
		return err
	}, `SELECT seq, dedupe FROM jobs WHERE seq > ? AND dedupe IS NOT NULL`, top.Int(1))
}

// Waiting is how many keys wait.
func (x *Index) Waiting() int { return x.late.Len() }

// Waits tells whether a hash is among those that wait.
func (x *Index) Waits(hash int64) bool {
	_, waits := x.late.Seq(hash)
	return waits
}

// Seqs are the jobs whose keys have the hash.
func (x *Index) Seqs(hash int64) (seqs []int64, err error) {
	if seq, waits := x.late.Seq(hash); waits {
		seqs = append(seqs, seq)
	}
	err = x.conn.Rows(background, func(r raw.Row) error {
		seqs = append(seqs, r.Int(0))
		return nil
	}, `SELECT seq FROM dedupes WHERE hash = ?`, hash)
	return seqs, err
}

// Remember keeps a key for later. When its hash is already waiting, for the same
// key of another kind, it goes to disk at once.
func (x *Index) Remember(hash, seq int64) error {
	if x.late.Add(hash, seq) {
		x.added = append(x.added, hash)
		return nil
	}
	_, err := x.conn.Exec(insert, hash, seq)
	return err
}

// Erase forgets the key of a job.
func (x *Index) Erase(hash, seq int64) error {
	if waits, _ := x.late.Seq(hash); waits == seq {
		x.void = append(x.void, hash)
	}
	_, err := x.conn.Exec(`DELETE FROM dedupes WHERE hash = ? AND seq = ?`, hash, seq)
	return err
}

// Settle writes a part of the waiting keys to disk, of all jobs up to the newest;
// it says whether any are left.
func (x *Index) Settle(newest int64) (left bool, err error) {
	chunk, last, top := x.late.Next(newest)
	for _, hash := range chunk {
		if seq, waits := x.late.Seq(hash); waits {
			if _, err := x.conn.Exec(insert, hash, seq); err != nil {
				return true, err
			}
		}
	}
	if last {
		if _, err := x.conn.Exec(`UPDATE marks SET indexed = ?`, top); err != nil {
			return true, err
		}
	}
	x.settled = chunk
	return x.late.Len() > len(chunk), nil
}

// Kept follows the commit of a transaction.
func (x *Index) Kept() {
	x.late.Forget(x.void)
	x.late.Written(x.settled)
	x.next()
}

// Undone follows the end of a transaction without commit.
func (x *Index) Undone() {
	x.late.Forget(x.added)
	x.next()
}

func (x *Index) next() { x.added, x.settled, x.void = x.added[:0], nil, x.void[:0] }
