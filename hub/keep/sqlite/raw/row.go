package raw

import "time"

// Row is one line of an answer. A column that is NULL, or of another type, reads
// as the zero value.
type Row []Value

// Int reads a number.
func (r Row) Int(i int) int64 {
	n, _ := r[i].(int64)
	return n
}

// Text reads a text.
func (r Row) Text(i int) string {
	s, _ := r[i].(string)
	return s
}

// Bytes reads a blob; nil when it is NULL. The bytes are the caller's.
func (r Row) Bytes(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}

// Time reads an instant: microseconds since 1970.
func (r Row) Time(i int) time.Time { return Instant(r.Int(i)) }

// Instant is the time of so many microseconds since 1970, which is how the
// tables hold instants.
func Instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
