package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/archive/tarend"
	"github.com/stellaops/stella/internal/fault"
)

// listing is an archive as text: a line for each member, and the error at the end.
func listing(members archive.Members) (lines []string, failed error) {
	for m, err := range members {
		switch {
		case err != nil:
			return lines, err
		case m.Err != nil:
			lines = append(lines, fmt.Sprintf("%s: %s", m.Name, fault.ReasonOf(m.Err)))
		case m.Kind != "":
			lines = append(lines, fmt.Sprintf("%s: %s", m.Name, m.Kind))
		default:
			b, err := io.ReadAll(m.Content)
			if err != nil {
				lines = append(lines, fmt.Sprintf("%s: broken: %s", m.Name, fault.ReasonOf(err)))
				continue
			}
			lines = append(lines, fmt.Sprintf("%s = %.20s", m.Name, b))
		}
	}
	return lines, nil
}

// read reads an archive of any format from memory.
func read(b []byte) ([]string, error) {
	switch f := archive.Recognise(b[:min(len(b), archive.HeadSize)]); f {
	case archive.None:
		return nil, errors.New("not recognised")
	case archive.Zip:
		return listing(archive.ReadZip(bytes.NewReader(b), int64(len(b))))
	case archive.Tar:
		return readPlain(b)
	default:
		return listing(archive.ReadTar(bytes.NewReader(b), f))
	}
}

// readPlain reads an archive as a stream, and fails if it is another one as a file.
func readPlain(b []byte) ([]string, error) {
	lines, failed := listing(archive.ReadTar(bytes.NewReader(b), archive.Tar))
	for what, change := range map[string]func(*archive.Member){
		"read":            func(*archive.Member) {},
		"read as section": bySection,
	} {
		got, err := listing(changed(archive.ReadTarFile(bytes.NewReader(b), int64(len(b))), change))
		if !slices.Equal(lines, got) || fmt.Sprint(failed) != fmt.Sprint(err) {
			return lines, fmt.Errorf("%s in a file it is %q, %w; and as a stream %q, %w", what, got, err, lines, failed)
		}
	}
	return lines, failed
}

// changed yields the members with a change.
func changed(members archive.Members, change func(*archive.Member)) archive.Members {
	return func(yield func(archive.Member, error) bool) {
		for m, err := range members {
			change(&m)
			if !yield(m, err) {
				return
			}
		}
	}
}

// bySection has the content of a member begin with what is read of Content and go on with what is
// in its Section.
func bySection(m *archive.Member) {
	if m.Section == nil {
		return
	}
	var head [100]byte
	n, err := io.ReadFull(m.Content, head[:])
	if err != nil && n < int(m.Size) {
		return // and does so again
	}
	rest := io.NewSectionReader(m.Section, int64(n), m.Section.Size()-int64(n))
	m.Content = io.MultiReader(bytes.NewReader(head[:n]), rest)
}

func header(name string, size int) tar.Header {
	return tar.Header{Name: name, Size: int64(size), Mode: 0o644, Typeflag: tar.TypeReg}
}

