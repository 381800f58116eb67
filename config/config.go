// Package config reads the settings of the program, strictly: a key or a
// variable that nobody knows is a mistake, and all mistakes are told at once.
//
// Settings are one tree of structs; every package declares its own part:
//
//	type Config struct {
//		URL   string        `yaml:"url" env:"URL" doc:"address of the service"`
//		Token config.Secret `yaml:"token" env:"TOKEN" doc:"API token"`
//		Wait  time.Duration `yaml:"wait" env:"WAIT" default:"10s" doc:"longest wait"`
//	}
//
// and the program puts the parts together with `yaml:"docuseal" envPrefix:"DOCUSEAL_"`.
// A value comes from the environment (TARGO_DOCUSEAL_URL), else from the YAML
// file (docuseal: {url: …}), else from the tag default. A Secret may also stand
// in a file of its own, named by TARGO_DOCUSEAL_TOKEN_FILE or by the key
// token_file. An empty variable counts as not set.
//
// A part that has a method Validate() error is asked after it was read; with
// Wrong it can say which of its keys is at fault. No message ever repeats a
// value: what was meant for another variable may be a secret.
//
// The package has no routes, calls no system and remembers nothing.
package config

import (
	"reflect"
	"slices"
	"strings"
)

// prefix starts the name of every variable.
const prefix = "TARGO_"

// Loaded says where the values came from.
type Loaded struct {
	Origins  map[string]string // by YAML path: "TARGO_LISTEN", "hub.yaml:3", "TARGO_X_FILE" or "default"; absent when never set
	Warnings []string          // what deserves a line in the start log
	fields   []field
}

// Load fills dst, a pointer to a struct of settings. environ is os.Environ();
// file is the path of the YAML file, "" for none. Variables named in ignore
// ("TARGO_CONFIG", or with a star "TARGO_EXTRA_*") may exist without a field;
// TARGO_DEMO_* and TARGO_SIM_*, which the simulators write, always may. The error
// is a *Mistakes that holds every mistake.
func Load(dst any, environ []string, file string, ignore ...string) error {
	_, err := Read(dst, environ, file, ignore...)
	return err
}

// Read is Load that also tells where each value came from.
func Read(dst any, environ []string, file string, ignore ...string) (*Loaded, error) {
	r := &reader{
		fields:  fieldsOf(dst),
		environ: mapOf(environ),
		ignore:  append([]string{prefix + "DEMO_*", prefix + "SIM_*"}, ignore...),
		loaded:  &Loaded{Origins: map[string]string{}},
		broken:  map[string]bool{},
	}
	r.loaded.fields = r.fields
	r.defaults()
	r.file(file)
	r.environment()
	r.validate(reflect.ValueOf(dst), "")
	if len(r.mistakes) == 0 {
		return r.loaded, nil
	}
	return r.loaded, r.report()
}

// reader carries one Read through its steps.
type reader struct {
	fields   []field
	environ  map[string]string
	ignore   []string
	loaded   *Loaded
	mistakes []Mistake
	broken   map[string]bool // sections of which a key could not be read
}

func (r *reader) mistake(where, path, problem string) {
	r.mistakes = append(r.mistakes, Mistake{Where: where, Path: path, Problem: problem})
	r.broken[section(path)] = true
}

func (r *reader) defaults() {
	for _, f := range r.fields {
		if f.fallback == "" {
			continue
		}
		if err := f.set(f.fallback); err != nil {
			panic("config: the default of " + f.path + " is " + err.Error())
		}
		r.loaded.Origins[f.path] = "default"
	}
}

// validate asks every part that can judge itself, outermost first. A part with
// a key that could not be read is not asked: its answer would only confuse.
func (r *reader) validate(v reflect.Value, path string) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if judge, ok := v.Addr().Interface().(interface{ Validate() error }); ok && !r.broken[path] {
		for _, err := range split(judge.Validate()) {
			r.judged(path, err)
		}
	}
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if sf.Type.Kind() != reflect.Struct || !sf.IsExported() {
			continue
		}
		r.validate(v.Field(i), join(path, key(sf)))
	}
}

// judged files what Validate said, under the origin of the key if it named one.
func (r *reader) judged(path string, err error) {
	wrong, ok := err.(*wrongKey) // split already took the tree apart
	if !ok {
		r.mistakes = append(r.mistakes, Mistake{Where: path, Path: path, Problem: err.Error()})
		return
	}
	full := join(path, wrong.key)
	where := r.loaded.Origins[full]
	if where == "" || where == "default" {
		where = full
		if i := slices.IndexFunc(r.fields, func(f field) bool { return f.path == full }); i >= 0 {
			where = r.fields[i].env
		}
	}
	r.mistakes = append(r.mistakes, Mistake{Where: where, Path: full, Problem: wrong.problem})
}

// report removes every secret that a careless Validate may have repeated.
// Shorter ones are left alone: they would tear holes into words.
func (r *reader) report() *Mistakes {
	for i := range r.mistakes {
		for _, f := range r.fields {
			if f.secret && f.value.Len() >= 4 {
				r.mistakes[i].Problem = strings.ReplaceAll(r.mistakes[i].Problem, f.value.String(), hidden)
			}
		}
	}
	return &Mistakes{List: r.mistakes}
}

func mapOf(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			m[name] = value
		}
	}
	return m
}

func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

func section(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}
