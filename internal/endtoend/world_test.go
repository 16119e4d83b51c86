package endtoend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds one run of the program. Most take a hundredth of a second.
const patience = time.Minute

// world is a folder with keys, a home and room for temporary files, in which
// the program runs.
type world struct {
	t   *testing.T
	dir string
}

// newWorld makes a world that every user of the machine may look into.
func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "stella-world-*")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	w := &world{t, dir}
	for _, sub := range []string{"home", "tmp", "out"} {
		require.NoError(t, os.Mkdir(w.path(sub), 0o755))
	}
	for name := range keyPairs() {
		for _, file := range []string{name, name + ".pub"} {
			data, err := os.ReadFile(filepath.Join(shared, file))
			require.NoError(t, err)
			w.write(file, data)
		}
	}
	w.write("sbom.cdx.json", []byte(smallSBOM))
	return w
}

// smallSBOM is the document that most tests sign.
const smallSBOM = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"library","name":"zlib","version":"1.3"}]}`

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) write(name string, data []byte) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.path(name), data, 0o600))
}

func (w *world) read(name string) []byte {
	w.t.Helper()
	data, err := os.ReadFile(w.path(name))
	require.NoError(w.t, err)
	return data
}

// call is one command line with all that surrounds it. Its zero value is
// "stella" alone, with an empty standard input.
type call struct {
	args   []string
	stdin  func() io.Reader // nil for none
	stdout *os.File         // nil to collect it
	env    []string         // beside the world's own
	// program and before replace the program and come before the arguments: a
	// shell, or a tool that prepares a namespace.
	program string
	before  []string
	// as changes the command before it starts, such as the user it runs as.
	as func(*exec.Cmd)
}

func stella(args ...string) call { return call{args: args} }

// with returns c with more arguments.
func (c call) with(args ...string) call {
	c.args = append(append([]string(nil), c.args...), args...)
	return c
}

// outcome is what a run left.
type outcome struct {
	status         int
	stdout, stderr string
	took           time.Duration
	state          *os.ProcessState
}

func (o outcome) String() string {
	return fmt.Sprintf("exit %d\nstdout: %q\nstderr: %q", o.status, o.stdout, o.stderr)
}

// environ is the whole environment of the program: nothing that the developer
// has set reaches it.
func (w *world) environ() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"HOME=" + w.path("home"), "TMPDIR=" + w.path("tmp"), "LC_ALL=C.UTF-8",
	}
}

// command prepares a call without starting it.
func (w *world) command(ctx context.Context, c call) *exec.Cmd {
	path := c.program
	if path == "" {
		path = program()
	}
	cmd := exec.CommandContext(ctx, path, append(append([]string(nil), c.before...), c.args...)...)
	cmd.Dir = w.dir
	cmd.Env = append(w.environ(), c.env...)
	cmd.WaitDelay = time.Second // a writer into a pipe that nobody reads
	if c.stdin != nil {
		cmd.Stdin = c.stdin()
	}
	if c.as != nil {
		c.as(cmd)
	}
	return cmd
}

// run runs a call to its end.
func (w *world) run(c call) outcome {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	cmd := w.command(ctx, c)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if c.stdout != nil {
		cmd.Stdout = c.stdout
	}
	begin := time.Now()
	err := cmd.Run()
	o := outcome{stdout: stdout.String(), stderr: stderr.String(), took: time.Since(begin), state: cmd.ProcessState}
	require.NoError(w.t, ctx.Err(), "%q did not end in %s", c.args, patience)
	require.NotNil(w.t, cmd.ProcessState, "%q did not start: %v", c.args, err)
	o.status = cmd.ProcessState.ExitCode()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed && !errors.Is(err, exec.ErrWaitDelay) && o.status != 0 {
		require.NoError(w.t, err)
	}
	return o
}

// ok runs a command that must succeed.
func (w *world) ok(args ...string) outcome {
	w.t.Helper()
	return w.okay(stella(args...))
}

func (w *world) okay(c call) outcome {
	w.t.Helper()
	o := w.run(c)
	require.Zero(w.t, o.status, "%q: %s", c.args, o)
	return o
}

// picture is every file of the world with its mode and content, but for the
// audit log, which a refusal makes longer too.
func (w *world) picture() map[string]string {
	w.t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if path == w.path("home/.local") {
			return fs.SkipDir
		}
		what := info.Mode().String()
		if info.Mode().IsRegular() {
			what += " " + contentOf(path, info)
		}
		files[path] = what
		return nil
	})
	require.NoError(w.t, err)
	return files
}

// largePicture is the size above which a file's time stands for its content,
// in bytes.
const largePicture = 1 << 20

func contentOf(path string, info fs.FileInfo) string {
	if info.Size() > largePicture {
		return fmt.Sprint(info.Size(), info.ModTime())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}
