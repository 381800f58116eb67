package expr

import (
	"errors"
	"fmt"
	"strings"
)

// Template is text with values of a document in double braces, and choices.
type Template struct{ parts []part }

// part is text, or a value with the filter that writes it, or a choice.
type part struct {
	text    string
	value   *Expr
	filter  string
	choices []choice
}

// choice is a branch of an if; the last one may have no condition.
type choice struct {
	condition *Expr
	body      *Template
}

// ParseTemplate reads a template: {{ doc.field }}, {{ doc.field | tojson }}, the
// same with json, {% if %} with elif, else and endif, and comments. Other
// statements and filters are refused.
func ParseTemplate(text string) (*Template, error) {
	r := &reader{rest: text}
	t, end, err := r.block()
	switch word, _, _ := strings.Cut(end, " "); {
	case err != nil, word == "":
	case word == "elif" || word == "else" || word == "endif":
		err = fmt.Errorf("encountered unknown tag '%s'", word)
	default:
		err = unknownTag(word)
	}
	return t, err
}

// reader is a template being read.
type reader struct{ rest string }

// block reads up to the end, or to a tag that it does not begin itself.
func (r *reader) block() (t *Template, end string, err error) {
	t = &Template{}
	for r.rest != "" {
		i := strings.IndexByte(r.rest, '{')
		if i < 0 || i == len(r.rest)-1 {
			t.add(r.rest)
			r.rest = ""
			break
		}
		kind := r.rest[i : i+2]
		if !strings.Contains("{%{#{{", kind) {
			t.add(r.rest[:i+1])
			r.rest = r.rest[i+1:]
			continue
		}
		t.add(r.rest[:i])
		inner, err := r.until(i, map[string]string{"{%": "%}", "{#": "#}", "{{": "}}"}[kind])
		if err != nil {
			return nil, "", err
		}
		switch kind {
		case "{{":
			err = t.print(inner)
		case "{%":
			word, condition, _ := strings.Cut(strings.Trim(inner, "-+ \t\n"), " ")
			if word != "if" {
				return t, strings.TrimSpace(word + " " + condition), nil
			}
			err = r.choose(t, condition)
		}
		if err != nil {
			return nil, "", err
		}
	}
	return t, "", nil
}

// until takes what stands between the signs at i and their end.
func (r *reader) until(i int, end string) (string, error) {
	inner, rest, found := strings.Cut(r.rest[i+2:], end)
	if !found {
		return "", errors.New("unexpected end of template")
	}
	r.rest = rest
	return inner, nil
}

// choose reads an if up to its endif.
func (r *reader) choose(t *Template, condition string) error {
	var choices []choice
	for last := false; ; {
		c := choice{}
		if !last {
			e, err := Parse(condition)
			if err != nil {
				return err
			}
			c.condition = e
		}
		body, end, err := r.block()
		if err != nil {
			return err
		}
		c.body = body
		choices = append(choices, c)
		word, next, _ := strings.Cut(end, " ")
		switch {
		case word == "endif":
			t.parts = append(t.parts, part{choices: choices})
			return nil
		case word == "elif" && !last:
			condition = next
		case word == "else" && !last:
			last = true
		case word == "":
			return errors.New("unexpected end of template, looking for 'endif'")
		default:
			return unknownTag(word)
		}
	}
}

func unknownTag(word string) error {
	return fmt.Errorf("the simulator knows if, elif, else and endif, not %q", word)
}

func (t *Template) add(text string) {
	if text != "" {
		t.parts = append(t.parts, part{text: text})
	}
}

func (t *Template) print(inner string) error {
	value, filter, _ := strings.Cut(strings.Trim(inner, "-+"), "|")
	filter = strings.TrimSpace(filter)
	if filter != "" && filter != "tojson" && filter != "json" {
		return fmt.Errorf("the simulator knows the filters tojson and json, not %q", filter)
	}
	e, err := Parse(value)
	if err != nil {
		return err
	}
	t.parts = append(t.parts, part{value: e, filter: filter})
	return nil
}
