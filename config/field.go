package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// field is one setting of the tree.
type field struct {
	path     string // YAML path: "docuseal.token"
	env      string // variable: "TARGO_DOCUSEAL_TOKEN"
	fallback string // tag default
	doc      string
	secret   bool
	value    reflect.Value
}

// fieldsOf lists the settings of the tree behind dst. A tree that cannot be
// read is a mistake in the program, so it panics.
func fieldsOf(dst any) []field {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %T is not a pointer to a struct", dst))
	}
	return appendFields(nil, v.Elem(), "", prefix)
}

func appendFields(list []field, v reflect.Value, path, env string) []field {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if !sf.IsExported() || sf.Tag.Get("yaml") == "-" {
			continue
		}
		if sf.Type.Kind() == reflect.Struct {
			list = appendFields(list, v.Field(i), join(path, key(sf)), env+sf.Tag.Get("envPrefix"))
			continue
		}
		f := field{
			path:     join(path, key(sf)),
			env:      env + sf.Tag.Get("env"),
			fallback: sf.Tag.Get("default"),
			doc:      sf.Tag.Get("doc"),
			secret:   sf.Type == reflect.TypeFor[Secret](),
			value:    v.Field(i),
		}
		if key(sf) == "" || sf.Tag.Get("env") == "" {
			panic("config: " + v.Type().String() + "." + sf.Name + " needs the tags yaml and env")
		}
		if typeName(sf.Type) == "" {
			panic("config: " + v.Type().String() + "." + sf.Name + " has a type that cannot be a setting")
		}
		list = append(list, f)
	}
	return list
}

// key is the YAML key of a field; "" for a part that stands inline.
func key(sf reflect.StructField) string {
	name, _, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
	return name
}

// typeName is what the documentation calls the type; "" for one that cannot be
// a setting.
func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Secret]():
		return "secret"
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[Secret]():
		return "" // one Secret that its owner takes apart can also come from a file
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return "list"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Float64:
		return "number"
	default:
		return ""
	}
}

// set reads text into the field.
//
// The text of all three sources is turned into a value by caarlos0/env, one
// field at a time, as if the field stood alone in a struct. Given the whole
// tree it would stop short of what is wanted here: its errors name the Go field
// and repeat the value instead of naming the variable, it does not notice
// variables that no field asks for, and it cannot read a secret from either a
// variable or a file.
func (f field) set(text string) error {
	if typeName(f.value.Type()) == "list" {
		return f.setList(strings.Split(text, ","))
	}
	one := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: "Value", Type: f.value.Type(), Tag: `env:"VALUE"`,
	}}))
	if err := env.ParseWithOptions(one.Interface(), env.Options{Environment: map[string]string{"VALUE": text}}); err != nil {
		return f.unreadable()
	}
	f.value.Set(one.Elem().Field(0))
	return nil
}

// setList keeps what is left of the items when blanks are cut; an empty text
// gives an empty list.
func (f field) setList(items []string) error {
	list := reflect.MakeSlice(f.value.Type(), 0, len(items))
	for _, item := range items {
		if item = strings.TrimSpace(item); item != "" {
			list = reflect.Append(list, reflect.ValueOf(item).Convert(f.value.Type().Elem()))
		}
	}
	f.value.Set(list)
	return nil
}

// unreadable says what was expected, never what was found.
func (f field) unreadable() error {
	switch name := typeName(f.value.Type()); name {
	case "duration":
		return errors.New("not a duration (write it like 10s, 5m or 1h30m)")
	case "true or false":
		return errors.New("neither true nor false")
	default:
		return errors.New("not a " + name)
	}
}
