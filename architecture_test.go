package cairn_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "cairn"

// goPackage is what go list tells about one package.
type goPackage struct {
	ImportPath, Name, Dir, Doc             string
	GoFiles, CgoFiles, TestGoFiles         []string
	Imports, TestImports, XTestImports     []string
	IgnoredGoFiles, OtherFiles, EmbedFiles []string
}

// room returns the name of a package in the map: its path without the module and without internal/.
func room(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module+"/"), "internal/")
}

// packages lists the packages of the module that hold code of the product.
func packages(t *testing.T) []goPackage {
	t.Helper()
	var list []goPackage
	decoder := json.NewDecoder(bytes.NewReader(run(t, "go", "list", "-json", "./...")))
	for {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			list = append(list, p)
		}
	}
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	command := exec.Command(name, args...)
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.Bytes())
	}
	return out
}

// block returns the lines of the fenced block of a document whose fence names it.
func block(t *testing.T, document, fence string) []string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n```"+fence+"\n")
	inside, _, closed := strings.Cut(rest, "\n```")
	if !found || !closed {
		t.Fatalf("%s has no block ```%s", document, fence)
	}
	return strings.Split(inside, "\n")
}

// The map in ARCHITECTURE.md is the truth in both directions: no import without an arrow, no arrow without an import,
// and every arrow points to a room further down.
func TestArchitecture_ImportsAreTheArrowsOfTheMap(t *testing.T) {
	drawn := map[string][]string{}
	line := map[string]int{}
	for i, text := range block(t, "ARCHITECTURE.md", "arrows") {
		from, to, found := strings.Cut(text, "->")
		if !found {
			t.Fatalf("no arrow in %q", text)
		}
		name := strings.TrimSpace(from)
		if _, twice := drawn[name]; twice {
			t.Errorf("%s stands twice in the map", name)
		}
		drawn[name], line[name] = strings.Fields(to), i
	}
	there := map[string]bool{}
	for _, p := range packages(t) {
		name := room(p.ImportPath)
		there[name] = true
		arrows, found := drawn[name]
		if !found {
			t.Errorf("%s is missing from the map of ARCHITECTURE.md", name)
			continue
		}
		var imported []string
		for _, other := range p.Imports {
			if !strings.HasPrefix(other, module+"/") {
				continue
			}
			to := room(other)
			imported = append(imported, to)
			if !slices.Contains(arrows, to) {
				t.Errorf("%s imports %s, an arrow that the map does not have", name, to)
			}
			if line[to] <= line[name] {
				t.Errorf("%s imports %s, which does not stand below it", name, to)
			}
		}
		for _, to := range arrows {
			if !slices.Contains(imported, to) {
				t.Errorf("the map draws %s -> %s, which nothing imports", name, to)
			}
		}
	}
	for name := range drawn {
		if !there[name] {
			t.Errorf("the map has %s, which does not exist", name)
		}
	}
}

func TestArchitecture_PublicPackagesStandAlone(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasPrefix(p.ImportPath, module+"/internal/") || strings.HasPrefix(p.ImportPath, module+"/cmd/") {
			continue
		}
		for _, other := range p.Imports {
			if strings.HasPrefix(other, module+"/internal/") && room(other) != "exact" {
				t.Errorf("%s is public and imports %s", p.ImportPath, other)
			}
		}
	}
}

func TestArchitecture_OnlyDBKnowsDriversAndMigrations(t *testing.T) {
	drivers := regexp.MustCompile(`^(modernc\.org/sqlite|github\.com/jackc/|github\.com/pressly/goose)`)
	for _, p := range packages(t) {
		if room(p.ImportPath) == "db" || strings.HasPrefix(room(p.ImportPath), "db/") {
			continue
		}
		for _, other := range p.Imports {
			if drivers.MatchString(other) {
				t.Errorf("%s imports %s; only db may", p.ImportPath, other)
			}
		}
	}
}

