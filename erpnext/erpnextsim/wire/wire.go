// Package wire reads and writes JSON the way Frappe's Python does: keys in the
// order in which they were set, floats with a decimal point, text in ASCII
// escapes on the older release. It serves the ERPNext simulator and remembers
// nothing.
package wire

// Pair is one member of an Object.
type Pair struct {
	Key   string
	Value any
}

// Object is a JSON object that keeps the order of its members.
type Object []Pair

// Get returns the value of a member, nil when it is absent.
func (o Object) Get(key string) any {
	for i := range o {
		if o[i].Key == key {
			return o[i].Value
		}
	}
	return nil
}

// Set replaces a member or appends it.
func (o *Object) Set(key string, value any) {
	for i := range *o {
		if (*o)[i].Key == key {
			(*o)[i].Value = value
			return
		}
	}
	*o = append(*o, Pair{key, value})
}

// Map copies the object and everything in it into plain Go maps and slices.
func (o Object) Map() map[string]any {
	out := make(map[string]any, len(o))
	for _, p := range o {
		out[p.Key] = Plain(p.Value)
	}
	return out
}
