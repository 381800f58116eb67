// Package sieve tells, without asking the store, that something was surely not
// revoked. It is a short list of numbers, one for each revocation that may still
// matter: what is not in it was not revoked; what is in it may have been, and the
// store has to be asked. One value holds all of it, so that a hub reads it once a
// second instead of asking twice for every token.
//
// It has no routes and calls nothing; who uses it keeps it.
package sieve

import (
	"cmp"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"time"
)

const (
	entry   = 12        // bytes: number, and the second at which it stops to matter
	holds   = 20_000    // entries
	version = 1         // of the value
	slack   = time.Hour // by which the clocks of several hubs may differ
)

// Sieve is the list. The zero Sieve lets everything through: nothing was revoked.
type Sieve struct {
	ends map[uint64]uint32
	full uint32 // more than it holds: nothing passes for sure until this second; 0 for a list that is not full
}

// Full is the list that stops everything until then: for when it is not known what
// was revoked.
func Full(until time.Time) Sieve { return Sieve{full: second(until)} }

// Read reads what Bytes has written. What is damaged lets nothing through.
func Read(value []byte) (Sieve, error) {
	if len(value) < 2 || value[0] != version || (len(value)-2)%entry != 0 {
		return Sieve{full: math.MaxUint32}, errors.New("reading the list of revocations: it is damaged")
	}
	s := Sieve{ends: make(map[uint64]uint32, (len(value)-2)/entry)}
	for rest := value[2:]; len(rest) > 0; rest = rest[entry:] {
		s.ends[binary.BigEndian.Uint64(rest)] = binary.BigEndian.Uint32(rest[8:])
	}
	if value[1] == 1 {
		s.full, s.ends = cmp.Or(s.ends[0], math.MaxUint32), nil
	}
	return s, nil
}

// Bytes writes the list.
func (s Sieve) Bytes() []byte {
	value := make([]byte, 2, 2+entry*len(s.ends))
	value[0] = version
	if s.full > 0 { // and one entry, that of the number 0, says until when
		value[1] = 1
		value = binary.BigEndian.AppendUint64(value, 0)
		return binary.BigEndian.AppendUint32(value, s.full)
	}
	for number, ends := range s.ends {
		value = binary.BigEndian.AppendUint64(value, number)
		value = binary.BigEndian.AppendUint32(value, ends)
	}
	return value
}

// With returns the list with another revocation, and without those that have
// ended. A full one is empty again once the last of what it stands for has ended.
func (s Sieve) With(name string, now, until time.Time) Sieve {
	ends := second(until.Add(slack))
	if int64(s.full) > now.Unix() {
		return Sieve{full: max(s.full, ends)}
	}
	next := Sieve{ends: make(map[uint64]uint32, len(s.ends)+1)}
	last := ends
	for number, ends := range s.ends {
		if int64(ends) > now.Unix() {
			next.ends[number], last = ends, max(last, ends)
		}
	}
	number := numberOf(name)
	next.ends[number] = max(next.ends[number], ends)
	if len(next.ends) > holds {
		return Sieve{full: last}
	}
	return next
}

// second is the second of an instant, or the last one that there is room for.
func second(t time.Time) uint32 { return uint32(min(max(t.Unix(), 1), math.MaxUint32)) }

// Passes tells that none of these was revoked.
func (s Sieve) Passes(names ...string) bool {
	if s.full > 0 {
		return false
	}
	for _, name := range names {
		if _, caught := s.ends[numberOf(name)]; caught {
			return false
		}
	}
	return true
}

func numberOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}
