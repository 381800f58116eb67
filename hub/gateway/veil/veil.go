// Package veil takes members out of JSON while it streams by: secrets that a
// document holds beside what everybody may see. It never decodes a document; it
// follows the grammar byte by byte and leaves everything else as it was, to the
// blank. What is not JSON is an error, never passed. It calls nothing and
// remembers nothing.
package veil

import (
	"errors"
	"io"
	"strings"
)

// Names are the members that are taken out, at any depth. Their case does not matter.
type Names map[string]struct{}

// NewNames makes a set of names.
func NewNames(names ...string) Names {
	set := make(Names, len(names))
	for _, n := range names {
		set[strings.ToLower(n)] = struct{}{}
	}
	return set
}

// Has tells whether a name is in the set.
func (n Names) Has(name string) bool {
	_, ok := n[strings.ToLower(name)]
	return ok
}

// ErrJSON says that the text is not JSON.
var ErrJSON = errors.New("the answer is not JSON")

const (
	deepest    = 512  // levels; no document comes near
	longestKey = 4096 // bytes of a key as written; no field name comes near
)

// state is what the grammar expects next.
type state uint8

const (
	wantValue  state = iota // a value
	wantFirst               // a value or the end of an empty list
	wantKey                 // a key
	wantMember              // a key or the end of an empty object
	wantColon               // the colon behind a key
	wantNext                // a comma or the end of the object or list
	inKey                   // inside a key
	inText                  // inside a string value
	inScalar                // inside a number, true, false or null
	atEnd                   // only blanks may follow
)

// level is an object or list that is open.
type level struct {
	list  bool
	shown bool // a member of it was let through
}

// Filter takes the named members out of one JSON text that comes in pieces.
type Filter struct {
	names  Names
	state  state
	levels []level
	held   []byte // what is not decided yet: comma, blanks and key of a member
	key    int    // where in held the key begins
	scalar []byte
	escape uint8 // inside an escape: how many bytes of it are to come; 5 at its start
	hidden int   // the depth at which a member is being taken out; 0 for none
}

// NewFilter makes a filter for one text.
func NewFilter(names Names) *Filter {
	return &Filter{names: names, levels: make([]level, 0, 16), held: make([]byte, 0, 128)}
}

// Append filters a piece and appends what may be seen of it to dst.
func (f *Filter) Append(dst, piece []byte) ([]byte, error) {
	for i := 0; i < len(piece); {
		if f.state == inText && f.escape == 0 {
			n := plainText(piece[i:])
			if f.hidden == 0 {
				dst = append(dst, piece[i:i+n]...)
			}
			if i += n; i == len(piece) {
				break
			}
		}
		if f.state == inKey && f.escape == 0 {
			n := plainText(piece[i:])
			if len(f.held)+n > longestKey {
				return dst, ErrJSON
			}
			f.held = append(f.held, piece[i:i+n]...)
			if i += n; i == len(piece) {
				break
			}
		}
		var err error
		if dst, err = f.step(dst, piece[i]); err != nil {
			return dst, err
		}
		i++
	}
	return dst, nil
}

// End tells whether the text is whole.
func (f *Filter) End() error {
	if f.state == inScalar && len(f.levels) == 0 {
		return f.closeScalar()
	}
	if f.state != atEnd {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// plainText counts the bytes of a string value before anything special.
func plainText(p []byte) int {
	for i, c := range p {
		if c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(p)
}

// step takes one byte.
func (f *Filter) step(dst []byte, c byte) ([]byte, error) {
	switch f.state {
	case inText:
		return f.text(f.show(dst, c), c)
	case inKey:
		return f.inKey(dst, c)
	case inScalar:
		if isScalar(c) {
			if f.scalar = append(f.scalar, c); len(f.scalar) > longestKey {
				return dst, ErrJSON
			}
			return f.show(dst, c), nil
		}
		if err := f.closeScalar(); err != nil {
			return dst, err
		}
	}
	if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
		return f.blank(dst, c)
	}
	return f.mark(dst, c)
}

// show lets a byte through unless it belongs to what is taken out.
func (f *Filter) show(dst []byte, c byte) []byte {
	if f.hidden > 0 {
		return dst
	}
	return append(dst, c)
}

// blank goes where the token goes that it stands before.
func (f *Filter) blank(dst []byte, c byte) ([]byte, error) {
	if f.state != wantKey && f.state != wantMember {
		return f.show(dst, c), nil
	}
	if f.hidden == 0 {
		f.held = append(f.held, c)
	}
	if len(f.held) > longestKey {
		return dst, ErrJSON
	}
	return dst, nil
}

func (f *Filter) text(dst []byte, c byte) ([]byte, error) {
	switch {
	case c < ' ':
		return dst, ErrJSON
	case f.escape > 0:
		return dst, f.unescape(c)
	case c == '\\':
		f.escape = 5
	case c == '"':
		f.closeValue()
	}
	return dst, nil
}
