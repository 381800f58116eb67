package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError is text that is no JSON, in the words of Python's JSONDecodeError.
type SyntaxError struct {
	Message            string
	Line, Column, Char int // Line and Column from 1, Char from 0, all in characters
}

// Error is "Expecting value: line 1 column 1 (char 0)".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: line %d column %d (char %d)", e.Message, e.Line, e.Column, e.Char)
}

func newSyntaxError(message, text string, at int) *SyntaxError {
	before := text[:at]
	line := strings.Count(before, "\n") + 1
	return &SyntaxError{
		Message: message, Line: line, Char: utf8.RuneCountInString(before),
		Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1,
	}
}

// Plain copies Objects, and what holds them, into Go maps and slices.
func Plain(v any) any {
	switch v := v.(type) {
	case Object:
		return v.Map()
	case []Object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i].Map()
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Plain(v[i])
		}
		return out
	}
	return v
}
