package archive_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/archive"
)

// FuzzRead reads anything as an archive. It must end, without a panic; and of a zip
// archive that is read without a complaint the standard library must find the same.
func FuzzRead(f *testing.F) {
	plain := tarOf(f, header("a", 3), header("dir/b", 700))
	for _, seed := range [][]byte{
		plain, gzipped(f, plain), zstded(f, plain), zipOf(f), zipOf(f, "first", "dir/", "dir/second"),
		tarOf(f, header("../x", 1)), zipOf(f, "/x", "x", "x"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b)
		if err != nil || archive.Recognise(b[:min(len(b), archive.HeadSize)]) != archive.Zip {
			return
		}
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%q is read, and refused by the standard library: %v", got, err)
		}
		i := 0
		for m, err := range archive.ReadZip(bytes.NewReader(b), int64(len(b))) {
			if err != nil {
				t.Fatalf("read once and refused the second time: %v", err)
			}
			for i < len(r.File) && m.Name != r.File[i].Name && r.File[i].Mode().IsDir() {
				i++
			}
			if m.Content != nil {
				compare(t, m, r.File[i])
			}
			i++
		}
	})
}

// compare holds a member to what the standard library reads of it.
func compare(t *testing.T, m archive.Member, f *zip.File) {
	t.Helper()
	assert.Equal(t, f.Name, m.Name)
	mine, err := io.ReadAll(m.Content)
	if err != nil {
		return
	}
	r, err := f.Open()
	if err != nil {
		t.Fatalf("%q is read, and refused by the standard library: %v", m.Name, err)
	}
	defer r.Close()
	theirs, err := io.ReadAll(r)
	assert.NoError(t, err)
	assert.Equal(t, theirs, mine)
}
