package imports

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRules holds every build that is released to the rules.
func TestRules(t *testing.T) {
	builds := map[string]struct{ env, tags []string }{
		"linux":    {[]string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"}, nil},
		"hardware": {[]string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1"}, []string{"pkcs11"}},
		"windows":  {[]string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"}, nil},
		"darwin":   {[]string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"}, nil},
	}
	for name, build := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := load(t, root(t), build.env, build.tags)
			require.NotEmpty(t, g.in("pkg/dsse"), "go list found no package of ours: the rules would hold for nothing")
			assert.Empty(t, violations(g, reaches(), homes(), bans()))
		})
	}
}

// TestRowsMatch guards the rules themselves: one about a directory that is
// there, or about a module that go.mod requires, has to match packages.
func TestRowsMatch(t *testing.T) {
	dir := root(t)
	g := load(t, dir, []string{"CGO_ENABLED=1"}, []string{"pkcs11"})
	directories := []string{}
	for _, r := range reaches() {
		directories = append(directories, r.packages)
	}
	for _, b := range bans() {
		directories = append(directories, b.packages)
	}
	for _, d := range directories {
		if _, err := os.Stat(filepath.Join(dir, d)); err == nil {
			assert.NotEmpty(t, g.in(d), "the rules name %q, which holds no package", d)
		}
	}
	direct := directModules(t, filepath.Join(dir, "go.mod"))
	for _, h := range homes() {
		if slices.Contains(direct, h.module) {
			used := slices.Concat(users(g, h.module), testUsers(g, h.module))
			assert.NotEmpty(t, used, "go.mod requires %q, which no package imports: is its name right here?", h.module)
		}
	}
}

// TestPlantedViolations breaks each kind of rule once in a graph made by hand.
func TestPlantedViolations(t *testing.T) {
	module := func(path string) *struct{ Path string } { return &struct{ Path string }{path} }
	g := graph{
		"fmt":                {ImportPath: "fmt", Standard: true},
		"example.com/m/x":    {ImportPath: "example.com/m/x", Module: module("example.com/m")},
		own + "/pkg/a":       {ImportPath: own + "/pkg/a", Module: module(own), Imports: []string{"fmt"}, Deps: []string{"fmt"}},
		own + "/pkg/b":       {ImportPath: own + "/pkg/b", Module: module(own), Imports: []string{"example.com/m/x"}, Deps: []string{"example.com/m/x"}},
		own + "/cmd/c":       {ImportPath: own + "/cmd/c", Module: module(own), Imports: []string{own + "/pkg/b"}, Deps: []string{own + "/pkg/b", "example.com/m/x"}},
		own + "/internal/in": {ImportPath: own + "/internal/in", Module: module(own)},
	}
	tests := map[string]struct {
		reaches []reach
		homes   []home
		bans    []ban
		want    string // part of the only violation, empty for none
	}{
		"reach kept":            {reaches: []reach{{"pkg/a", nil}}},
		"reach allowed":         {reaches: []reach{{"pkg/b", []string{"example.com/m"}}}},
		"reach broken":          {reaches: []reach{{"pkg/b", nil}}, want: `pkg/b reaches "example.com/m/x"`},
		"reach broken from far": {reaches: []reach{{"cmd/c", nil}}, want: `cmd/c reaches "example.com/m/x"`},
		"home kept":             {homes: []home{{"example.com/m", []string{"pkg/b"}}}},
		"home broken":           {homes: []home{{"example.com/m", []string{"pkg/a"}}}, want: `pkg/b imports "example.com/m"`},
		"ban kept":              {bans: []ban{{"pkg", []string{own + "/internal/in"}, ""}}},
		"ban broken from far":   {bans: []ban{{"cmd", []string{"example.com"}, ""}}, want: `cmd/c holds "example.com/m/x"`},
		"ban of ours broken":    {bans: []ban{{"cmd", []string{own + "/pkg"}, ""}}, want: `cmd/c holds`},
		"not a path below":      {bans: []ban{{"cmd", []string{"example.com/m/xy", "example.com/m/x/y"}, ""}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := violations(g, tt.reaches, tt.homes, tt.bans)
			if tt.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], tt.want)
		})
	}
}

// violations lists what breaks the rules, one sentence each.
func violations(g graph, reaches []reach, homes []home, bans []ban) []string {
	var found []string
	for _, r := range reaches {
		for _, p := range g.in(r.packages) {
			for _, dep := range p.Deps {
				if m := g.outside(dep); m != "" && !slices.Contains(r.modules, m) {
					found = append(found, fmt.Sprintf("%s reaches %q of %s, which %s may not use", p.ImportPath, dep, m, r.packages))
				}
			}
		}
	}
	for _, h := range homes {
		for _, p := range users(g, h.module) {
			if !slices.ContainsFunc(h.packages, func(dir string) bool { return below(p, own+"/"+dir) }) {
				found = append(found, fmt.Sprintf("%s imports %q, which lives only in %s", p, h.module, strings.Join(h.packages, ", ")))
			}
		}
	}
	for _, b := range bans {
		for _, p := range g.in(b.packages) {
			for _, dep := range p.Deps {
				if slices.ContainsFunc(b.never, func(path string) bool { return below(dep, path) }) {
					found = append(found, fmt.Sprintf("%s holds %q: %s", p.ImportPath, dep, b.why))
				}
			}
		}
	}
	return found
}

// users lists our packages that import a module themselves.
func users(g graph, module string) []string {
	var found []string
	for path, p := range g {
		if !below(path, own) {
			continue
		}
		if slices.ContainsFunc(p.Imports, func(i string) bool { return g.outside(i) == module }) {
			found = append(found, path)
		}
	}
	slices.Sort(found)
	return found
}

// testUsers lists our packages whose tests import a module.
func testUsers(g graph, module string) []string {
	var found []string
	for path, p := range g {
		for _, i := range slices.Concat(p.Tests, p.TestsX) {
			if below(path, own) && below(i, module) {
				found = append(found, path)
			}
		}
	}
	return found
}

// directModules lists the modules that go.mod requires for our own imports.
func directModules(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var found []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if fields := strings.Fields(line); len(fields) == 2 && strings.HasPrefix(fields[1], "v") {
			found = append(found, fields[0])
		}
	}
	return found
}
