package archive

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/stellaops/stella/internal/fault"
)

const (
	// maxUSTARName is how long a name is, in bytes, that every tar reads as it is.
	maxUSTARName = 100
	// maxUSTARSize is how long a file is, in bytes, that a header of ustar can tell of.
	maxUSTARSize = 1<<33 - 1
	// window is how far back a zstd stream that is written refers, in bytes: what stock
	// zstd takes at this level. Who writes an archive holds two of them, and who reads it
	// two more.
	window = 2 << 20
)

// FormatOfName returns the format that an archive called name is written in: by
// ".tar", ".tar.gz", ".tgz", ".tar.zst" or ".tzst" at its end, else None.
func FormatOfName(name string) Format {
	ends := func(suffix string) bool { return strings.HasSuffix(name, suffix) }
	switch {
	case ends(".tar"):
		return Tar
	case ends(".tar.gz"), ends(".tgz"):
		return Gzip
	case ends(".tar.zst"), ends(".tzst"):
		return Zstd
	}
	return None
}

// Writer writes a tar archive (POSIX.1-2024, pax; ustar where that suffices). Its
// bytes depend on nothing but the format, the time and the members in their order:
// owners are 0, modes 0644 or 0755, and nothing of the machine or the compression's
// concurrency is in it. It is not safe for concurrent use.
type Writer struct {
	tar   *tar.Writer
	zip   io.WriteCloser // nil for an archive that is not compressed
	at    time.Time
	names *names
	buf   []byte
}

// copySize is how much of a member is read at once, in bytes.
const copySize = 256 << 10

// NewWriter returns a writer of an archive of format Tar, Gzip or Zstd to w, all of
// whose members have the time at, in whole seconds. Of a zstd archive a reader needs
// a window of no more than 2 MiB; every decoder has one of 8.
func NewWriter(w io.Writer, f Format, at time.Time) (*Writer, error) {
	out := &Writer{at: at.UTC().Truncate(time.Second), names: newNames(), buf: make([]byte, copySize)}
	switch f {
	case Tar:
	case Gzip:
		out.zip = gzip.NewWriter(w)
	case Zstd:
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(2))
		if err != nil {
			return nil, err
		}
		out.zip = z
	default:
		return nil, errors.New("archive: no format that is written")
	}
	if out.zip != nil {
		w = out.zip
	}
	out.tar = tar.NewWriter(w)
	return out, nil
}

// Add writes a member called name, with the size bytes that r has. An executable one
// has the mode 0755. A name that Members would refuse is fault.ArchiveMalformed, and
// so is a file of another length: it changed since its size was taken. After an error
// the archive is of no use.
func (w *Writer) Add(name string, size int64, executable bool, r io.Reader) error {
	if err := w.names.another(); err != nil {
		return err
	}
	if err := w.names.check(name); err != nil {
		return err
	}
	if err := w.tar.WriteHeader(w.header(name, size, executable)); err != nil {
		return err
	}
	n, err := io.CopyBuffer(w.tar, io.LimitReader(r, size), w.buf)
	if err != nil {
		return err
	}
	more, err := io.ReadFull(r, w.buf[:1])
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case n < size || more > 0:
		return fault.New(fault.ArchiveMalformed, "%q has another length than the %d bytes it had: it changed while it was read", name, size)
	}
	return nil
}

func (w *Writer) header(name string, size int64, executable bool) *tar.Header {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: w.at, Format: tar.FormatUSTAR}
	if executable {
		h.Mode = 0o755
	}
	if len(name) > maxUSTARName || size > maxUSTARSize || !isASCII(name) {
		h.Format = tar.FormatPAX
	}
	return h
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// Close ends the archive. It does not close what it is written to.
func (w *Writer) Close() error {
	err := w.tar.Close()
	if w.zip != nil {
		err = errors.Join(err, w.zip.Close())
	}
	return err
}
