package rest

import (
	"encoding/json"
	"slices"
	"strings"
)

// Walk goes over all pages of a list. Where the order allows it (see List.Key)
// each page begins behind the last row that was seen, so that nothing is missed
// or seen twice while others insert, change and delete. Rows that share the last
// value of the key are asked for again and told apart by their names.
type Walk struct {
	list   List
	size   int // rows a page
	want   int // rows at most; 0 is all
	given  int
	asked  int // rows of the page under way
	column string
	down   bool
	keyed  bool
	last   string          // of the column
	ties   map[string]bool // names of the rows with that value
	done   bool
}

// NewWalk begins a walk over what the list asks for, in pages of size rows.
func NewWalk(l List, size int) *Walk {
	w := &Walk{list: l, size: size, want: l.Limit}
	if w.column, w.down, w.keyed = l.Key(); w.keyed && !slices.Contains(l.Fields, "*") {
		w.list.Fields = slices.Clone(l.Fields)
		for _, column := range []string{"name", w.column} {
			if !slices.Contains(l.Fields, column) {
				w.list.Fields = append(w.list.Fields, column)
			}
		}
	}
	return w
}

// Next is the next page to be asked for; false when the walk is over.
func (w *Walk) Next() (List, bool) {
	if w.done {
		return List{}, false
	}
	page := w.list
	page.Limit = w.size
	if w.want > 0 {
		page.Limit = min(w.size, w.want-w.given)
	}
	switch {
	case !w.keyed:
		page.Start += w.given
	case w.given > 0:
		op := ">"
		if w.down {
			op = "<"
		}
		if w.column != "name" {
			op += "="
			page.Limit += len(w.ties)
		}
		page.Filters = append(slices.Clone(page.Filters), Filter{Field: w.column, Op: op, Value: w.last})
	}
	w.asked = page.Limit
	return page, true
}

// Take takes the rows of the page and returns those that are new.
func (w *Walk) Take(rows []json.RawMessage) ([]json.RawMessage, error) {
	fresh := rows
	whole := w.given == 0 && (len(rows) < w.asked || len(rows) == w.want)
	if w.keyed && !whole { // a list of one page has nothing to go on from
		var err error
		if fresh, err = w.sift(rows); err != nil {
			return nil, err
		}
	}
	w.given += len(fresh)
	w.done = len(rows) < w.asked || len(fresh) == 0 || (w.want > 0 && w.given >= w.want)
	return fresh, nil
}

func (w *Walk) sift(rows []json.RawMessage) ([]json.RawMessage, error) {
	fresh := make([]json.RawMessage, 0, len(rows))
	for _, row := range rows {
		var columns map[string]json.RawMessage
		if err := json.Unmarshal(row, &columns); err != nil {
			return nil, err
		}
		name, key := plain(columns["name"]), plain(columns[w.column])
		if key == w.last && w.ties[name] {
			continue
		}
		if key != w.last || w.ties == nil {
			w.last, w.ties = key, map[string]bool{}
		}
		w.ties[name] = true
		fresh = append(fresh, row)
	}
	if w.last == "" { // rows without the key cannot be gone on from
		w.keyed = false
	}
	return fresh, nil
}

// plain is the text of a JSON text or number; "" of null.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.TrimSpace(string(raw))
}
