package testkit

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// Tool runs a program that serves as an oracle, in directory dir, and returns
// its standard output. A program that fails fails the test; one that is not
// installed skips it, and in CI (CI=true) fails it.
func Tool(t testing.TB, dir, name string, args ...string) []byte {
	t.Helper()
	out, stderr, err := TryTool(t, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr)
	}
	return out
}

// TryTool is Tool for a program that may fail.
func TryTool(t testing.TB, dir, name string, args ...string) (stdout, stderr []byte, err error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed: install it to run this test", name)
	}
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errOut
	err = cmd.Run()
	return out.Bytes(), errOut.Bytes(), err
}
