package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// environment reads the variables and finds the ones that nobody asks for.
func (r *reader) environment() {
	known := make([]string, 0, len(r.fields))
	for _, f := range r.fields {
		known = append(known, f.env)
		if f.secret {
			known = append(known, f.env+"_FILE")
		}
		r.variable(f)
	}
	var strange []string
	for name := range r.environ {
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) && !r.ignored(name) {
			strange = append(strange, name)
		}
	}
	slices.Sort(strange)
	for _, name := range strange {
		r.mistakes = append(r.mistakes, Mistake{Where: name, Problem: "unknown variable" + nearest(name, known)})
	}
}

func (r *reader) ignored(name string) bool {
	return slices.ContainsFunc(r.ignore, func(pattern string) bool {
		if start, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(name, start)
		}
		return name == pattern
	})
}

func (r *reader) variable(f field) {
	text, file := r.environ[f.env], ""
	if f.secret {
		file = r.environ[f.env+"_FILE"]
	}
	switch {
	case text != "" && file != "":
		r.mistake(f.env, f.path, "set together with "+f.env+"_FILE; keep one")
	case text != "":
		r.assign(f, f.env, text)
	case file != "":
		r.secretFile(f, f.env+"_FILE", file)
	}
}

func (r *reader) assign(f field, where, text string) {
	if f.secret && Secret(text).Empty() {
		r.mistake(where, f.path, "made of blanks only, which is no secret")
		return
	}
	if err := f.set(text); err != nil {
		r.mistake(where, f.path, err.Error())
		return
	}
	r.loaded.Origins[f.path] = where
}

// secretFile reads a secret from a file of its own, less the line end that
// editors leave. The mistake does not repeat the file name: people put the
// secret itself there.
func (r *reader) secretFile(f field, where, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		r.mistake(where, f.path, "cannot read the file: "+reason(err))
		return
	}
	text := strings.TrimRight(string(raw), "\r\n")
	if text == "" {
		r.mistake(where, f.path, "the file is empty")
		return
	}
	r.assign(f, where, text)
}

// reason is the text of a file error without the file name.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return "unreadable"
}
