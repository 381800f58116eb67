// Package collation compares text as the databases below Frappe do: MariaDB's
// utf8mb4_unicode_ci takes "É" for "e" and leaves blanks at the end out of
// account; PostgreSQL compares as it is, and only LIKE ignores case there. It
// calls nothing and remembers nothing.
package collation

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"modernc.org/sqlite"
)

// Name is what columns are declared with.
const Name = "UNICODE_CI"

// Register teaches a driver the collation and LIKE. accents tells whether LIKE
// distinguishes "É" from "E".
func Register(d *sqlite.Driver, accents bool) error {
	if err := d.RegisterCollationUtf8(Name, Compare); err != nil {
		return fmt.Errorf("registering the collation: %w", err)
	}
	fold := Fold
	if accents {
		fold = strings.ToLower
	}
	err := d.RegisterDeterministicScalarFunction("like", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if args[0] == nil || args[1] == nil {
			return nil, nil
		}
		return like([]rune(fold(text(args[0]))), []rune(fold(text(args[1])))), nil
	})
	if err != nil {
		return fmt.Errorf("registering LIKE: %w", err)
	}
	return nil
}

func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return fmt.Sprint(v)
}

// Compare orders two texts without regard to case, accents and blanks at the end.
// Every look into an index comes here several times, and most texts are ASCII: no
// more than what differs or is not ASCII is folded.
func Compare(a, b string) int {
	a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			return cmp.Compare(Fold(a[i:]), Fold(b[i:]))
		}
		if x, y = lower(x), lower(y); x != y {
			return cmp.Compare(x, y)
		}
	}
	short := min(len(a), len(b))
	return cmp.Compare(Fold(a[short:]), Fold(b[short:]))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Fold is the text without case and accents.
func Fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	var out strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'œ' || r == 'Œ':
			out.WriteString("oe")
		case r == 'æ' || r == 'Æ':
			out.WriteString("ae")
		case r == 'ß':
			out.WriteString("ss")
		default:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// like tells whether s fits the pattern, in which % is any text and _ any
// character. Nothing is escaped.
func like(pattern, s []rune) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, mark, p = p, i, p+1
		case p < len(pattern) && (pattern[p] == '_' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}
