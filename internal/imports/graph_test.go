package imports

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pkg is what "go list -json" says of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Tests      []string `json:"TestImports"`
	TestsX     []string `json:"XTestImports"`
	Deps       []string
	Module     *struct{ Path string }
}

// graph is every package of the module and all that they import, by path.
type graph map[string]pkg

// load lists the graph of the module for one platform and one set of tags.
func load(t *testing.T, root string, env, tags []string) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-tags="+strings.Join(tags, ","),
		"-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps,Module", "./...")
	cmd.Dir = root
	cmd.Env = append(cmd.Environ(), env...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	require.NoError(t, cmd.Start())

	g := graph{}
	for in := jsontext.NewDecoder(out); ; {
		var p pkg
		err := json.UnmarshalDecode(in, &p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		g[p.ImportPath] = p
	}
	require.NoError(t, cmd.Wait(), complaint.String())
	return g
}

// root is the directory of the module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	return dir
}

// in lists the module's packages in a directory and below it, sorted, without
// those that only tests import.
func (g graph) in(dir string) []pkg {
	var found []pkg
	for path, p := range g {
		onlyTests := slices.ContainsFunc(testOnly(), func(t string) bool { return below(path, own+"/"+t) })
		if below(path, own+"/"+dir) && !onlyTests {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return found
}

// below tells whether an import path is prefix or lies under it.
func below(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// outside tells of which module a package is, "" for the standard library and
// for ours.
func (g graph) outside(path string) string {
	p := g[path]
	if p.Standard || p.Module == nil || p.Module.Path == own {
		return ""
	}
	return p.Module.Path
}
