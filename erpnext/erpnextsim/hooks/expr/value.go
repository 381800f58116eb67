package expr

import (
	"fmt"
	"unicode"
)

func (p *parser) primary() (node, error) {
	t := p.peek()
	p.at++
	if t.literal {
		return constant{t.value}, nil
	}
	switch t.text {
	case "True", "true":
		return constant{true}, nil
	case "False", "false":
		return constant{false}, nil
	case "None", "none":
		return constant{nil}, nil
	case "(":
		return p.list(")")
	case "[":
		return p.list("]")
	case "len":
		return p.length()
	case "doc":
		return p.field()
	case "":
		return nil, fmt.Errorf("invalid syntax: the expression ends too early")
	}
	return nil, refused(t.text)
}

func (p *parser) length() (node, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	of, err := p.or()
	if err != nil {
		return nil, err
	}
	return length{of}, p.expect(")")
}

// list reads what stands in brackets: one value in round ones is just that value.
func (p *parser) list(end string) (node, error) {
	out := list{}
	for comma := false; ; comma = true {
		if _, ok := p.take(end); ok {
			return out, nil
		}
		item, err := p.or()
		if err != nil {
			return nil, err
		}
		out = append(out, item)
		if _, ok := p.take(","); ok {
			continue
		}
		if err := p.expect(end); err != nil {
			return nil, err
		}
		if end == ")" && !comma && len(out) == 1 {
			return item, nil
		}
		return out, nil
	}
}

// field reads what follows doc: nothing, .name, ["name"] or .get("name", default).
func (p *parser) field() (node, error) {
	if _, ok := p.take("["); ok {
		name, isText := p.peek().value.(string)
		p.at++
		if !isText {
			return nil, refused("doc[…]")
		}
		return field{name: name}, p.expect("]")
	}
	if _, ok := p.take("."); !ok {
		return whole{}, nil
	}
	name := p.peek()
	p.at++
	if name.literal || name.text == "" || !unicode.IsLetter(rune(name.text[0])) && name.text[0] != '_' {
		return nil, refused("doc." + name.text)
	}
	if _, call := p.take("("); !call {
		if t := p.peek().text; t == "." || t == "[" {
			return nil, refused("doc." + name.text + t)
		}
		return field{name: name.text}, nil
	}
	if name.text != "get" {
		return nil, refused("doc." + name.text + "(")
	}
	key, isText := p.peek().value.(string)
	p.at++
	if !isText {
		return nil, refused("doc.get(…)")
	}
	out := field{name: key, lenient: true}
	if _, ok := p.take(","); ok {
		otherwise, err := p.or()
		if err != nil {
			return nil, err
		}
		out.otherwise = otherwise
	}
	return out, p.expect(")")
}