// tarOf makes a tar archive of headers, each with content as long as it says.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		require.NoError(t, w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size)))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func zstded(t testing.TB, b []byte, o ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, o...)
	require.NoError(t, err)
	return w.EncodeAll(b, nil)
}

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, name := range names {
		h := &zip.FileHeader{Name: name, Method: uint16(i % 2 * 8)}
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(f, "content of "+name)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestMembers(t *testing.T) {
	plain := tarOf(t, header("b.json", 3), tar.Header{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o755}, header("dir/a.json", 1000), header("./c", 0))
	want := []string{"b.json = xxx", "dir/a.json = xxxxxxxxxxxxxxxxxxxx", "./c = "}
	for name, b := range map[string][]byte{"tar": plain, "gzip": gzipped(t, plain), "zstd": zstded(t, plain)} {
		got, err := read(b)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	got, err := read(zipOf(t, "b", "dir/", "dir/a", "c"))
	require.NoError(t, err)
	assert.Equal(t, []string{"b = content of b", "dir/a = content of dir/a", "c = content of c"}, got)
	got, err = read(zipOf(t))
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestHostileNames(t *testing.T) {
	for _, name := range []string{"../x", "a/../../x", "a/..", "/etc/passwd", `..\x`, `a\..\x`, `\x`, "C:x", `c:\x`, strings.Repeat("n", 5000)} {
		for format, b := range map[string][]byte{"tar": tarOf(t, header("ok", 1), header(name, 1)), "zip": zipOf(t, "ok", name)} {
			got, err := read(b)
			require.NoError(t, err, "%s %q", format, name)
			require.Len(t, got, 2)
			assert.Equal(t, name+": archive.malformed", got[1], format)
		}
	}
	for _, name := range []string{"a..b", "...", "..a/b", "dir/./x", "C", "ü\u202e"} {
		got, err := read(tarOf(t, header(name, 1)))
		require.NoError(t, err)
		assert.Equal(t, []string{name + " = x"}, got)
	}
}

func TestNamesThatAreThereTwice(t *testing.T) {
	for _, second := range []string{"x", "./x", "dir/../x"} {
		got, err := read(tarOf(t, header("x", 1), header(second, 1)))
		require.NoError(t, err)
		assert.Equal(t, second+": archive.malformed", got[1])
	}
	got, err := read(zipOf(t, "x", "y", "x"))
	require.NoError(t, err)
	assert.Equal(t, "x: archive.malformed", got[2])
}

func TestNoFiles(t *testing.T) {
	special := func(name string, kind byte) tar.Header {
		return tar.Header{Name: name, Typeflag: kind, Linkname: "/etc/passwd", Mode: 0o644}
	}
	got, err := read(tarOf(t,
		special("symlink", tar.TypeSymlink), special("link", tar.TypeLink), special("null", tar.TypeChar), special("disk", tar.TypeBlock),
		special("pipe", tar.TypeFifo), header("file", 1)))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"symlink: a link, which is not followed", "link: a link, which is not followed", "null: a device", "disk: a device", "pipe: a pipe", "file = x",
	}, got)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "symlink"}
	h.SetMode(0o777 | 1<<27) // fs.ModeSymlink
	f, err := w.CreateHeader(h)
	require.NoError(t, err)
	_, err = io.WriteString(f, "/etc/passwd")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got, err = read(b.Bytes())
	require.NoError(t, err)
	assert.Equal(t, []string{"symlink: a link, which is not followed"}, got)
}

// TestBombs are refused after little work: what they expand to is never made.
func TestBombs(t *testing.T) {
	zeros := tarOf(t, header("zeros", 200<<20))
	for name, b := range map[string][]byte{"gzip": gzipped(t, zeros), "zstd": zstded(t, zeros, zstd.WithWindowSize(1<<20))} {
		got, err := read(b)
		assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err), name)
		assert.Equal(t, []string{"zeros: broken: input.too_large"}, got[:1], name)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 3 {
		f, err := w.Create(fmt.Sprint(i))
		require.NoError(t, err)
		_, err = f.Write(make([]byte, 40<<20))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	got, err := read(b.Bytes())
	require.NoError(t, err)
	assert.Equal(t, "1: broken: input.too_large", got[1])

	_, err = read(zstded(t, tarOf(t, header("x", 30<<20)), zstd.WithWindowSize(16<<20)))
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

func TestBrokenTar(t *testing.T) {
	good := tarOf(t, header("a", 600), header("b", 600))
	_, err := read(append(bytes.Clone(good), []byte("more")...))
	assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err), "content behind the end")
	got, err := read(append(bytes.Clone(good), make([]byte, 20<<10)...))
	require.NoError(t, err, "padding behind the end")
	assert.Len(t, got, 2)
	for _, cut := range []int{600, 1100, 1700} {
		got, err := read(good[:cut])
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err), "cut at %d: %v", cut, got)
	}
	broken := bytes.Clone(good)
	broken[1536+10] ^= 1 // in the second header
	_, err = read(broken)
	assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
	for _, b := range [][]byte{gzipped(t, good)[:100], zstded(t, good)[:40]} {
		_, err = read(b)
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
		assert.ErrorIs(t, err, archive.ErrTruncated)
	}
}

// TestTarWithoutEnd cuts an archive between two members, and within its end: what came
// after may be missing. The content of the last member is zeros, too.
func TestTarWithoutEnd(t *testing.T) {
	good := tarOf(t, header("a", 600), header("b", 0))
	zeros := slices.Concat(good[:512], make([]byte, 1024+tarend.Size))
	for _, whole := range [][]byte{good, zeros} {
		end := len(whole) - tarend.Size
		for _, cut := range []int{end, end + 1, end + 511, end + 512, end + 513, end + 1023, end - 100} {
			for name, b := range map[string][]byte{"plain": whole[:cut], "gzip": gzipped(t, whole[:cut]), "zstd": zstded(t, whole[:cut])} {
				got, err := read(b)
				assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err), "%s cut at %d: %v", name, cut, got)
				assert.ErrorIs(t, err, archive.ErrTruncated, "%s cut at %d", name, cut)
			}
		}
		_, err := read(whole)
		assert.NoError(t, err)
	}
}

