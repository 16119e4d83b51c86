package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// syncing is a file system that knows what is not on disk yet.
type syncing struct {
	atomicfile.FS
	mu     sync.Mutex
	loose  map[string]bool
	before func() // runs before a rename
}

func (s *syncing) set(name string, loose bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.loose, name); loose {
		s.loose[name] = true
	}
}

func (s *syncing) Create(name string, mode fs.FileMode) (atomicfile.Handle, error) {
	h, err := s.FS.Create(name, mode)
	s.set(name, true)
	s.set(filepath.Dir(name), true)
	return syncingHandle{h, s}, err
}

func (s *syncing) Mkdir(name string, mode fs.FileMode) error {
	s.set(name, true)
	s.set(filepath.Dir(name), true)
	return s.FS.Mkdir(name, mode)
}

func (s *syncing) Rename(from, to string) error {
	s.before()
	s.set(filepath.Dir(to), true)
	return s.FS.Rename(from, to)
}

func (s *syncing) SyncDir(name string) error {
	s.set(name, false)
	return s.FS.SyncDir(name)
}

type syncingHandle struct {
	atomicfile.Handle
	fs *syncing
}

func (h syncingHandle) Sync() error {
	h.fs.set(h.Name(), false)
	return h.Handle.Sync()
}

func writeTo(t *testing.T, d *atomicfile.Directory) {
	t.Helper()
	for _, name := range []string{"manifest.json", "payload/a", "payload/documents/a/b.txt", "payload/documents/c", "z"} {
		require.NoError(t, d.Add(name, 5, false, strings.NewReader("hello")))
	}
}

// A directory has its name when all of it is on disk, and so has the name then.
func TestDirectoryIsOnDisk(t *testing.T) {
	s := &syncing{FS: atomicfile.OS(), loose: map[string]bool{}}
	s.before = func() { assert.Empty(t, s.loose) }
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.Mkdir(path, 0o755))
	d, err := atomicfile.NewDirectory(s, path)
	require.NoError(t, err)
	defer d.Abort()
	writeTo(t, d)
	require.NoError(t, d.Commit())
	assert.Empty(t, s.loose)
	assert.FileExists(t, filepath.Join(path, "payload", "documents", "a", "b.txt"))
}

// What is there stays, also if it appears while the directory is written.
func TestDirectoryReplacesNothing(t *testing.T) {
	for what, place := range map[string]func(path string) error{
		"a file":                 func(path string) error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"a link to an empty one": func(path string) error { return os.Symlink(t.TempDir(), path) },
		"a directory with a file": func(path string) error {
			return os.MkdirAll(filepath.Join(path, "more"), 0o755)
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out")
			d, err := atomicfile.NewDirectory(nil, path)
			require.NoError(t, err)
			writeTo(t, d)
			require.NoError(t, place(path))
			before, err := os.Lstat(path)
			require.NoError(t, err)
			assert.Equal(t, fault.OutputFailed, fault.ReasonOf(d.Commit()))
			d.Abort()
			after, err := os.Lstat(path)
			require.NoError(t, err)
			assert.True(t, os.SameFile(before, after))
			_, err = atomicfile.NewDirectory(nil, path)
			assert.Equal(t, fault.OutputExists, fault.ReasonOf(err))
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			for _, e := range left {
				assert.False(t, strings.HasPrefix(e.Name(), "."), "nothing is left of the attempt")
			}
		})
	}
}

// A file is as long as it was said to be.
func TestDirectoryHoldsLengths(t *testing.T) {
	for name, text := range map[string]string{"shorter": "hell", "longer": "hello!"} {
		path := filepath.Join(t.TempDir(), "out")
		d, err := atomicfile.NewDirectory(nil, path)
		require.NoError(t, err)
		assert.Equal(t, fault.InputChanged, fault.ReasonOf(d.Add("a", 5, false, strings.NewReader(text))), name)
		d.Abort()
		assert.NoDirExists(t, path)
	}
}
