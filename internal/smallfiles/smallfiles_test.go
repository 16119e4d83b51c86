package smallfiles

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// write writes a file and returns its path.
func write(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// available reports whether the system has a way to read many files at a time. Where it
// has none, a Reader must leave all of them to the caller.
func available() bool {
	var r Reader
	defer r.Close()
	r.Read(nil)
	return r.ring != nil
}

// TestRead: what is small and plain is read, whole, and everything else left to the caller.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	content := func(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n] }
	var paths []string
	var want [][]byte
	add := func(path string, content []byte) {
		paths, want = append(paths, path), append(want, content)
	}
	for _, n := range []int{1, 17, 1300, MaxSize - 1, MaxSize} {
		add(write(t, dir, fmt.Sprint(n), content(n)), content(n))
	}
	for _, n := range []int{0, MaxSize + 1, MaxSize + 2, 100_000} {
		add(write(t, dir, fmt.Sprint(n), content(n)), nil)
	}
	add(filepath.Join(dir, "missing"), nil)
	add(dir, nil)
	add("", nil)
	add(paths[0]+"\x00", nil)
	long := filepath.Join(dir, strings.Repeat("a", 200), strings.Repeat("b", 200), strings.Repeat("c", 200))
	require.NoError(t, os.MkdirAll(long, 0o700))
	add(write(t, long, "long", []byte("x")), nil)
	require.NoError(t, os.Symlink(paths[0], filepath.Join(dir, "link")))
	add(filepath.Join(dir, "link"), nil)
	add(write(t, dir, "last", []byte("last")), []byte("last"))
	require.LessOrEqual(t, len(paths), AtOnce)

	var r Reader
	defer r.Close()
	for range 3 { // what was read stays as it is
		got := r.Read(paths)
		require.Len(t, got, len(paths))
		for i, path := range paths {
			if !available() {
				assert.Nil(t, got[i])
				continue
			}
			assert.Equal(t, want[i], got[i], "%q", path)
		}
	}
}

// TestReadIsTheCallers: what one call returned is not the memory of the next.
func TestReadIsTheCallers(t *testing.T) {
	if !available() {
		assert.Nil(t, new(Reader).Read([]string{"x"})[0])
		return
	}
	dir := t.TempDir()
	var r Reader
	defer r.Close()
	first := r.Read([]string{write(t, dir, "a", []byte("first"))})[0]
	second := r.Read([]string{write(t, dir, "b", []byte("other"))})[0]
	assert.Equal(t, "first", string(first))
	assert.Equal(t, "other", string(second))
}

// TestNothingSmall: where files are not small, they are soon read by the caller alone.
func TestNothingSmall(t *testing.T) {
	dir := t.TempDir()
	large, small := write(t, dir, "large", make([]byte, MaxSize+1)), write(t, dir, "small", []byte("x"))
	var r Reader
	defer r.Close()
	for range maxVain - 1 {
		assert.Nil(t, r.Read([]string{large})[0])
	}
	assert.Equal(t, available(), r.Read([]string{small})[0] != nil, "it is still tried")
	for range maxVain {
		assert.Nil(t, r.Read([]string{large})[0])
	}
	assert.Nil(t, r.Read([]string{small})[0], "and not any more")
	assert.Nil(t, r.ring)
}

func TestClosed(t *testing.T) {
	var r Reader
	small := write(t, t.TempDir(), "small", []byte("x"))
	r.Read([]string{small})
	r.Close()
	r.Close()
	assert.Nil(t, r.Read([]string{small})[0])
}

// BenchmarkRead reads a file of a small bundle's size, in this way and in the usual one.
func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	paths := make([]string, 1000*AtOnce)
	for i := range paths {
		paths[i] = write(b, dir, fmt.Sprintf("artifact-%06d.sigstore.json", i), make([]byte, 900))
	}
	b.Run("together", func(b *testing.B) {
		var r Reader
		defer r.Close()
		for i := 0; i < b.N; i += AtOnce {
			at := i % len(paths)
			for _, c := range r.Read(paths[at : at+AtOnce]) {
				if len(c) != 900 {
					b.Fatal("not read")
				}
			}
		}
	})
	b.Run("apart", func(b *testing.B) {
		for i := range b.N {
			if c, err := os.ReadFile(paths[i%len(paths)]); err != nil || len(c) != 900 {
				b.Fatal("not read")
			}
		}
	})
}
