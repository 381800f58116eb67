package expr

import (
	"fmt"
	"reflect"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

type comparison struct {
	sign        string
	left, right node
}

func (n comparison) eval(s Scope) (any, error) {
	a, err := n.left.eval(s)
	if err != nil {
		return nil, err
	}
	b, err := n.right.eval(s)
	if err != nil {
		return nil, err
	}
	switch n.sign {
	case "==":
		return equal(a, b), nil
	case "!=":
		return !equal(a, b), nil
	case "is":
		return kind(a) == kind(b) && equal(a, b), nil
	case "is not":
		return kind(a) != kind(b) || !equal(a, b), nil
	case "in":
		return contains(a, b)
	case "not in":
		in, err := contains(a, b)
		return !in, err
	}
	return order(n.sign, a, b)
}

func equal(a, b any) bool {
	if x, ok := float(a); ok {
		y, ok := float(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

func contains(a, b any) (bool, error) {
	switch b := b.(type) {
	case []any:
		for _, item := range b {
			if equal(a, item) {
				return true, nil
			}
		}
		return false, nil
	case string:
		text, ok := a.(string)
		if !ok {
			return false, &Raised{"TypeError", fmt.Sprintf("'in <string>' requires string as left operand, not %s", kind(a))}
		}
		return strings.Contains(b, text), nil
	}
	return false, &Raised{"TypeError", fmt.Sprintf("argument of type '%s' is not iterable", kind(b))}
}

func order(sign string, a, b any) (bool, error) {
	x, numbers := float(a)
	y, both := float(b)
	c := 0
	switch {
	case numbers && both && x < y:
		c = -1
	case numbers && both && x > y:
		c = 1
	case numbers && both:
	default:
		l, texts := a.(string)
		r, both := b.(string)
		if !texts || !both {
			return false, &Raised{"TypeError", fmt.Sprintf("'%s' not supported between instances of '%s' and '%s'", sign, kind(a), kind(b))}
		}
		c = strings.Compare(l, r)
	}
	return map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[sign], nil
}

// kind is the name of a value's type in Python.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case string:
		return "str"
	case int, int64:
		return "int"
	case float64:
		return "float"
	case []any, []wire.Object:
		return "list"
	}
	return "dict"
}
