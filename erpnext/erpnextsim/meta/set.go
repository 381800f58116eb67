package meta

import (
	"maps"
	"slices"
)

// Set is the doctypes of a site.
type Set struct{ types map[string]*DocType }

// NewSet makes a set of doctypes.
func NewSet(types ...*DocType) *Set {
	s := &Set{types: make(map[string]*DocType, len(types))}
	for _, d := range types {
		s.types[d.Name] = d.index()
	}
	return s
}

// Get returns a doctype, nil when the site does not have it.
func (s *Set) Get(name string) *DocType { return s.types[name] }

// All returns the doctypes by name.
func (s *Set) All() []*DocType {
	out := make([]*DocType, 0, len(s.types))
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		out = append(out, s.types[name])
	}
	return out
}

// With returns a copy of the set in which d is added or replaced.
func (s *Set) With(d *DocType) *Set {
	types := maps.Clone(s.types)
	types[d.Name] = d.index()
	return &Set{types: types}
}

// Without returns a copy of the set that lacks the doctype.
func (s *Set) Without(doctype string) *Set {
	types := maps.Clone(s.types)
	delete(types, doctype)
	return &Set{types: types}
}

// Original returns a doctype as it was declared, without what the site customized.
func (s *Set) Original(doctype string) *DocType {
	d := s.types[doctype]
	if d == nil || d.Base == nil {
		return d
	}
	return d.Base
}

// Insert puts a field into the doctype: in place of one with the same name, else
// after the field named after, else last.
func (d *DocType) Insert(f *Field, after string) {
	same := func(name string) func(*Field) bool {
		return func(g *Field) bool { return g.Name == name }
	}
	if i := slices.IndexFunc(d.Fields, same(f.Name)); i >= 0 {
		d.Fields[i] = f
	} else if i := slices.IndexFunc(d.Fields, same(after)); i >= 0 {
		d.Fields = slices.Insert(d.Fields, i+1, f)
	} else {
		d.Fields = append(d.Fields, f)
	}
}

// Copy is a copy of the declaration that may be changed, until it joins a set.
func (d *DocType) Copy() *DocType {
	c := *d
	c.Fields = slices.Clone(d.Fields)
	c.Permissions = slices.Clone(d.Permissions)
	c.Base = d
	if d.Base != nil {
		c.Base = d.Base
	}
	return &c
}

// WithoutField returns a copy of the set in which the doctype lacks the field.
func (s *Set) WithoutField(doctype, field string) *Set {
	old := s.types[doctype]
	if old == nil {
		return s
	}
	d := *old
	d.Fields = slices.DeleteFunc(slices.Clone(old.Fields), func(f *Field) bool { return f.Name == field })
	return s.With(&d)
}
