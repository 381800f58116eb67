package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub"
)

// The limits of the house. A file, function or package above its limit is two.
const (
	maxFile      = 350 // lines
	p90File      = 200
	maxFunc      = 60
	p95Func      = 40
	maxPackage   = 8 // files without tests
	maxMethods   = 3 // declared by one interface; embedding composes
	maxArguments = 5
)

// source is one parsed Go file.
type source struct {
	path  string
	lines int
	file  *ast.File
	set   *token.FileSet
}

func TestSizes(t *testing.T) {
	t.Parallel()
	files := sources(t)
	var fileLines, funcLines []int
	perPackage := map[string]int{}
	for _, src := range files {
		if src.lines > maxFile {
			t.Errorf("%s has %d lines, at most %d", src.path, src.lines, maxFile)
		}
		if !strings.HasSuffix(src.path, "_test.go") {
			perPackage[filepath.Dir(src.path)]++
			fileLines = append(fileLines, src.lines)
		}
		funcLines = append(funcLines, checkDeclarations(t, src)...)
	}
	for dir, n := range perPackage {
		if n > maxPackage {
			t.Errorf("%s has %d files, at most %d", dir, n, maxPackage)
		}
	}
	if got := percentile(fileLines, 90); got > p90File {
		t.Errorf("the 90th percentile of files is %d lines, at most %d", got, p90File)
	}
	if got := percentile(funcLines, 95); got > p95Func {
		t.Errorf("the 95th percentile of functions is %d lines, at most %d", got, p95Func)
	}
}

func checkDeclarations(t *testing.T, src source) []int {
	t.Helper()
	var lengths []int
	ast.Inspect(src.file, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.FuncDecl:
			length := src.set.Position(d.End()).Line - src.set.Position(d.Pos()).Line + 1
			lengths = append(lengths, length)
			if length > maxFunc {
				t.Errorf("%s: %s has %d lines, at most %d", src.path, d.Name.Name, length, maxFunc)
			}
			if n := d.Type.Params.NumFields(); n > maxArguments {
				t.Errorf("%s: %s takes %d arguments, at most %d", src.path, d.Name.Name, n, maxArguments)
			}
			if d.Name.Name == "init" && d.Recv == nil {
				t.Errorf("%s has an init function", src.path)
			}
		case *ast.InterfaceType:
			methods := 0
			for _, f := range d.Methods.List {
				methods += len(f.Names)
			}
			if methods > maxMethods {
				t.Errorf("%s: an interface declares %d methods, at most %d", src.path, methods, maxMethods)
			}
		}
		return true
	})
	return lengths
}

func percentile(values []int, p int) int {
	slices.Sort(values)
	return values[(len(values)-1)*p/100]
}

// sources parses every Go file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		all = append(all, source{rel, bytes.Count(text, []byte("\n")), file, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestProblemCatalogue compares the codes that are used with the catalogue.
func TestProblemCatalogue(t *testing.T) {
	t.Parallel()
	used := map[string]string{"internal": "hub/error.go"}
	for _, src := range sources(t) {
		if strings.HasSuffix(src.path, "_test.go") || strings.HasSuffix(src.path, "hub/problems.go") {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				used[strings.Trim(lit.Value, "\"`")] = src.path
			}
			return true
		})
	}
	checkCatalogue(t, used)
	checkFailCalls(t)
}

func checkCatalogue(t *testing.T, used map[string]string) {
	t.Helper()
	kinds := map[hub.Kind]bool{}
	for _, p := range hub.Problems() {
		first := !kinds[p.Kind] // the edge takes the first row of a kind for a bare status
		kinds[p.Kind] = true
		if used[p.Code] == "" && !first {
			t.Errorf("no code uses the problem %q of the catalogue", p.Code)
		}
		if p.TitleFR == "" || p.TitleEN == "" || p.HelpFR == "" || p.HelpEN == "" {
			t.Errorf("the problem %q lacks a title or help", p.Code)
		}
	}
}

// checkFailCalls looks at every hub.Fail(kind, "code", …) in the source.
func checkFailCalls(t *testing.T) {
	t.Helper()
	for _, src := range sources(t) {
		ast.Inspect(src.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 || strings.HasSuffix(src.path, "_test.go") {
				return true
			}
			if name := calledName(call); name != "Fail" {
				return true
			}
			lit, ok := call.Args[1].(*ast.BasicLit)
			if !ok {
				return true
			}
			code := strings.Trim(lit.Value, `"`)
			if _, listed := hub.Problem(code); !listed {
				t.Errorf("%s: the code %q is not in the catalogue", src.path, code)
			}
			return true
		})
	}
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}
