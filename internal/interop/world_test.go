//go:build interop

package interop

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds one run of any program.
const patience = 2 * time.Minute

// password opens the private keys that cosign makes.
const password = "interop"

// absent ends a test whose oracle is not there: in CI that is a failure.
func absent(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// fromRoot is a path in the repository.
func fromRoot(t *testing.T, elem ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", ".."}, elem...)...))
	require.NoError(t, err)
	return path
}

// program is the path of an executable that the Makefile built.
func program(t *testing.T, elem ...string) string {
	t.Helper()
	path := fromRoot(t, elem...)
	if _, err := os.Stat(path); err != nil {
		absent(t, "%s is not there: run \"make interop\"", filepath.Join(elem...))
	}
	return path
}

// command is a program found in PATH.
func command(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, "%s is not installed: run \"make setup\"", name)
	}
	return path
}

// result is what a program said and how it ended.
type result struct {
	status         int
	stdout, stderr string
}

// run runs a program in dir, in an empty network namespace, with a home of its
// own and an environment that no setting of the user reaches.
func run(t *testing.T, dir, path string, args ...string) result {
	t.Helper()
	return runBare(t, dir, fromRoot(t, "scripts", "no-network"), append([]string{path}, args...)...)
}

// runBare is run without the namespace.
func runBare(t *testing.T, dir, path string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(),
		"COSIGN_PASSWORD=" + password, "LC_ALL=C.UTF-8",
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		require.NotEqual(t, 125, exit.ExitCode(), "no network namespace: %s", &stderr)
	} else {
		require.NoError(t, err)
	}
	t.Logf("%s %s: exit %d", filepath.Base(path), strings.Join(args, " "), cmd.ProcessState.ExitCode())
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// write makes a file in dir and returns its path.
func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// read is the content of a file in dir.
func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return data
}
