package order

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// form is an object with its members' names made alike.
type form struct {
	said  map[string]any
	names map[string]string // as they were written
	err   error
}

// add takes members in, and those of objects in it. What is there already stays.
func (f *form) add(members map[string]any) {
	var inner []map[string]any
	for name, value := range members {
		key := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
		switch value := value.(type) {
		case nil:
			continue
		case map[string]any:
			if id, there := value["id"]; there && key == "device" { // not that of the position
				f.said[key], f.names[key] = id, name
			}
			if slices.Contains(nests, key) {
				inner = append(inner, value)
				continue
			}
		case []any:
			if len(value) == 2 && slices.Contains(nests, key) {
				inner = append(inner, map[string]any{"lat": value[0], "lon": value[1]})
				continue
			}
		case string:
			if lat, lon, two := strings.Cut(value, ","); two && key == "location" {
				inner = append(inner, map[string]any{"lat": strings.TrimSpace(lat), "lon": strings.TrimSpace(lon)})
				continue
			}
		}
		if _, there := f.said[key]; !there {
			f.said[key], f.names[key] = value, name
		}
	}
	for _, members := range inner {
		f.add(members)
	}
}

// take gives the first of the names that is there.
func (f *form) take(names []string) any {
	var first any
	for _, name := range names {
		if value, there := f.said[name]; there && first == nil {
			first = value
			delete(f.said, name)
		}
	}
	return first
}

func (f *form) text(names []string) string {
	value := f.take(names)
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// number gives nil for what is not there.
func (f *form) number(names []string) *float64 {
	text := f.text(names)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64) // NaN too
	if err != nil {
		f.fail(fmt.Errorf("%s is no number", names[0]))
	}
	return &n
}

func (f *form) or0(names []string) float64 {
	if n := f.number(names); n != nil {
		return *n
	}
	return 0
}

func (f *form) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// rest is what nobody asked for.
func (f *form) rest() map[string]any {
	rest := map[string]any{}
	for key, value := range f.said {
		if number, is := value.(json.Number); is {
			if n, err := number.Float64(); err == nil {
				value = n
			} else { // too large for one
				value = number.String()
			}
		}
		rest[f.names[key]] = value
	}
	return rest
}
