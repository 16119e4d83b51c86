package archive

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/stellaops/stella/internal/fault"
)

const (
	// maxMembers bounds the members of an archive.
	maxMembers = 1 << 21
	// MaxExpanded bounds what an archive expands to, in bytes.
	MaxExpanded = 16 << 30
	// maxRatio bounds how many times its own size an archive expands to, beyond
	// freeExpansion bytes. Evidence, even thousands of similar files in a tar archive,
	// stays well below 50.
	maxRatio      = 100
	freeExpansion = 64 << 20
	// maxName bounds a member's name, in bytes, as Linux bounds a path.
	maxName = 4 << 10
	// HeadSize is how many bytes of a file Recognise needs.
	HeadSize = 512
)

// Format is a kind of archive.
type Format byte

// The formats. Gzip and Zstd are compressed files, of which only reading tells
// whether they are archives.
const (
	None Format = iota
	Tar
	Gzip
	Zstd
	Zip
)

// Recognise returns the format of the file that begins with head, its first
// HeadSize bytes or all there are.
func Recognise(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		return Gzip
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return Zstd
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return Zip
	case isTarHeader(head):
		return Tar
	}
	return None
}

// Member is one member of an archive.
type Member struct {
	Name string
	// Size is the length of the content in bytes.
	Size int64
	// Content gives the content; it must be read before the next member is asked for,
	// or else is passed over.
	Content io.Reader
	// Section is where the content lies in the file that the archive is, nil if that is not known.
	// It can be read for as long as the file is open. Who goes on with it where they left Content
	// has read each byte once.
	Section *Section
	// Kind says what a member without content is; "" for a file.
	Kind string
	// Err says why the member is refused.
	Err error
}

// Members are the members of an archive in its order. An error about the archive
// as a whole is the last element.
type Members = iter.Seq2[Member, error]

// ErrNotArchive says that a compressed file holds no archive.
var ErrNotArchive = errors.New("no archive")

// ErrTruncated is the cause of the error about an archive that breaks off.
var ErrTruncated = errors.New("it is truncated")

// ErrTwice is the cause of the error about a member whose name was there before.
var ErrTwice = errors.New("a member of this name was there before")

// errEnough ends a reading whose reader has enough.
var errEnough = errors.New("enough")

// malformed is the fault of an archive that is not what it should be.
func malformed(format string, args ...any) *fault.Error {
	return fault.New(fault.ArchiveMalformed, format, args...)
}

// asMalformed gives a reason to what a reader of an archive met.
func asMalformed(err error) error {
	switch {
	case err == nil, errors.Is(err, errEnough), errors.Is(err, ErrNotArchive), fault.ReasonOf(err) != fault.Internal:
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(fault.ArchiveMalformed, ErrTruncated, "the archive ends early")
	}
	return fault.Wrap(fault.ArchiveMalformed, err, "the archive is not well-formed")
}

// content gives reasons to what goes wrong while a member is read.
type content struct{ r io.Reader }

// Read implements io.Reader.
func (c content) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, io.EOF
	}
	return n, asMalformed(err)
}
