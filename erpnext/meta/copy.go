package meta

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// own are the columns that belong to one document or row.
var own = []string{
	"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "amended_from", "amendment_date", "cancel_reason",
	"parent", "parentfield", "parenttype", "doctype",
}

// Copy takes out of a document what is its own and what its doctype says is not
// to be copied, in its child tables too. metas holds the doctype first, then its
// tables.
func Copy(doc json.RawMessage, metas []DocType) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber() // amounts stay exact
	values := map[string]any{}
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	if len(metas) > 0 {
		strip(values, metas[0], metas)
	}
	return values, nil
}

func strip(values map[string]any, d DocType, metas []DocType) {
	for name, value := range values {
		i := slices.IndexFunc(d.Fields, Named(name))
		if value == nil || strings.HasPrefix(name, "_") || slices.Contains(own, name) || (i >= 0 && bool(d.Fields[i].NoCopy)) {
			delete(values, name)
			continue
		}
		rows, ok := value.([]any)
		if !ok || i < 0 {
			continue
		}
		table := slices.IndexFunc(metas, func(m DocType) bool { return m.Name == d.Fields[i].Options })
		for _, row := range rows {
			if row, ok := row.(map[string]any); ok {
				var child DocType
				if table >= 0 {
					child = metas[table]
				}
				strip(row, child, nil)
			}
		}
	}
}
