package plugins

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

// built is where TestMain puts the programs: stella, and the plugins below it.
var built string //nolint:gochecknoglobals // a directory that all tests share

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

// buildAndRun builds stella and the plugins, so that the tests run what users run.
func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "stella-plugins-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = dir
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(dir, "plugins") + "/", "./cmd/..."},
		{"build", "-C", "../..", "-o", filepath.Join(dir, "stella"), "./cmd/stella"},
		{"build", "-C", "testvault", "-o", filepath.Join(dir, "testvault"), "."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintf(os.Stderr, "go %q: %v\n", args, err)
			return 1
		}
	}
	return m.Run()
}

// world is the environment of a host, and its plugins.
type world struct {
	environ []string
	stderr  bytes.Buffer
}

func newWorld(t *testing.T, variables ...string) *world {
	t.Helper()
	return &world{environ: append([]string{"HOME=" + t.TempDir()}, variables...)}
}

// driver returns the driver of a plugin.
func (w *world) driver(name string) *plugin.Driver {
	return plugin.New(plugin.Options{
		Dirs:    []string{filepath.Join(built, "plugins")},
		Allow:   []plugin.Permission{{Name: name}, {Name: "gost"}},
		Environ: func() []string { return w.environ },
		Stderr:  func(name, line string) { fmt.Fprintf(&w.stderr, "%s: %s\n", name, line) },
	}).Driver(name)
}

// stella runs the program and returns its status and standard error.
func (w *world) stella(t *testing.T, dir string, args ...string) (status int, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(built, "stella"), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, w.environ...)
	var out bytes.Buffer
	cmd.Stderr = &out
	err := cmd.Run()
	require.NotNil(t, cmd.ProcessState, "%v", err)
	return cmd.ProcessState.ExitCode(), out.String()
}

func (w *world) ok(t *testing.T, dir string, args ...string) {
	t.Helper()
	status, stderr := w.stella(t, dir, args...)
	require.Zero(t, status, "%q: %s", args, stderr)
}

func reference(t *testing.T, text string) keys.Ref {
	t.Helper()
	ref, err := keys.ParseRef(text)
	require.NoError(t, err)
	return ref
}

const sbom = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"library","name":"zlib","version":"1.3"}]}`

// signsAndVerifies is the whole way: stella signs an SBOM with a key behind a
// plugin, exports the public key, and verifies. Without permission and offline
// it does not.
func (w *world) signsAndVerifies(t *testing.T, name, key string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sbom.json"), []byte(sbom), 0o600))
	sign := []string{"sign", "sbom", "sbom.json", "--key", key, "-o", "sbom.sigstore.json"}

	status, stderr := w.stella(t, dir, sign...)
	require.Equal(t, 2, status, stderr)
	require.Contains(t, stderr, "plugins: {allow: ["+name+"]}")
	w.environ = append(w.environ, "STELLA_PLUGINS_ALLOW="+name)
	status, stderr = w.stella(t, dir, append(sign, "--offline")...)
	require.Equal(t, 5, status, stderr)
	require.NoFileExists(t, filepath.Join(dir, "sbom.sigstore.json"))

	w.ok(t, dir, sign...)
	w.ok(t, dir, "keys", "export", "--public", key, "-o", "key.pub")
	w.ok(t, dir, "verify", "sbom.sigstore.json", "--key", "key.pub", "--subject", "sbom.json")
}
