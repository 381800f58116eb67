package reference

import (
	"encoding/json"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// example makes a value of the required members, for the command to copy.
func (r reader) example(s *huma.Schema, depth int) any {
	s = r.resolve(s)
	switch {
	case s == nil || depth > 4:
		return nil
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		value := map[string]any{}
		for _, name := range s.Required {
			value[name] = r.example(s.Properties[name], depth+1)
		}
		return value
	case huma.TypeArray:
		return []any{r.example(s.Items, depth+1)}
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeBoolean:
		return true
	}
	return "…"
}

// curl writes a command that calls the operation; what the caller must fill in
// stands in capitals.
func curl(o Operation, base string, example any) string {
	path := nameIn.ReplaceAllStringFunc(o.Path, func(name string) string { return strings.ToUpper(strings.Trim(name, "{}")) })
	lines := []string{"curl -X " + o.Method + " " + quote(base+path)}
	if o.Guard != "Public" && o.Guard != "Signed" {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	if o.BodyType != "" {
		lines = append(lines, "-H "+quote("Content-Type: "+o.BodyType))
		body := "@FILE"
		if text, err := json.Marshal(example); err == nil && o.BodyType == "application/json" {
			body = string(text)
		}
		lines = append(lines, "--data "+quote(body))
	}
	return strings.Join(lines, " \\\n  ")
}

// quote makes one word of the shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
