package store

import (
	"fmt"
	"strings"
	"sync"
)

// shelf keeps what was worked out from tables that seldom change, until they do.
type shelf struct {
	mu      sync.RWMutex
	moment  int64            // counts the commits that changed something
	changed map[string]int64 // the moment of each table's last change
	all     int64            // the moment of the last change to any table's columns
	kept    map[string]item
}

type item struct {
	value  any
	tables []string
	moment int64 // that the value was worked out at
}

// shelfMax is how many values are kept.
const shelfMax = 1000

func (s *shelf) now() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.moment
}

// outdate is called between a commit and the answer to it. A reader who began before
// sees nothing newer; what it works out is dated by its own beginning.
func (s *shelf) outdate(tables map[string]bool) {
	if len(tables) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moment++
	if s.changed == nil {
		s.changed = map[string]int64{}
	}
	for table := range tables {
		if table == schema {
			s.all = s.moment
		}
		s.changed[table] = s.moment
	}
}

func (s *shelf) get(key string) (any, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.kept[key]
	if !ok || s.all > i.moment {
		return nil, false
	}
	for _, table := range i.tables {
		if s.changed[table] > i.moment {
			return nil, false
		}
	}
	return i.value, true
}

func (s *shelf) put(key string, i item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= shelfMax {
		s.kept = map[string]item{}
	}
	s.kept[key] = i
}

// Recall returns what work made of the tables (doctypes, or the names of other
// tables), from memory as long as none of them changed. The value is shared: nobody
// may change it. key names the work and what it depends on beside the tables.
func (t *Tx) Recall(key string, tables []string, work func() (any, error)) (any, error) {
	own := t.touched[schema]
	for _, table := range tables {
		own = own || t.touched[table]
	}
	if own {
		return work()
	}
	if v, ok := t.shelf.get(key); ok {
		return v, nil
	}
	v, err := work()
	if err == nil {
		t.shelf.put(key, item{v, tables, t.seen})
	}
	return v, err
}

// Known is Rows of a query on one table, recalled as long as that does not change.
// Nobody may change the rows.
func (t *Tx) Known(table, stmt string, args ...any) ([]Row, error) {
	v, err := t.Recall(keyOf(stmt, args), []string{table}, func() (any, error) { return t.Rows(stmt, args...) })
	rows, _ := v.([]Row)
	return rows, err
}

func keyOf(stmt string, args []any) string {
	var key strings.Builder
	key.WriteString(stmt)
	for _, a := range args {
		key.WriteByte(0)
		if text, ok := a.(string); ok {
			key.WriteString(text)
		} else {
			fmt.Fprintf(&key, "%T %v", a, a)
		}
	}
	return key.String()
}

// schema stands for the columns of all tables.
const schema = "*"

// touch notes the table that a statement changes.
func (t *Tx) touch(stmt string) {
	table := target(stmt)
	if table == "" {
		return
	}
	if t.touched == nil {
		t.touched = map[string]bool{}
	}
	t.touched[table] = true
}

// target is the table that a statement changes, by its doctype where it has one;
// "" is none, and "*" is a statement of another kind, which may change anything.
func target(stmt string) string {
	verb, rest, _ := strings.Cut(stmt, " ")
	switch verb {
	case "SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT":
		return ""
	case "INSERT":
		_, rest, _ = strings.Cut(rest, "INTO ")
	case "DELETE":
		_, rest, _ = strings.Cut(rest, "FROM ")
	case "UPDATE":
	default:
		return schema
	}
	name := ""
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		name, _, _ = strings.Cut(quoted, `"`)
	} else if end := strings.IndexAny(rest, " (\n"); end > 0 {
		name = rest[:end]
	}
	if name == "" {
		return schema
	}
	return strings.TrimPrefix(name, "tab")
}