// TestEmptyTar has archives without members, and other files of zeros.
func TestEmptyTar(t *testing.T) {
	for size, want := range map[int]bool{0: false, 512: false, 1023: false, 1024: true, 10 << 10: true, 1 << 20: true, 1<<20 + 1: false} {
		zeros := make([]byte, size)
		empty, err := archive.IsEmptyTar(bytes.NewReader(zeros))
		require.NoError(t, err)
		assert.Equal(t, want, empty, "%d bytes", size)
		for _, b := range [][]byte{gzipped(t, zeros), zstded(t, zeros)} {
			got, err := read(b)
			assert.Empty(t, got)
			assert.Equal(t, want, err == nil, "%d bytes", size)
			assert.Equal(t, !want, errors.Is(err, archive.ErrNotArchive), "%d bytes: %v", size, err)
		}
	}
	empty, err := archive.IsEmptyTar(bytes.NewReader(append(make([]byte, 2048), 1)))
	require.NoError(t, err)
	assert.False(t, empty, "an image of a disk begins so")
	empty, err = archive.IsEmptyTar(endless{})
	require.NoError(t, err)
	assert.False(t, empty)
}

// endless gives zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestTarOfStockPrograms reads what other programs write.
func TestTarOfStockPrograms(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("content"), 0o600))
	for _, program := range [][]string{{"tar", "-b1", "-cf"}, {"tar", "-cf"}, {"bsdtar", "-cf"}, {"bsdtar", "-b1", "-cf"}, {"busybox", "tar", "-cf"}} {
		name := filepath.Join(dir, "x.tar")
		if _, err := exec.LookPath(program[0]); err != nil {
			continue
		}
		args := append(slices.Clone(program[1:]), name, "-C", dir, "a")
		out, err := exec.Command(program[0], args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		got, err := read(b)
		require.NoError(t, err, "%v", program)
		assert.Len(t, got, 1)
	}
}

// TestContentBehindCompression puts something behind the end of a compressed archive:
// that is not called truncated, and what is compressed in parts is whole.
func TestContentBehindCompression(t *testing.T) {
	good := tarOf(t, header("a", 600), header("b", 600))
	for name, compressed := range map[string][]byte{"gzip": gzipped(t, good), "zstd": zstded(t, good)} {
		for _, more := range []string{"more", "more and more and more", string(make([]byte, 512))} {
			_, err := read(append(bytes.Clone(compressed), more...))
			assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err), "%s, %q", name, more)
			assert.ErrorContains(t, err, "there is more content behind the end", "%s, %q", name, more)
			assert.NotErrorIs(t, err, archive.ErrTruncated)
		}
	}
	parts := slices.Concat(gzipped(t, good[:700]), bytes.Repeat(gzipped(t, nil), 200), gzipped(t, good[700:]))
	got, err := read(parts)
	require.NoError(t, err)
	assert.Len(t, got, 2)
	got, err = read(slices.Concat(zstded(t, good[:700]), zstded(t, good[700:])))
	require.NoError(t, err)
	assert.Len(t, got, 2)
	for _, cut := range []int{1, 2, 9} { // in the header of another part
		_, err = read(slices.Concat(gzipped(t, good), gzipped(t, nil)[:cut]))
		assert.ErrorIs(t, err, archive.ErrTruncated)
	}
}

func TestCompressedFileThatIsNoArchive(t *testing.T) {
	for _, b := range [][]byte{gzipped(t, []byte(`{"a":1}`)), zstded(t, []byte(`{"a":1}`)), gzipped(t, nil)} {
		_, err := read(b)
		assert.ErrorIs(t, err, archive.ErrNotArchive)
	}
}

func TestRecognise(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("{}"), make([]byte, 512), bytes.Repeat([]byte(" "), 512), []byte("PK\x07\x08"), bytes.Repeat([]byte("0"), 512)} {
		assert.Equal(t, archive.None, archive.Recognise(b), "%q", b)
	}
}

