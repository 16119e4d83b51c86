// Package testkit is what tests of several packages need.
package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// SharedData returns the path of a file or folder of the shared test data: in
// the directory that STELLA_SHARED_DATA names, else in ../shared/data beside
// the repository. Without it the test is skipped, and in CI (CI=true) it fails.
func SharedData(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("STELLA_SHARED_DATA")
	if root == "" {
		root = filepath.Join(filepath.Dir(repository(t)), "shared", "data")
	}
	full := filepath.Join(root, filepath.FromSlash(path))
	if _, err := os.Stat(full); err == nil {
		return full
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("shared test data %q is missing: set STELLA_SHARED_DATA", path)
	}
	t.Skipf("shared test data %q is not there: set STELLA_SHARED_DATA to run this test", path)
	return ""
}

// repository returns the root of the repository: the directory of go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = parent
	}
}
