// Package glance reads a few members of a JSON document in one pass over it and
// without making anything of the rest. It is for where somebody waits: the door
// of webhooks, whose senders want to be told that their delivery is safe.
//
// A cursor says OK only when there can be no doubt: all of the document is JSON,
// and encoding/json would find the same. Escapes in what is looked for, names in
// other letters (which encoding/json takes for the same), names that come twice,
// values of another kind: all that is for encoding/json, and so are its words
// about what is wrong.
//
// It has no routes, calls nothing and remembers nothing.
package glance

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// deepest is how deep a document may be nested here.
const deepest = 200

// Cursor goes over a document once, from its beginning. Its methods read the
// value that comes next.
type Cursor struct {
	doc   []byte
	at    int
	depth int
	doubt bool
}

// At returns a cursor at the beginning of a document.
func At(doc []byte) *Cursor { return &Cursor{doc: doc} }

// OK tells that the document was read to its end without a doubt. It is asked
// last; before that, nothing that was found may be believed.
func (c *Cursor) OK() bool {
	c.blank()
	return !c.doubt && c.at == len(c.doc)
}

// Object reads an object: found is called with the index of each of the names
// that it has, and must read its value; the other values are passed over. It
// returns false for null.
func (c *Cursor) Object(names []string, found func(i int)) bool {
	if c.null() || !c.open('{') {
		return false
	}
	defer c.leave()
	seen := uint64(0)
	for first := true; c.more(&first, '}'); {
		name, plain := c.text()
		c.blank()
		if !c.take(':') {
			return false
		}
		i, alike := which(names, name)
		switch {
		case i < 0 && (!plain || alike):
			c.doubt = true
		case i < 0:
			c.Skip()
		case seen&(1<<i) != 0:
			c.doubt = true
		default:
			seen |= 1 << i
			found(i)
		}
	}
	return true
}

// which finds the name among the names, at most 64. One that differs only in
// small and capital letters is alike.
func which(names []string, name []byte) (i int, alike bool) {
	for i, known := range names {
		if string(name) == known {
			return i, false
		}
		if !alike && bytes.EqualFold(name, []byte(known)) {
			alike = true
		}
	}
	return -1, alike
}

// List reads an array: found is called before each of its values, and must read
// it. It returns false for null.
func (c *Cursor) List(found func()) bool {
	if c.null() || !c.open('[') {
		return false
	}
	defer c.leave()
	for first := true; c.more(&first, ']'); {
		found()
	}
	return true
}

// Text reads a text into a variable; null leaves it as it is.
func (c *Cursor) Text(into *string) {
	if c.null() {
		return
	}
	text, plain := c.text()
	if !plain || !utf8.Valid(text) {
		c.doubt = true
		return
	}
	*into = string(text)
}

// Int reads an integer into a variable; null leaves it as it is.
func (c *Cursor) Int(into *int64) {
	if c.null() {
		return
	}
	begin := c.at
	c.number()
	n, err := strconv.ParseInt(string(c.doc[begin:c.at]), 10, 64)
	if err != nil {
		c.doubt = true
		return
	}
	*into = n
}

// Skip passes over a value, whatever it is.
func (c *Cursor) Skip() {
	c.blank()
	switch b := c.peek(); {
	case b == '"':
		c.text()
	case b == '{':
		c.skipAll('}', true)
	case b == '[':
		c.skipAll(']', false)
	case b == 't':
		c.word("true")
	case b == 'f':
		c.word("false")
	case b == 'n':
		c.word("null")
	default:
		c.number()
	}
}

// skipAll passes over an object or an array.
func (c *Cursor) skipAll(end byte, named bool) {
	if !c.open(c.peek()) {
		return
	}
	defer c.leave()
	for first := true; c.more(&first, end); {
		if named {
			c.text()
			c.blank()
			if !c.take(':') {
				return
			}
		}
		c.Skip()
	}
}

// open goes into an object or an array, leave out of it.
func (c *Cursor) open(b byte) bool {
	c.blank()
	c.depth++
	if c.depth > deepest {
		c.doubt = true
	}
	return c.take(b)
}

func (c *Cursor) leave() { c.depth-- }

// more goes on to the next element of what ends with a certain byte.
func (c *Cursor) more(first *bool, end byte) bool {
	c.blank()
	switch {
	case c.doubt:
		return false
	case c.peek() == end:
		c.at++
		return false
	case !*first && !c.take(','):
		return false
	}
	*first = false
	c.blank()
	return !c.doubt
}
