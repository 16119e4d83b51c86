package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
)

// TestTarFile reads members of all sizes around those of the buffers, in archives that are cut
// everywhere, and holds each to the same archive as a stream.
func TestTarFile(t *testing.T) {
	var headers []tar.Header
	for _, size := range []int{0, 1, 511, 512, 513, 3000, 5000, 32 << 10, 40_000, 100_000, 7} {
		headers = append(headers, header(string(rune('a'+len(headers))), size))
	}
	pax := header("pax", 70_000)
	pax.PAXRecords = map[string]string{"STELLA.x": string(bytes.Repeat([]byte("y"), 6000))}
	headers = append(headers, pax, tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "a"}, header("../x", 50_000), header("z", 600))
	b := tarOf(t, headers...)
	got, err := readPlain(b)
	require.NoError(t, err)
	assert.Len(t, got, len(headers))
	for cut := 0; cut < len(b); cut += 509 {
		_, err := readPlain(b[:cut])
		assert.True(t, err == nil || fault.ReasonOf(err) == fault.ArchiveMalformed, "cut at %d: %v", cut, err)
	}
}

// TestTarFileReadsHeaders reads an archive whose members lie beyond what any disk has read at once.
func TestTarFileReadsHeaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holes.tar")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w := tar.NewWriter(f)
	const size = 1 << 30
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: size, Typeflag: tar.TypeReg, Mode: 0o644}))
		end, err := f.Seek(size-1, io.SeekCurrent)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{1}, end)
		require.NoError(t, err)
		_, err = f.Seek(1, io.SeekCurrent)
		require.NoError(t, err)
		w = tar.NewWriter(f) // which knows nothing of what was passed over
	}
	require.NoError(t, w.Close())
	counted := &counting{at: f}
	var names []string
	for m, err := range archive.ReadTarFile(counted, 3*(size+512)+1024) {
		require.NoError(t, err)
		names = append(names, m.Name)
		assert.Equal(t, int64(size), m.Section.Size())
		last := make([]byte, 2)
		_, err = m.Section.ReadAt(last, size-2)
		require.NoError(t, err)
		assert.Equal(t, []byte{0, 1}, last)
	}
	assert.Equal(t, []string{"a", "b", "c"}, names)
	assert.Less(t, counted.n, int64(256<<10))
}

// counting counts what is read of a file.
type counting struct {
	at io.ReaderAt
	n  int64
}

// ReadAt implements io.ReaderAt.
func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.at.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// TestTarFileClaims has members that claim to be larger than anything.
func TestTarFileClaims(t *testing.T) {
	for name, size := range map[string]int64{"beyond the bound": archive.MaxExpanded, "beyond all": 1<<63 - 1, "in the file": 600} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "x", Size: size, Typeflag: tar.TypeReg, Mode: 0o644, Format: tar.FormatPAX}))
		b.Write(make([]byte, 1024))
		for m, err := range archive.ReadTarFile(bytes.NewReader(b.Bytes()), int64(b.Len())) {
			if err == nil {
				assert.Equal(t, size == 600, m.Section != nil, name)
			} else if size > 600 {
				assert.ErrorIs(t, err, archive.ErrTruncated, name)
			}
		}
		if _, err := readPlain(b.Bytes()); err != nil {
			assert.NotContains(t, err.Error(), "in a file", name)
		}
	}
}

// TestTarFileThatBecomesShorter ends a file after its members were found.
func TestTarFileThatBecomesShorter(t *testing.T) {
	b := tarOf(t, header("a", 100_000))
	for m, err := range archive.ReadTarFile(bytes.NewReader(b[:50_000]), int64(len(b))) {
		if err != nil {
			assert.ErrorIs(t, err, archive.ErrTruncated)
			continue
		}
		require.NotNil(t, m.Section)
		p := make([]byte, m.Section.Size())
		n, err := m.Section.ReadAt(p, 0)
		assert.Equal(t, 50_000-512, n)
		assert.ErrorIs(t, err, archive.ErrTruncated)
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
	}
}

// TestTarFileThatCannotBeRead tells of the disk what a stream tells.
func TestTarFileThatCannotBeRead(t *testing.T) {
	b := tarOf(t, header("a", 100), header("b", 100_000), header("c", 3))
	bad := failing{b, 60_000}
	stream, failed := listing(archive.ReadTar(io.NewSectionReader(bad, 0, int64(len(b))), archive.Tar))
	require.Error(t, failed)
	for _, change := range []func(*archive.Member){func(*archive.Member) {}, bySection} {
		got, _ := listing(changed(archive.ReadTarFile(bad, int64(len(b))), change))
		assert.Equal(t, stream, got[:len(stream)])
	}
}

// failing is a disk that cannot be read from a place on for a while.
type failing struct {
	b   []byte
	bad int64
}

var errDisk = errors.New("input/output error")

// ReadAt implements io.ReaderAt.
func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.bad && off+int64(len(p)) > f.bad {
		return copy(p, f.b[off:f.bad]), errDisk
	}
	return bytes.NewReader(f.b).ReadAt(p, off)
}
