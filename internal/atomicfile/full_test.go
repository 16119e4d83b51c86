//go:build linux

package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// smallDisk mounts a file system of 64 KiB in a mount namespace of a child
// process that runs the calling test once more; only the child gets
// a directory.
func smallDisk(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("STELLA_TEST_SMALL_DISK"); dir != "" {
		require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
		return dir
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "STELLA_TEST_SMALL_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no mount namespace: %v", err)
		}
		t.Skipf("no mount namespace to make a small disk in: %v", err)
	}
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return ""
}

func TestFullDiskLeavesNothing(t *testing.T) {
	dir := smallDisk(t)
	if dir == "" {
		return // the child has done it
	}
	put(t, filepath.Join(dir, "old"), "old")
	for _, name := range []string{"new", "old"} {
		out, err := Create(t.Context(), filepath.Join(dir, name), Options{Force: true})
		require.NoError(t, err)
		_, err = io.Copy(out, bytes.NewReader(make([]byte, 1<<20)))
		requireFault(t, err, fault.OutputFailed)
		assert.ErrorContains(t, err, "no space left")
		assert.Contains(t, fault.HintOf(err), "free some space")
		requireFault(t, out.Commit(), fault.OutputFailed)
		assert.Equal(t, map[string]string{"old": "old"}, contents(t, dir))
	}
}
