package glance

// peek returns the byte that comes next, 0 at the end and in doubt.
func (c *Cursor) peek() byte {
	if c.doubt || c.at >= len(c.doc) {
		return 0
	}
	return c.doc[c.at]
}

// take goes past the byte, which must be there.
func (c *Cursor) take(b byte) bool {
	if c.peek() != b {
		c.doubt = true
		return false
	}
	c.at++
	return true
}

// blank goes past blanks.
func (c *Cursor) blank() {
	for c.at < len(c.doc) {
		switch c.doc[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

func (c *Cursor) word(word string) {
	if len(c.doc)-c.at < len(word) || string(c.doc[c.at:c.at+len(word)]) != word {
		c.doubt = true
		return
	}
	c.at += len(word)
}

// null goes past null, if that is what comes next.
func (c *Cursor) null() bool {
	c.blank()
	if c.peek() != 'n' {
		return false
	}
	c.word("null")
	return true
}

// text goes past a text and returns what is between its quotes; plain tells that
// it means what it says byte for byte.
func (c *Cursor) text() (inside []byte, plain bool) {
	if !c.take('"') {
		return nil, false
	}
	begin := c.at
	for plain = true; ; {
		at, doc := c.at, c.doc
		for at < len(doc) && doc[at] != '"' && doc[at] != '\\' && doc[at] >= ' ' {
			at++
		}
		c.at = at
		switch c.peek() {
		case '"':
			c.at++
			return doc[begin:at], plain
		case '\\':
			plain = false
			c.escape()
		default:
			c.doubt = true
		}
		if c.doubt {
			return nil, false
		}
	}
}

func (c *Cursor) escape() {
	c.at++
	switch c.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		c.at++
	case 'u':
		c.at++
		for range 4 {
			if b := c.peek(); !digit(b) && (b < 'a' || b > 'f') && (b < 'A' || b > 'F') {
				c.doubt = true
				return
			}
			c.at++
		}
	default:
		c.doubt = true
	}
}

// number goes past a number.
func (c *Cursor) number() {
	if c.peek() == '-' {
		c.at++
	}
	if c.peek() == '0' {
		c.at++
	} else {
		c.digits()
	}
	if c.peek() == '.' {
		c.at++
		c.digits()
	}
	if b := c.peek(); b == 'e' || b == 'E' {
		c.at++
		if b := c.peek(); b == '+' || b == '-' {
			c.at++
		}
		c.digits()
	}
}

// digits goes past one digit or more.
func (c *Cursor) digits() {
	if !digit(c.peek()) {
		c.doubt = true
	}
	for digit(c.peek()) {
		c.at++
	}
}

func digit(b byte) bool { return '0' <= b && b <= '9' }