func TestArchitecture_FrontDoorsDoNotReachUnderTheRooms(t *testing.T) {
	for _, p := range packages(t) {
		if name := room(p.ImportPath); name == "web" || name == "api" {
			for _, other := range []string{"db", "web", "api"} {
				if slices.Contains(p.Imports, module+"/internal/"+other) {
					t.Errorf("%s imports %s", name, other)
				}
			}
		}
	}
}

// What a pure room gives depends on what it is given alone.
func TestArchitecture_PureRoomsOpenNothing(t *testing.T) {
	pure := []string{"exact", "figure", "letter", "note", "numeral", "period", "prose", "score", "scorecard", "shallow", "sim", "story", "take"}
	for _, p := range packages(t) {
		if !slices.Contains(pure, room(p.ImportPath)) {
			continue
		}
		for _, other := range []string{"context", "database/sql", "net", "net/http", "os", "math/rand"} {
			if slices.Contains(p.Imports, other) {
				t.Errorf("%s imports %s", room(p.ImportPath), other)
			}
		}
	}
}

func TestArchitecture_EveryPackageSaysInOneFileWhatItIs(t *testing.T) {
	vague := []string{"util", "utils", "common", "helper", "helpers", "service", "services", "manager", "misc", "shared"}
	for _, p := range packages(t) {
		if slices.Contains(vague, p.Name) || slices.Contains(vague, path.Base(p.ImportPath)) {
			t.Errorf("%s: the name says nothing about the domain", p.ImportPath)
		}
		if p.Name == "main" {
			if p.Doc == "" {
				t.Errorf("%s has no package comment", p.ImportPath)
			}
			continue
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s has no doc.go", p.ImportPath)
		} else if !bytes.Contains(text, []byte("// Package "+p.Name+" ")) {
			t.Errorf("%s/doc.go does not begin with \"Package %s …\"", p.ImportPath, p.Name)
		}
	}
}

// A room is told the time and its configuration; it does not look them up. So a test can choose both.
func TestArchitecture_OnlyTheBuilderReadsClockAndEnvironment(t *testing.T) {
	forbidden := map[string][]string{
		"time": {"Now", "Since", "Until"},
		"os":   {"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
	}
	for _, p := range packages(t) {
		if name := room(p.ImportPath); name == "app" || strings.HasSuffix(name, "test") || strings.HasPrefix(name, "cmd/") {
			continue
		}
		for _, file := range p.GoFiles {
			fset := token.NewFileSet()
			syntax, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(syntax, func(n ast.Node) bool {
				if selector, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := selector.X.(*ast.Ident); ok && slices.Contains(forbidden[x.Name], selector.Sel.Name) {
						t.Errorf("%s: %s.%s is for cmd and app only", fset.Position(n.Pos()), x.Name, selector.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// The table of dependencies in ARCHITECTURE.md lists every direct requirement of go.mod at its exact version, with
// licence, reason and the second best.
func TestArchitecture_EveryDependencyHasItsReason(t *testing.T) {
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err := json.Unmarshal(run(t, "go", "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)\\|$").FindAllStringSubmatch(string(text), -1) {
		cells := strings.Split(row[2], "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if strings.Contains(row[1], ".") {
			rows[row[1]] = cells
		}
	}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		cells, found := rows[r.Path]
		if !found {
			t.Errorf("%s is not in the table of dependencies", r.Path)
			continue
		}
		delete(rows, r.Path)
		if len(cells) != 4 || slices.Contains(cells, "") {
			t.Errorf("%s: the row wants version, licence, why, passed over; it has %q", r.Path, cells)
		} else if "v"+cells[0] != r.Version {
			t.Errorf("%s: the table says %s, go.mod %s", r.Path, cells[0], r.Version)
		}
	}
	for name := range rows {
		t.Errorf("%s is in the table of dependencies, but not a direct requirement of go.mod", name)
	}
}
