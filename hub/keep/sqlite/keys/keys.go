// Package keys holds the dedupe keys that are not in the index on disk yet. Keys
// come in any order, so each would cost the commit a page of its own; gathered
// and written in the order of the index, many share one. After a crash they are
// read back from the jobs above the mark.
package keys

import (
	"hash/fnv"
	"slices"
)

const (
	Max   = 32 << 10 // keys that may wait while there is work
	Chunk = 128      // keys written at a time
)

// Hash is the hash of a key: never 0 for a key, and 0 for none.
func Hash(key string) int64 {
	if key == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return int64(h.Sum64() | 1)
}

// Late are the keys that wait. Only the writer touches it. Keys are written in
// rounds of all that wait when the round begins, chunk by chunk.
type Late struct {
	seqs  map[int64]int64 // seq of the job by the hash of its key
	round []int64         // hashes of the round that is being written, ascending
	top   int64           // every job up to this seq is in the index when the round is over
}

// NewLate is nothing that waits.
func NewLate() *Late { return &Late{seqs: map[int64]int64{}} }

// Len is how many keys wait.
func (l *Late) Len() int { return len(l.seqs) }

// Seq is the job of a key that waits.
func (l *Late) Seq(hash int64) (seq int64, waits bool) {
	seq, waits = l.seqs[hash]
	return seq, waits
}

// Add keeps a key for later, unless its hash waits already: for the same key of
// another kind, say.
func (l *Late) Add(hash, seq int64) (added bool) {
	if _, waits := l.seqs[hash]; waits {
		return false
	}
	l.seqs[hash] = seq
	return true
}

// Next is the part of the round that is to be written now; when none is under
// way one begins, of all jobs up to the newest. The last part of a round moves
// the mark to top.
func (l *Late) Next(newest int64) (chunk []int64, last bool, top int64) {
	if len(l.round) == 0 {
		for hash := range l.seqs {
			l.round = append(l.round, hash)
		}
		slices.Sort(l.round)
		l.top = newest
	}
	chunk = l.round[:min(Chunk, len(l.round))]
	return chunk, len(chunk) == len(l.round), l.top
}

// Written goes on behind the chunk that Next gave.
func (l *Late) Written(chunk []int64) {
	l.Forget(chunk)
	l.round = l.round[len(chunk):]
}

// Forget drops keys.
func (l *Late) Forget(hashes []int64) {
	for _, hash := range hashes {
		delete(l.seqs, hash)
	}
}
