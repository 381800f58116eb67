// Package shelf keeps answers of ERPNext for a while and lets simultaneous
// readers of the same thing share one answer. It remembers whole answers, by who
// may see what; it calls nothing.
package shelf

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Key says whose answer to what it is. Class is the address of the class of
// callers: answers never leave it.
type Key struct {
	Class any
	URI   string // escaped path and query, byte for byte
	Lang  string
	Form  uint8 // 0 as it is, 1 packed
}

// Stamp is the state of the world that an answer was read in. A change made or
// heard of later makes the answer old.
type Stamp struct {
	of [2]*atomic.Uint64
	at [2]uint64
}

// StampOf notes how often things have changed by now.
func StampOf(one, all *atomic.Uint64) Stamp {
	return Stamp{of: [2]*atomic.Uint64{one, all}, at: [2]uint64{one.Load(), all.Load()}}
}

// Holds tells that nothing has changed since.
func (s *Stamp) Holds() bool {
	return s.of[0].Load() == s.at[0] && s.of[1].Load() == s.at[1]
}

// Answer is a whole answer, ready to be sent: header values are made once and
// shared, so nobody may write to them.
type Answer struct {
	Type        []string
	Encoding    []string // of Body as it came; nil for none
	Disposition []string
	Body        []byte
	Length      []string
	ETag        []string // nil when the answer is not kept
	Packed      []byte   // gzip of Body; nil when it would save nothing
	PackedSize  []string
	PackedETag  []string
	Born        time.Time
	Stamp       Stamp
}

// packFrom is the size from which packing pays.
const packFrom = 1024

// NewAnswer makes an answer to be shared now. The body is copied.
func NewAnswer(header http.Header, body []byte) *Answer {
	a := &Answer{
		Type: header["Content-Type"], Encoding: header["Content-Encoding"], Disposition: header["Content-Disposition"],
		Body: bytes.Clone(body), Length: []string{strconv.Itoa(len(body))},
	}
	if len(a.Type) != 1 {
		a.Type = []string{"application/json"}
	}
	return a
}

// Keepable adds what an answer needs that is kept: tags, and the packed variant.
func (a *Answer) Keepable(born time.Time, stamp Stamp) *Answer {
	sum := sha256.Sum256(a.Body)
	tag := hex.EncodeToString(sum[:16])
	a.Born, a.Stamp, a.ETag = born, stamp, []string{`"` + tag + `"`}
	if len(a.Body) < packFrom {
		return a
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err := zip.Write(a.Body)
	if err == nil && zip.Close() == nil && packed.Len() < len(a.Body) {
		a.Packed, a.PackedSize, a.PackedETag = bytes.Clone(packed.Bytes()), []string{strconv.Itoa(packed.Len())}, []string{`"` + tag + `-gz"`}
	}
	return a
}

// Shelf is the store of kept answers, bounded in bytes.
type Shelf struct {
	kept *otter.Cache[Key, *Answer]
}

// New makes a shelf for so many bytes, on which nothing stays longer than life.
func New(size int64, life time.Duration) *Shelf {
	return &Shelf{kept: otter.Must(&otter.Options[Key, *Answer]{
		MaximumWeight: uint64(max(size, 1)),
		Weigher: func(k Key, a *Answer) uint32 {
			return uint32(min(len(k.URI)+len(a.Body)+len(a.Packed)+512, 1<<31))
		},
		ExpiryCalculator: otter.ExpiryWriting[Key, *Answer](max(life, time.Second)),
	})}
}

// Get returns what is kept, nil when there is nothing or it has become old by a
// change.
func (s *Shelf) Get(k Key) *Answer {
	a, ok := s.kept.GetIfPresent(k)
	if !ok || !a.Stamp.Holds() {
		return nil
	}
	return a
}

// Put keeps an answer unless something has changed since it was read.
func (s *Shelf) Put(k Key, a *Answer) {
	if a.Stamp.Holds() {
		s.kept.Set(k, a)
	}
}

// Drop forgets an answer.
func (s *Shelf) Drop(k Key) { s.kept.Invalidate(k) }

// Close stops what the store does by itself.
func (s *Shelf) Close() { s.kept.StopAllGoroutines() }
