package archive

import (
	"errors"
	"io"
)

const (
	// headRead is how much is read where a member is expected behind one that was passed over, in
	// bytes: its header, also one of pax, and the beginning of its content.
	headRead = 4 << 10
	// fileRead is how much is read of members that are read one after the other, in bytes.
	fileRead = 32 << 10
)

// ReadTarFile is ReadTar for a tar archive that is not compressed and is a file of size bytes. Of
// members whose Content nobody reads, only the header is read; they have a Section. The bounds, and
// what is said of an archive, are the same.
func ReadTarFile(file io.ReaderAt, size int64) Members {
	return func(yield func(Member, error) bool) {
		t := &tarReader{names: newNames(), yield: yield, file: &inFile{at: file, size: size, buf: make([]byte, fileRead)}}
		if err := asMalformed(t.members(t.file)); err != nil && !errors.Is(err, errEnough) {
			yield(Member{}, err)
		}
	}
}

// inFile reads a file through a buffer, and passes over what is not wanted.
type inFile struct {
	at   io.ReaderAt
	size int64  // at first
	off  int64  // of what is read next
	buf  []byte // of fileRead
	held []byte // of buf, what is behind off
	far  bool   // off was moved beyond what was held
}

// maxPlace is where a member ends that claims to end beyond it, in bytes: no file has so many.
const maxPlace = 1 << 62

// errSeek is for a place that no reader of archives asks for.
var errSeek = errors.New("archive: a file is only read forward")

// Seek implements io.Seeker, as far as archive/tar asks it: forward, also behind the end.
func (f *inFile) Seek(n int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || n < 0 {
		return 0, errSeek
	}
	if n > int64(len(f.held)) {
		f.held, f.far = nil, true
	} else {
		f.held = f.held[n:]
	}
	f.off += min(n, maxPlace-f.off)
	return f.off, nil
}

// Read implements io.Reader.
func (f *inFile) Read(p []byte) (n int, err error) {
	switch {
	case len(f.held) > 0:
		n = copy(p, f.held)
		f.held = f.held[n:]
	case len(p) >= fileRead:
		n, err = f.readAt(p)
	default:
		size := fileRead
		if f.far {
			size = headRead
		}
		n, err = f.readAt(f.buf[:size])
		f.held, f.far = f.buf[:n], false
		n = copy(p, f.held)
		f.held = f.held[n:]
	}
	f.off += int64(n)
	return n, err
}

// readAt fails beyond what an archive may expand to. It keeps another error for the next time if
// something was read before it.
func (f *inFile) readAt(p []byte) (int, error) {
	n, err := f.at.ReadAt(p, f.off)
	if n == 0 {
		return 0, err
	}
	e := expansion{in: f.off, out: f.off, most: MaxExpanded}
	if over := e.add(int64(n)); over != nil {
		return 0, over
	}
	return n, nil
}

// section returns the size bytes from here on, nil if the file does not have them all, or an archive
// may not expand to them.
func (f *inFile) section(size int64) *Section {
	if size > min(f.size, MaxExpanded)-f.off {
		return nil
	}
	return &Section{io.NewSectionReader(f.at, f.off, size)}
}

// Section is the content of a member where it lies in a file. It is safe for concurrent use.
type Section struct{ r *io.SectionReader }

// Size is the length in bytes that the archive says.
func (s *Section) Size() int64 { return s.r.Size() }

// ReadAt implements io.ReaderAt. What goes wrong has the reasons that it has for Member.Content,
// also if the file has become shorter.
func (s *Section) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.r.ReadAt(p, off)
	switch {
	case !errors.Is(err, io.EOF):
		return n, asMalformed(err)
	case off+int64(n) < s.r.Size():
		return n, asMalformed(io.ErrUnexpectedEOF)
	}
	return n, io.EOF
}
