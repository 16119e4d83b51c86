package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/stellaops/stella/internal/archive/tarend"
	"github.com/stellaops/stella/internal/fault"
)

// maxWindow bounds how far back a zstd stream may refer, in bytes: what every
// decoder is asked to support (RFC 8878, section 3.1.1.1.2), and compression levels
// up to 19 use.
const maxWindow = 8 << 20

// block is the unit of a tar archive, in bytes.
const block = 512

// ReadTar returns the members of the tar archive in r, which is of a format other
// than Zip. Of a compressed file without an archive in it the only element is
// ErrNotArchive.
func ReadTar(r io.Reader, f Format) Members { return ReadLargeTar(r, f, MaxExpanded) }

// ReadLargeTar is ReadTar for an archive that expands to at most most bytes, of which
// the caller knows where they go. The other bounds stay.
func ReadLargeTar(r io.Reader, f Format, most int64) Members {
	return func(yield func(Member, error) bool) {
		t := &tarReader{names: newNames(), yield: yield, most: most}
		if err := asMalformed(t.read(r, f)); err != nil && !errors.Is(err, errEnough) {
			yield(Member{}, err)
		}
	}
}

type tarReader struct {
	names *names
	yield func(Member, error) bool
	most  int64
	file  *inFile // nil for a stream
}

func (t *tarReader) read(r io.Reader, f Format) error {
	e := &expansion{most: t.most}
	in := &source{r, e}
	plain, err := decompressed(in, f)
	if err != nil {
		return err
	}
	defer plain.Close()
	size := 64 << 10
	if f == Tar {
		size = 16 << 10 // what is behind it goes to the reader of a member without a copy
	}
	out := bufio.NewReaderSize(&expanded{plain, e}, size)
	if f != Tar {
		head, err := out.Peek(block)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !isTarHeader(head) {
			return emptyOrNone(out)
		}
	}
	return t.members(out)
}

// decompressed returns what r holds.
func decompressed(r io.Reader, f Format) (io.ReadCloser, error) {
	switch f {
	case Gzip:
		return newGzipReader(r)
	case Zstd:
		// With little memory the decoder moves its window down for each megabyte that it
		// makes, and takes twice the time for it.
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(false), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return zstdReader{d}, nil
	}
	return io.NopCloser(r), nil
}

type zstdReader struct{ *zstd.Decoder }

// Read implements io.Reader.
func (z zstdReader) Read(p []byte) (int, error) {
	n, err := z.Decoder.Read(p)
	switch {
	case errors.Is(err, zstd.ErrMagicMismatch): // the first frame was recognised by it
		err = moreBehind()
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = fault.New(fault.InputTooLarge, "the archive is compressed with a window of more than %d bytes", maxWindow).
			WithHint("compress it with zstd at a level up to 19, without --long")
	}
	return n, err
}

// Close implements io.Closer.
func (z zstdReader) Close() error { z.Decoder.Close(); return nil }

func (t *tarReader) members(r io.Reader) error {
	end := tarend.NewReader(r)
	members := tar.NewReader(end)
	for {
		h, err := members.Next()
		switch {
		case errors.Is(err, io.EOF):
			return badEnd(end.Check())
		case err != nil:
			return err
		case h.Typeflag == tar.TypeXGlobalHeader:
			continue // no member; git archive writes its commit there
		}
		if err := t.names.another(); err != nil {
			return err
		}
		if !t.member(h, members) {
			return errEnough
		}
	}
}

func (t *tarReader) member(h *tar.Header, r io.Reader) bool {
	m := Member{Name: h.Name, Size: h.Size, Kind: kindOf(h), Err: t.names.check(h.Name)}
	if h.Typeflag == tar.TypeDir && m.Err == nil {
		return true
	}
	if m.Err == nil && m.Kind == "" {
		m.Content = content{r}
		if t.file != nil {
			m.Section = t.file.section(h.Size)
		}
	}
	return t.yield(m, nil)
}

// kindOf says what a member is that is no file, else "".
func kindOf(h *tar.Header) string {
	switch h.Typeflag {
	case tar.TypeReg:
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse.") {
				return "a sparse file"
			}
		}
		return ""
	case tar.TypeDir:
		return "a directory"
	case tar.TypeSymlink, tar.TypeLink:
		return "a link, which is not followed"
	case tar.TypeChar, tar.TypeBlock:
		return "a device"
	case tar.TypeFifo:
		return "a pipe"
	case tar.TypeGNUSparse:
		return "a sparse file"
	}
	return "no regular file"
}

// isTarHeader reports whether a file that begins with head is a tar archive: the
// checksum of its first header fits (POSIX.1-2024, pax, "ustar Interchange Format").
func isTarHeader(head []byte) bool {
	const at, length = 148, 8
	if len(head) < block {
		return false
	}
	var sum int64
	for i, c := range head[:block] {
		if i >= at && i < at+length {
			c = ' '
		}
		sum += int64(c)
	}
	want, digits := int64(0), 0
	for _, c := range bytes.TrimLeft(head[at:at+length], " ") {
		if c < '0' || c > '7' {
			break
		}
		want, digits = want<<3|int64(c-'0'), digits+1
	}
	return digits > 0 && want == sum && sum > length*' '
}
