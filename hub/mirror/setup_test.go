package mirror_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/mirror"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func toronto(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(hub.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// site is as much of ERPNext as the mirror reads: lists of documents whose
// modified is what the clock on the wall shows.
type site struct {
	zone   *time.Location
	mu     sync.Mutex
	docs   map[string]map[string]map[string]any // by doctype and name
	down   error
	reads  int
	onRead func(reads int) // after a page was read
}

func newSite(t testing.TB) *site {
	t.Helper()
	return &site{zone: toronto(t), docs: map[string]map[string]map[string]any{}}
}

func (s *site) Zone(context.Context) (*time.Location, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.zone, s.down
}

// write saves a document at an instant and returns its modified, as a webhook
// has it.
func (s *site) write(doctype, name string, at time.Time, values map[string]any) string {
	const layout = "2006-01-02 15:04:05.999999" // a list leaves zeros out
	doc := map[string]any{"name": name, "modified": at.In(s.zone).Format(layout), "docstatus": 0, "status": nil}
	for k, v := range values {
		doc[k] = v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.docs[doctype] == nil {
		s.docs[doctype] = map[string]map[string]any{}
	}
	s.docs[doctype][name] = doc
	return at.In(s.zone).Format("2006-01-02 15:04:05.000000")
}

func (s *site) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

func (s *site) List(_ context.Context, q erpnext.Query, into any) error {
	s.mu.Lock()
	s.reads++
	reads := s.reads
	down := s.down
	type keyed struct {
		key string
		doc map[string]any
	}
	var found []keyed
	for _, doc := range s.docs[q.Doctype] {
		if every(doc, q.Filters) && (len(q.Or) == 0 || some(doc, q.Or)) {
			found = append(found, keyed{full(doc["modified"]) + " " + doc["name"].(string), doc})
		}
	}
	s.mu.Unlock()
	if down != nil {
		return down
	}
	slices.SortFunc(found, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	if q.OrderBy == "modified desc" {
		slices.Reverse(found)
	}
	rows := []map[string]any{}
	for _, k := range found[:min(len(found), q.Limit)] {
		rows = append(rows, k.doc)
	}
	raw, err := json.Marshal(rows)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if s.onRead != nil {
		s.onRead(reads)
	}
	return err
}

// full compares times as the database does: with six digits.
func full(v any) string {
	text, _ := v.(string)
	if len(text) > len(time.DateTime) {
		return (text + "000000")[:len("2006-01-02 15:04:05.000000")]
	}
	if at, err := time.Parse(time.DateTime, text); err == nil {
		return at.Format("2006-01-02 15:04:05.000000")
	}
	return text
}

func every(doc map[string]any, filters []erpnext.Filter) bool {
	return !slices.ContainsFunc(filters, func(f erpnext.Filter) bool { return !holds(doc, f) })
}

func some(doc map[string]any, filters []erpnext.Filter) bool {
	return slices.ContainsFunc(filters, func(f erpnext.Filter) bool { return holds(doc, f) })
}

func holds(doc map[string]any, f erpnext.Filter) bool {
	switch f.Op {
	case ">=":
		return full(doc[f.Field]) >= full(f.Value)
	case ">":
		return full(doc[f.Field]) > full(f.Value)
	case "in":
		return slices.Contains(f.Value.([]string), doc[f.Field].(string))
	}
	panic("the site does not know " + f.Op)
}

// memory is a store of values with a clock.
type memory struct {
	now  func() time.Time
	mu   sync.Mutex
	last int64
	has  map[string]entry
}

type entry struct {
	version int64
	value   []byte
	end     time.Time
}

func newMemory(now func() time.Time) *memory { return &memory{now: now, has: map[string]entry{}} }

func (s *memory) find(key string) (entry, bool) {
	e, ok := s.has[key]
	return e, ok && (e.end.IsZero() || s.now().Before(e.end))
}

func (s *memory) Value(_ context.Context, key string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.find(key)
	if !ok {
		return nil, 0, keep.ErrNotFound
	}
	return e.value, e.version, nil
}

func (s *memory) Swap(_ context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.find(key)
	if !ok {
		e = entry{}
	}
	if version != keep.AnyVersion && version != e.version {
		return 0, keep.ErrStale
	}
	s.last++
	e = entry{version: s.last, value: value}
	if ttl > 0 {
		e.end = s.now().Add(ttl)
	}
	s.has[key] = e
	return s.last, nil
}

func (s *memory) Drop(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.has, key)
	return nil
}

// listener hears changes and news.
type listener struct {
	mu     sync.Mutex
	heard  []mirror.Change
	news   []hub.Event
	refuse func(c mirror.Change) error
}

func (l *listener) changes(_ context.Context, c mirror.Change) error {
	if l.refuse != nil {
		if err := l.refuse(c); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, c)
	return nil
}

func (l *listener) Publish(_ context.Context, events ...hub.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.news = append(l.news, events...)
	return nil
}

func (l *listener) list() []mirror.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

// counts tells how often each state was heard.
func (l *listener) counts() map[string]int {
	n := map[string]int{}
	for _, c := range l.list() {
		n[stateOf(c.Doctype, c.Name, c.Modified)]++
	}
	return n
}

func stateOf(doctype, name, modified string) string {
	return fmt.Sprint(doctype, "/", name, "@", modified)
}

// bench is a mirror of a site with a clock that the test sets.
type bench struct {
	*mirror.Mirror
	t     testing.TB
	site  *site
	store *memory
	ears  *listener
	cfg   mirror.Config
	clock time.Time
	page  int
}

func newBench(t testing.TB, at string, cfg mirror.Config, page int) *bench {
	t.Helper()
	clock, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, site: newSite(t), ears: &listener{}, cfg: cfg, clock: clock, page: page}
	b.store = newMemory(b.now)
	b.restart()
	return b
}

func settings(doctypes ...string) mirror.Config {
	return mirror.Config{Doctypes: doctypes, Interval: time.Minute, Overlap: 5 * time.Minute}
}

func (b *bench) now() time.Time { return b.clock }

// restart forgets what is not in the store.
func (b *bench) restart() {
	b.t.Helper()
	m, err := mirror.New(b.cfg, mirror.Deps{
		ERPNext: b.site, Store: b.store, Events: b.ears, Changes: b.ears.changes, Now: b.now, Page: b.page,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Mirror = m
}

func (b *bench) walk() {
	b.t.Helper()
	if _, err := b.Walk(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) write(doctype, name string) string { return b.site.write(doctype, name, b.clock, nil) }

// heard checks which states were told since the last time, in any order.
func (b *bench) heardOnly(want ...string) {
	b.t.Helper()
	var got []string
	for _, c := range b.ears.list() {
		got = append(got, stateOf(c.Doctype, c.Name, c.Modified))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.t.Errorf("heard %q, want %q", got, want)
	}
	b.ears.mu.Lock()
	b.ears.heard = nil
	b.ears.mu.Unlock()
}
