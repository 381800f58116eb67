package expr

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Scope is the document that an expression looks at.
type Scope struct {
	Doctype string
	Doc     wire.Object
	// Lenient makes a field that is not there None, as in templates.
	Lenient bool
}

// Raised is what Python would raise.
type Raised struct{ Class, Text string }

// Error is the text of the exception.
func (e *Raised) Error() string { return e.Text }

// Value evaluates the expression.
func (e *Expr) Value(s Scope) (any, error) { return e.root.eval(s) }

// True tells whether the expression holds.
func (e *Expr) True(s Scope) (bool, error) {
	v, err := e.root.eval(s)
	return truth(v), err
}

// truth is Python's: nothing, zero and empty are false.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case []wire.Object:
		return len(v) > 0
	case wire.Object:
		return true
	}
	n, ok := float(v)
	return !ok || n != 0
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

type constant struct{ value any }

func (n constant) eval(Scope) (any, error) { return n.value, nil }

type list []node

func (n list) eval(s Scope) (any, error) {
	out := make([]any, len(n))
	for i := range n {
		v, err := n[i].eval(s)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

type whole struct{}

func (whole) eval(s Scope) (any, error) { return s.Doc, nil }

type field struct {
	name      string
	lenient   bool
	otherwise node
}

func (n field) eval(s Scope) (any, error) {
	for _, p := range s.Doc {
		if p.Key == n.name {
			if p.Value == nil && n.otherwise != nil {
				return nil, nil
			}
			return p.Value, nil
		}
	}
	switch {
	case n.otherwise != nil:
		return n.otherwise.eval(s)
	case n.lenient || s.Lenient:
		return nil, nil
	}
	return nil, &Raised{"AttributeError", fmt.Sprintf("'%s' object has no attribute '%s'", strings.ReplaceAll(s.Doctype, " ", ""), n.name)}
}

type length struct{ of node }

func (n length) eval(s Scope) (any, error) {
	v, err := n.of.eval(s)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case string:
		return int64(len([]rune(v))), nil
	case []any:
		return int64(len(v)), nil
	case []wire.Object:
		return int64(len(v)), nil
	}
	return nil, &Raised{"TypeError", fmt.Sprintf("object of type '%s' has no len()", kind(v))}
}

type negation struct{ of node }

func (n negation) eval(s Scope) (any, error) {
	v, err := n.of.eval(s)
	return !truth(v), err
}

type logic struct {
	word        string
	left, right node
}

func (n logic) eval(s Scope) (any, error) {
	v, err := n.left.eval(s)
	if err != nil || truth(v) == (n.word == "or") {
		return v, err
	}
	return n.right.eval(s)
}
