// Package expr evaluates the small part of Python that conditions of webhooks use
// in the ERPNext simulator: and, or, not, comparisons, in, is, literals, fields of
// doc, doc.get and len. Anything else is refused when it is parsed. It also fills
// templates that hold nothing but such values.
package expr

import (
	"fmt"
)

// node is a part of an expression.
type node interface {
	eval(Scope) (any, error)
}

// Expr is a parsed expression.
type Expr struct{ root node }

// Parse reads an expression.
func Parse(text string) (*Expr, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.text != "" {
		return nil, refused(t.text)
	}
	return &Expr{root}, nil
}

func refused(what string) error {
	return fmt.Errorf("the simulator does not evaluate %q (it knows and, or, not, comparisons, in, is, literals, doc.field, doc.get and len)", what)
}

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

// take goes on when the next token is one of the words.
func (p *parser) take(words ...string) (string, bool) {
	t := p.peek()
	for _, w := range words {
		if !t.literal && t.text == w {
			p.at++
			return w, true
		}
	}
	return "", false
}

func (p *parser) expect(word string) error {
	if _, ok := p.take(word); !ok {
		return fmt.Errorf("invalid syntax: expected %q, found %q", word, p.peek().text)
	}
	return nil
}

func (p *parser) or() (node, error) { return p.chain("or", p.and) }

func (p *parser) and() (node, error) { return p.chain("and", p.not) }

func (p *parser) chain(word string, next func() (node, error)) (node, error) {
	left, err := next()
	if err != nil {
		return nil, err
	}
	for {
		if _, ok := p.take(word); !ok {
			return left, nil
		}
		right, err := next()
		if err != nil {
			return nil, err
		}
		left = logic{word, left, right}
	}
}

func (p *parser) not() (node, error) {
	if _, ok := p.take("not"); ok {
		of, err := p.not()
		return negation{of}, err
	}
	return p.comparison()
}

func (p *parser) comparison() (node, error) {
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	sign, ok := p.take("==", "!=", "<=", ">=", "<", ">", "in", "not", "is")
	if !ok {
		return left, nil
	}
	if sign == "not" {
		if err := p.expect("in"); err != nil {
			return nil, err
		}
		sign = "not in"
	}
	if _, not := p.take("not"); not && sign == "is" {
		sign = "is not"
	}
	right, err := p.unary()
	if err != nil {
		return nil, err
	}
	if more, ok := p.take("==", "!=", "<=", ">=", "<", ">", "in", "is"); ok {
		return nil, refused("a chained " + more)
	}
	return comparison{sign, left, right}, nil
}

func (p *parser) unary() (node, error) {
	if _, ok := p.take("-"); ok {
		t := p.peek()
		p.at++
		switch v := t.value.(type) {
		case int64:
			return constant{-v}, nil
		case float64:
			return constant{-v}, nil
		}
		return nil, refused("-" + t.text)
	}
	return p.primary()
}