// TestZipEnd tells an archive that breaks off from one with something behind its end.
func TestZipEnd(t *testing.T) {
	good := zipOf(t, "first", "second")
	for _, more := range []int{1, 2, 22, 1000, 60_000} {
		_, err := read(append(bytes.Clone(good), make([]byte, more)...))
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
		assert.ErrorContains(t, err, "there is more content behind the end of the archive", "%d bytes", more)
	}
	holding := zipHolding(t, good)
	for what, b := range map[string][]byte{
		"cut short":         good[:len(good)-1],
		"far too much":      append(bytes.Clone(good), make([]byte, 70_000)...),
		"another one in it": holding[:len(holding)-30],
	} {
		_, err := read(b)
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err), what)
		assert.ErrorContains(t, err, "it is truncated, or has other content behind it", what)
	}
}

// zipHolding returns an archive with one member, as it is.
func zipHolding(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "inner.zip", Method: zip.Store})
	require.NoError(t, err)
	_, err = f.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// TestBrokenZip changes one thing after the other in a good archive.
func TestBrokenZip(t *testing.T) {
	good := zipOf(t, "first", "second", "third")
	local := bytes.Index(good[1:], []byte("PK\x03\x04")) + 1
	central := bytes.Index(good, []byte("PK\x01\x02"))
	end := bytes.LastIndex(good, []byte("PK\x05\x06"))
	set := func(at int, v ...byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[at:], v); return b }
	}
	name := central + 46
	for what, change := range map[string]func([]byte) []byte{
		"another local name":       set(local+30, 'S'),
		"another central name":     set(name, 'F'),
		"another local method":     set(local+8, 0),
		"another central method":   set(central+10, 9),
		"another local flag":       set(local+6, 0),
		"no local header":          set(local, 'X'),
		"another place":            set(central+42, 1),
		"place behind the end":     set(central+42, 0xff, 0xff, 0xff, 0x7f),
		"place by another field":   set(central+42, 0xff, 0xff, 0xff, 0xff),
		"packed size over all":     set(central+20, 0xff, 0xff, 0xff, 0x7f),
		"directory elsewhere":      set(end+16, 1),
		"directory behind the end": set(end+16, 0xff, 0xff, 0xff, 0x7f),
		"fewer members":            set(end+8, 2, 0, 2, 0),
		"more members":             set(end+8, 4, 0, 4, 0),
		"several parts":            set(end+4, 1),
		"members of another part":  set(central+34, 1),
		"truncated":                func(b []byte) []byte { return b[:len(b)-1] },
		"prefix":                   func(b []byte) []byte { return append([]byte("PK\x03\x04"), b...) },
		"suffix":                   func(b []byte) []byte { return append(b, 0) },
		"another end in a comment": func(b []byte) []byte { b = set(end+20, 22)(b); return append(b, b[end:end+20]...) },
		"no end":                   func(b []byte) []byte { return b[:end] },
		"content before its header": func(b []byte) []byte {
			return append(bytes.Clone(b[:local]), append([]byte("hidden"), b[local:]...)...)
		},
	} {
		got, err := read(change(bytes.Clone(good)))
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err), "%s: %q", what, got)
	}
	for what, change := range map[string]func([]byte) []byte{
		"another checksum": set(central+16, 1, 2, 3, 4),
		"another size":     set(central+24, 1, 0),
		"changed content":  set(36, 'X'),
	} {
		got, err := read(change(bytes.Clone(good)))
		if err == nil {
			assert.Contains(t, got[0], "archive.malformed", what)
		}
	}
	encrypted := bytes.Clone(good)
	encrypted[6] |= 1
	encrypted[central+8] |= 1
	got, err := read(encrypted)
	require.NoError(t, err)
	assert.Equal(t, "first: archive.malformed", got[0])
}

// TestZip64 puts the numbers of an archive where those of large ones stand.
func TestZip64(t *testing.T) {
	good := zipOf(t, "first", "second")
	end := bytes.LastIndex(good, []byte("PK\x05\x06"))
	count, size, off := good[end+10:end+12], good[end+12:end+16], good[end+16:end+20]
	b := bytes.Clone(good[:end])
	b = append(b, "PK\x06\x06"...)
	b = binary.LittleEndian.AppendUint64(b, 44)
	b = append(b, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, n := range [][]byte{count, count, size, off} {
		b = append(b, append(bytes.Clone(n), make([]byte, 8-len(n))...)...)
	}
	b = append(b, "PK\x06\x07\x00\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint64(b, uint64(end))
	b = append(b, 1, 0, 0, 0)
	b = append(b, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
	got, err := read(b)
	require.NoError(t, err)
	assert.Len(t, got, 2)
	b[end+4] = 45
	_, err = read(b)
	assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
}
