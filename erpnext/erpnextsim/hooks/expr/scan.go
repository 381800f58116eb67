package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// token is a sign, a name, or a literal with its value.
type token struct {
	text    string
	literal bool
	value   any
}

func scan(text string) ([]token, error) {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '"' || c == '\'':
			value, n, err := quoted(text[i:])
			if err != nil {
				return nil, err
			}
			out = append(out, token{text[i : i+n], true, value})
			i += n
		case c >= '0' && c <= '9':
			n := strings.IndexFunc(text[i:], func(r rune) bool { return !unicode.IsDigit(r) && r != '.' })
			if n < 0 {
				n = len(text) - i
			}
			value, err := numeral(text[i : i+n])
			if err != nil {
				return nil, err
			}
			out = append(out, token{text[i : i+n], true, value})
			i += n
		case c == '_' || unicode.IsLetter(rune(c)):
			n := strings.IndexFunc(text[i:], func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if n < 0 {
				n = len(text) - i
			}
			out = append(out, token{text: text[i : i+n]})
			i += n
		default:
			n := 1
			if i+1 < len(text) && text[i+1] == '=' && strings.IndexByte("=!<>", c) >= 0 {
				n = 2
			}
			if n == 1 && strings.IndexByte("()[],.<>-|", c) < 0 {
				return nil, refused(text[i:])
			}
			out = append(out, token{text: text[i : i+n]})
			i += n
		}
	}
	return out, nil
}

func numeral(text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, refused(text)
	}
	return f, nil
}

func quoted(text string) (value string, length int, err error) {
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			if at := strings.IndexByte(`nt\'"`, text[i]); at >= 0 {
				out.WriteByte("\n\t\\'\""[at])
			} else {
				out.WriteString(`\` + text[i:i+1])
			}
		case text[i] == text[0]:
			return out.String(), i + 1, nil
		default:
			out.WriteByte(text[i])
		}
	}
	return "", 0, fmt.Errorf("unterminated string literal: %s", text)
}
