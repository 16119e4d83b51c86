//go:build linux && !android

package smallfiles

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSpecialFiles: nothing is waited for, and nothing is taken from a device that fills
// whatever it is given.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	small := write(t, dir, "small", []byte("x"))
	done := make(chan [][]byte, 1)
	go func() {
		var r Reader
		defer r.Close()
		done <- r.Read([]string{pipe, "/dev/zero", "/dev/null", "/proc/self", small})
	}()
	select {
	case got := <-done:
		for i := range 4 {
			assert.Nil(t, got[i])
		}
		assert.Equal(t, available(), got[4] != nil)
	case <-time.After(time.Minute):
		t.Fatal("it waits for a pipe")
	}
}

// TestPipeInPlaceOfAFile: what is in a pipe is taken as what is in a file would be, and no
// more is waited for.
func TestPipeInPlaceOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer pipe.Close()
	_, err = pipe.WriteString("content")
	require.NoError(t, err)
	var r Reader
	defer r.Close()
	if got := r.Read([]string{path})[0]; available() {
		assert.Equal(t, "content", string(got))
	}
	assert.Nil(t, r.Read([]string{path})[0])
}

// TestBrokenRing: a ring that fails in the middle costs nothing but time.
func TestBrokenRing(t *testing.T) {
	small := write(t, t.TempDir(), "small", []byte("x"))
	var r Reader
	defer r.Close()
	r.Read([]string{small})
	if r.ring == nil {
		assert.False(t, available())
		return
	}
	require.NoError(t, syscall.Close(r.ring.fd))
	r.ring.fd = -1
	assert.Nil(t, r.Read([]string{small})[0])
	assert.Nil(t, r.ring, "it is given up")
	assert.Nil(t, r.Read([]string{small})[0])
}

// TestNoDescriptorsLeft: neither files nor rings stay open.
func TestNoDescriptorsLeft(t *testing.T) {
	before := descriptors(t)
	small := write(t, t.TempDir(), "small", []byte("x"))
	for range 3 {
		var r Reader
		for range 10 {
			r.Read([]string{small, "missing"})
		}
		r.Close()
	}
	assert.Equal(t, before, descriptors(t))
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(list)
}
