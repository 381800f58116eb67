package expr

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Fill writes the template for a document; a field that it does not have is None.
func (t *Template) Fill(s Scope) (string, error) {
	s.Lenient = true
	var out strings.Builder
	for _, p := range t.parts {
		text, err := p.fill(s)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

func (p part) fill(s Scope) (string, error) {
	if p.value != nil {
		v, err := p.value.Value(s)
		return written(v, p), err
	}
	for _, c := range p.choices {
		holds := c.condition == nil
		if !holds {
			var err error
			if holds, err = c.condition.True(s); err != nil {
				return "", err
			}
		}
		if holds {
			return c.body.Fill(s)
		}
	}
	return p.text, nil
}

func written(v any, p part) string {
	switch p.filter {
	case "tojson":
		text := string(wire.Encode(wire.Plain(v), wire.Style{ASCII: true, Spaces: true}))
		return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(text)
	case "json":
		return string(wire.Encode(wire.Plain(v), wire.Style{ASCII: true, Indent: true}))
	}
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return v
	}
	return string(wire.Encode(v, wire.Style{Spaces: true}))
}
