package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Setting describes one setting, for the command that lists them and for the
// table in the documentation.
type Setting struct {
	Env     string // variable; a secret may also come by Env + "_FILE"
	YAML    string // path in the file: "docuseal.url"
	Type    string // text, secret, duration, list, true or false, whole number, number
	Default string
	Doc     string
	Secret  bool
	Section string // the part it belongs to: "docuseal", "" for the program itself
}

// Value is a setting with what it is set to.
type Value struct {
	Setting
	Text   string // "[secret]" for a secret that is set
	Origin string // variable, "file:line" or "default"; "" when nothing set it
}

// Describe lists the settings of the tree behind dst in the order of the structs.
func Describe(dst any) []Setting {
	fields := fieldsOf(dst)
	list := make([]Setting, len(fields))
	for i, f := range fields {
		list[i] = f.describe()
	}
	return list
}

// Values lists the settings with their values and origins.
func (l *Loaded) Values() []Value {
	list := make([]Value, len(l.fields))
	for i, f := range l.fields {
		list[i] = Value{Setting: f.describe(), Text: f.text(), Origin: l.Origins[f.path]}
	}
	return list
}

func (f field) describe() Setting {
	return Setting{
		Env: f.env, YAML: f.path, Type: typeName(f.value.Type()), Default: f.fallback,
		Doc: f.doc, Secret: f.secret, Section: section(f.path),
	}
}

func (f field) text() string {
	if f.value.Kind() != reflect.Slice {
		return fmt.Sprint(f.value.Interface())
	}
	items := make([]string, f.value.Len())
	for i := range items {
		items[i] = fmt.Sprint(f.value.Index(i).Interface())
	}
	return strings.Join(items, ",")
}
