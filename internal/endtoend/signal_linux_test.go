package endtoend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// signals are those that end a command, with how it ends.
func signals() map[string]struct {
	signal syscall.Signal
	want   failure
} {
	return map[string]struct {
		signal syscall.Signal
		want   failure
	}{
		"interrupt": {syscall.SIGINT, failure{130, fault.Interrupted, []string{"interrupted"}}},
		"terminate": {syscall.SIGTERM, failure{143, fault.Terminated, []string{"terminated"}}},
	}
}

// running is a program that was started and has not ended.
type running struct {
	*world
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
}

func (w *world) start(c call, prepare func(*exec.Cmd)) *running {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	r := &running{world: w, cmd: w.command(ctx, c)}
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if prepare != nil {
		prepare(r.cmd)
	}
	require.NoError(w.t, r.cmd.Start())
	return r
}

// until waits for something that the program does, so that a slow machine only
// makes the test slow. It is not for what the program does at its end.
func (r *running) until(done func() bool) {
	r.t.Helper()
	require.Eventually(r.t, done, patience, time.Millisecond)
}

// end waits for the end and checks it as text or as JSON.
func (r *running) end(want failure, asJSON bool) {
	r.t.Helper()
	_ = r.cmd.Wait() // the exit status tells
	o := outcome{status: r.cmd.ProcessState.ExitCode(), stdout: r.stdout.String(), stderr: r.stderr.String()}
	if asJSON {
		r.checkJSON(want, o)
	} else {
		r.checkText(want, o)
	}
	assert.Empty(r.t, r.left(), "left behind")
}

// eachSignal runs a case for both signals, as text and as JSON.
func eachSignal(t *testing.T, run func(w *world, signal syscall.Signal, want failure, format string)) {
	t.Helper()
	for name, s := range signals() {
		for _, format := range []string{"text", "json"} {
			t.Run(name+"/"+format, func(t *testing.T) {
				t.Parallel()
				run(newWorld(t), s.signal, s.want, format)
			})
		}
	}
}

// TestSignalWhileReading interrupts a command that waits for standard input,
// of which a part has come: in memory first, in a temporary file then.
func TestSignalWhileReading(t *testing.T) {
	for name, size := range map[string]int{"small": 1 << 20, "spooled": 8 << 20} {
		t.Run(name, func(t *testing.T) {
			eachSignal(t, func(w *world, signal syscall.Signal, want failure, format string) {
				var feed io.WriteCloser
				c := stella("sign", "sbom", "-", "--key", "p256.key", "-o", "out/x", "--format", format)
				r := w.start(c, func(cmd *exec.Cmd) {
					var err error
					feed, err = cmd.StdinPipe()
					require.NoError(w.t, err)
				})
				defer feed.Close()
				// The pipe holds 64 KiB: when this returns, the program reads.
				_, err := feed.Write(largeSBOM(size)[:size])
				require.NoError(w.t, err)
				begin := time.Now()
				require.NoError(w.t, r.cmd.Process.Signal(signal))
				r.end(want, format == "json")
				assert.Less(w.t, time.Since(begin), 5*time.Second)
			})
		})
	}
}

// TestSignalWhileWriting interrupts a command whose output is half written to
// a file: it is stopped once the temporary file is there.
func TestSignalWhileWriting(t *testing.T) {
	document := largeSBOM(48 << 20)
	for _, flag := range []string{"--preserve", "--preserve=false"} {
		t.Run(flag, func(t *testing.T) {
			eachSignal(t, func(w *world, signal syscall.Signal, want failure, format string) {
				w.write("large.cdx.json", document)
				c := stella("sign", "sbom", "large.cdx.json", flag, "--key", "p256.key", "-o", "out/x", "--format", format)
				r := w.startAndStop(c)
				require.NoError(w.t, r.cmd.Process.Signal(signal))
				require.NoError(w.t, r.cmd.Process.Signal(syscall.SIGCONT))
				r.end(want, format == "json")
			})
		})
	}
}

// startAndStop starts c and stops it while its temporary file is there and far
// from complete: what is nearly done may end well in spite of a signal.
func (w *world) startAndStop(c call) *running {
	w.t.Helper()
	for range 50 {
		r := w.start(c, nil)
		for r.state() != 'Z' && len(w.left()) == 0 {
			time.Sleep(time.Millisecond)
		}
		require.NoError(w.t, r.cmd.Process.Signal(syscall.SIGSTOP))
		for s := r.state(); s != 'T' && s != 'Z'; s = r.state() {
			time.Sleep(time.Millisecond)
		}
		if w.justBegun() {
			return r
		}
		// It was faster than we are.
		require.NoError(w.t, r.cmd.Process.Kill())
		_ = r.cmd.Wait()
		for _, name := range w.left() {
			require.NoError(w.t, os.Remove(w.path(name)))
		}
	}
	w.t.Fatal("the program could not be stopped while it writes")
	return nil
}

// begun is how much of an output is its beginning, in bytes: a quarter of what
// TestSignalWhileWriting writes.
const begun = 16 << 20

// justBegun reports whether a temporary file is there with the beginning of the
// output.
func (w *world) justBegun() bool {
	w.t.Helper()
	names, err := filepath.Glob(w.path("out/.stella-*.tmp"))
	require.NoError(w.t, err)
	if len(names) != 1 {
		return false
	}
	info, err := os.Stat(names[0])
	return err == nil && info.Size() < begun
}

// state is the letter that the kernel has for the state of the process: T for
// stopped, Z for ended but not waited for.
func (r *running) state() byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
	require.NoError(r.t, err)
	return stat[bytes.LastIndexByte(stat, ')')+2]
}

// TestSignalWhileStdoutBlocks interrupts a command whose reader does not read.
func TestSignalWhileStdoutBlocks(t *testing.T) {
	document := largeSBOM(4 << 20)
	eachSignal(t, func(w *world, signal syscall.Signal, want failure, format string) {
		w.write("large.cdx.json", document)
		reader, pipe, err := os.Pipe()
		require.NoError(w.t, err)
		defer reader.Close()
		c := stella("sign", "sbom", "large.cdx.json", "--key", "p256.key", "--format", format)
		r := w.start(c, func(cmd *exec.Cmd) { cmd.Stdout = pipe })
		require.NoError(w.t, pipe.Close())
		one := make([]byte, 1)
		_, err = reader.Read(one) // the first byte is out, and 64 KiB are on the way
		require.NoError(w.t, err)
		require.NoError(w.t, r.cmd.Process.Signal(signal))
		r.end(want, format == "json")
	})
}

// TestIgnoredInterrupt keeps what the parent chose, as nohup does.
func TestIgnoredInterrupt(t *testing.T) {
	w := newWorld(t)
	c := stella("sign", "sbom", "-", "--key", "p256.key", "-o", "out/x")
	c.program, c.before = "/bin/sh", []string{"-c", `trap "" INT; exec "$0" "$@"`, program()}
	var feed io.WriteCloser
	r := w.start(c, func(cmd *exec.Cmd) {
		var err error
		feed, err = cmd.StdinPipe()
		require.NoError(t, err)
	})
	document := largeSBOM(1 << 20)
	_, err := feed.Write(document)
	require.NoError(t, err)
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, feed.Close())
	require.NoError(t, r.cmd.Wait(), "a background job that ignores interrupts goes on: %s", &r.stderr)
	w.judged(0, "", stella("verify", "out/x", "--key", "p256.key.pub"))
}
