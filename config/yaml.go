package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// file reads the YAML file. It walks the parsed tree instead of decoding it
// into the structs, because the decoder stops at the first mistake.
func (r *reader) file(path string) {
	if path == "" {
		return
	}
	name := filepath.Base(path)
	raw, err := os.ReadFile(path)
	if err != nil {
		r.mistakes = append(r.mistakes, Mistake{Where: path, Problem: "cannot read the file: " + reason(err)})
		return
	}
	tree, err := parser.ParseBytes(raw, 0)
	if err != nil {
		r.mistakes = append(r.mistakes, syntaxMistake(name, err))
		return
	}
	w := &walker{reader: r, name: name, byPath: map[string]field{}}
	for _, f := range r.fields {
		w.byPath[f.path] = f
		w.paths = append(w.paths, f.path)
	}
	for i, doc := range tree.Docs {
		if i > 0 && doc.Body != nil {
			r.mistakes = append(r.mistakes, Mistake{Where: w.line(doc.Body), Problem: "a second document; only one is read"})
			break
		}
		w.mapping(doc.Body, "")
	}
	if info, err := os.Stat(path); err == nil && w.secrets && info.Mode().Perm()&0o004 != 0 {
		r.loaded.Warnings = append(r.loaded.Warnings, name+" holds secrets and everybody on this machine may read it")
	}
}

func syntaxMistake(name string, err error) Mistake {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		where := fmt.Sprintf("%s:%d", name, located.GetToken().Position.Line)
		return Mistake{Where: where, Problem: "not valid YAML: " + located.GetMessage()}
	}
	return Mistake{Where: name, Problem: "not valid YAML"}
}

type walker struct {
	*reader
	name    string
	byPath  map[string]field
	paths   []string
	secrets bool // a secret stands in the file itself
}

func (w *walker) line(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return w.name
	}
	return fmt.Sprintf("%s:%d", w.name, n.GetToken().Position.Line)
}

// mapping reads a section. An empty one is as good as none.
func (w *walker) mapping(n ast.Node, path string) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		w.mistake(w.line(n), path, "expected a section of keys")
		return
	}
	for _, pair := range pairs {
		w.pair(pair, path)
	}
}

func (w *walker) pair(pair *ast.MappingValueNode, path string) {
	if pair.Key.IsMergeKey() {
		w.mistake(w.line(pair.Key), path, "merge keys are not supported")
		return
	}
	full := join(path, keyText(pair.Key))
	if f, ok := w.byPath[full]; ok {
		w.value(f, pair)
		return
	}
	if w.isSection(full) {
		w.mapping(pair.Value, full)
		return
	}
	if f, ok := w.byPath[strings.TrimSuffix(full, "_file")]; ok && f.secret {
		if file, _, err := scalar(pair.Value); err == nil && file != "" {
			w.secretFile(f, w.line(pair.Key), file)
		}
		return
	}
	w.mistakes = append(w.mistakes, Mistake{Where: w.line(pair.Key), Problem: "unknown key " + full + nearest(full, w.paths)})
}

func (w *walker) isSection(path string) bool {
	return slices.ContainsFunc(w.paths, func(p string) bool { return strings.HasPrefix(p, path+".") })
}

func (w *walker) value(f field, pair *ast.MappingValueNode) {
	where := w.line(pair.Key)
	if list, ok := pair.Value.(*ast.SequenceNode); ok {
		w.list(f, list, where)
		return
	}
	text, set, err := scalar(pair.Value)
	if err != nil {
		w.mistake(where, f.path, err.Error())
		return
	}
	if !set {
		return
	}
	w.secrets = w.secrets || f.secret && text != ""
	if text == "" {
		f.value.SetZero()
		w.loaded.Origins[f.path] = where
		return
	}
	w.assign(f, where, text)
}

func (w *walker) list(f field, n *ast.SequenceNode, where string) {
	if typeName(f.value.Type()) != "list" {
		w.mistake(where, f.path, "expected one value, not a list")
		return
	}
	items := make([]string, 0, len(n.Values))
	for _, item := range n.Values {
		text, _, err := scalar(item)
		if err != nil {
			w.mistake(w.line(item), f.path, err.Error())
			return
		}
		items = append(items, text)
	}
	_ = f.setList(items) // cannot fail: the type is a list
	w.loaded.Origins[f.path] = where
}

func keyText(key ast.MapKeyNode) string {
	text, _, err := scalar(key)
	if err != nil {
		return key.String()
	}
	return text
}

// scalar returns the text of a single value as it stands in the file; set is
// false for a key with nothing behind it.
func scalar(n ast.Node) (text string, set bool, err error) {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "", false, nil
	case *ast.StringNode:
		return n.Value, true, nil
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true, nil
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "", false, errors.New("anchors, aliases and tags are not supported")
	default:
		return "", false, errors.New("expected one value")
	}
}
