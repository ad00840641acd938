package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "ouroboros-postgres"
	// spawner is the one file that may start goroutines: its barrier turns their panics into errors.
	spawner = "core/bridge/spawn.go"
)

// allowed lists for each package of the core which others of it may be imported. Tests may import internal/pgtest too.
var allowed = map[string][]string{
	"core/pgerr":     {},
	"core/wire":      {"core/pgerr"},
	"core/query":     {"core/wire", "core/pgerr"},
	"core/schema":    {"core/wire", "core/pgerr"},
	"core/engine":    {"core/query", "core/schema", "core/wire", "core/pgerr"},
	"core/migrate":   {"core/engine", "core/query", "core/wire", "core/pgerr"},
	"core/operation": {"core/migrate", "core/engine", "core/query", "core/schema", "core/wire", "core/pgerr"},
	"core/bridge": {
		"core/operation", "core/migrate", "core/engine", "core/query", "core/schema", "core/wire", "core/pgerr",
	},
	"capi": {"core/bridge"},
}

// drivers are the packages that may talk to PostgreSQL.
var drivers = map[string]bool{"core/engine": true, "core/wire": true, "core/internal/pgtest": true}

// source is one parsed file; name and pkg are relative to the module's root.
type source struct {
	name string
	pkg  string
	test bool
	file *ast.File
	fset *token.FileSet
}

func (s source) imports(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	var all []source
	for _, tree := range []string{"core", "capi"} {
		err := filepath.WalkDir(filepath.Join(root, tree), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" {
				return err
			}
			relative, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			relative = filepath.ToSlash(relative)
			all = append(all, source{
				name: relative, pkg: path.Dir(relative), test: strings.HasSuffix(relative, "_test.go"), file: file, fset: fset,
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		t.Fatal("no sources found")
	}
	return all
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if strings.HasPrefix(s.pkg, "core/internal/") {
			continue
		}
		others, known := allowed[s.pkg]
		if !known {
			t.Errorf("%s: package %s has no place in the order of dependencies: add it to allowed", s.name, s.pkg)
			continue
		}
		for _, p := range s.imports(t) {
			own, inside := strings.CutPrefix(p, module+"/")
			if !inside || own == s.pkg || contains(others, own) || s.test && own == "core/internal/pgtest" {
				continue
			}
			t.Errorf("%s: %s may not import %s", s.name, s.pkg, own)
		}
	}
}

func TestOnlyEngineAndWireImportTheDriver(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, p := range s.imports(t) {
			if strings.HasPrefix(p, "github.com/jackc/") && !drivers[s.pkg] && !s.test {
				t.Errorf("%s: only core/engine and core/wire may import %s", s.name, p)
			}
		}
	}
}

func TestNoCgoInTheCore(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.pkg != "capi" && contains(s.imports(t), "C") {
			t.Errorf("%s: only capi may use cgo", s.name)
		}
	}
}

func TestGoroutinesStartInOnePlace(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || s.name == spawner || strings.HasPrefix(s.pkg, "core/internal/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if statement, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s:%d: go statement outside %s", s.name, s.fset.Position(statement.Pos()).Line, spawner)
			}
			return true
		})
	}
}

func TestNoPanicAndNoExit(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.pkg, "core/internal/") || strings.HasPrefix(path.Base(s.name), "fault") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && ends(call.Fun) {
				t.Errorf("%s:%d: ends the process", s.name, s.fset.Position(call.Pos()).Line)
			}
			return true
		})
	}
}

// ends tells whether the called function takes the process down.
func ends(function ast.Expr) bool {
	switch f := function.(type) {
	case *ast.Ident:
		return f.Name == "panic"
	case *ast.SelectorExpr:
		pkg, ok := f.X.(*ast.Ident)
		return ok && (pkg.Name == "os" && f.Sel.Name == "Exit" || pkg.Name == "log" && strings.HasPrefix(f.Sel.Name, "Fatal"))
	default:
		return false
	}
}
