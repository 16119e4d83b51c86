package archive

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// ReadZip returns the members of the zip archive that is size bytes of r (PKWARE
// APPNOTE 6.3.10).
func ReadZip(r io.ReaderAt, size int64) Members {
	return func(yield func(Member, error) bool) {
		z := &zipReader{r: r, names: newNames(), yield: yield, expansion: expansion{in: size, most: MaxExpanded}}
		if err := asMalformed(z.read(size)); err != nil && !errors.Is(err, errEnough) {
			yield(Member{}, err)
		}
	}
}

type zipReader struct {
	r         io.ReaderAt
	names     *names
	yield     func(Member, error) bool
	expansion expansion
	end       int64      // of the members so far
	described *zipHeader // the last one, if a descriptor of it follows there
	packed    *bufio.Reader
	inflater  io.Reader // a flate.Resetter; nil before the first use
}

func (z *zipReader) read(size int64) error {
	d, err := findDirectory(z.r, size)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(z.r, d.off, d.size), 64<<10)
	for range d.count {
		if err := z.names.another(); err != nil {
			return err
		}
		h, err := readCentral(in)
		if err != nil {
			return err
		}
		start, err := z.checkLocal(h, d.off)
		if err != nil {
			return err
		}
		if !z.member(h, start) {
			return errEnough
		}
	}
	if n, _ := in.Discard(1); n > 0 {
		return malformed("the central directory has more members than the archive says")
	}
	return z.follows(d.off)
}

// follows fails unless off is where the next thing must stand: behind the last
// member, or behind its descriptor.
func (z *zipReader) follows(off int64) error {
	switch gap := off - z.end; {
	case gap == 0 && z.described == nil:
		return nil
	case z.described != nil && gap >= descriptorSize && gap <= descriptorSize64+4:
		return z.descriptor(gap)
	}
	return malformed("members overlap, have something else between them, or are not in the order of the central directory").
		WithHint("programs differ in which members they find; have the archive made anew")
}

// The sizes of a descriptor, without the signature of four bytes that it may begin
// with (APPNOTE section 4.3.9).
const (
	descriptorSize   = 12
	descriptorSize64 = 20
)

// descriptor holds the descriptor behind the last member, of size bytes, to what the
// central directory says: others may go by it.
func (z *zipReader) descriptor(size int64) error {
	b := make([]byte, size)
	if _, err := z.r.ReadAt(b, z.end); err != nil {
		return err
	}
	f := fields(b)
	if size == descriptorSize+4 || size == descriptorSize64+4 {
		if f.u32() != 0x08074b50 {
			return malformed("the descriptor behind a member is not well-formed")
		}
	}
	said := zipHeader{crc: f.u32()}
	switch len(f) {
	case descriptorSize - 4:
		said.packed, said.size = uint64(f.u32()), uint64(f.u32())
	case descriptorSize64 - 4:
		said.packed, said.size = f.u64(), f.u64()
	}
	if len(f) > 0 || said.crc != z.described.crc || said.packed != z.described.packed || said.size != z.described.size {
		return malformed("the descriptor behind a member differs from the central directory").
			WithHint("programs differ in which of them they go by; have the archive made anew")
	}
	return nil
}

func (z *zipReader) member(h *zipHeader, start int64) bool {
	m := Member{Name: h.name, Size: int64(h.size), Kind: h.kind(), Err: z.names.check(h.name)}
	if m.Err == nil {
		m.Err = h.readable()
	}
	if m.Kind == "a directory" && m.Err == nil {
		return true
	}
	if m.Err == nil && m.Kind == "" {
		m.Content = content{z.contentOf(h, start)}
	}
	return z.yield(m, nil)
}

// contentOf returns the content of a member, checked against its size and checksum.
func (z *zipReader) contentOf(h *zipHeader, start int64) io.Reader {
	var r io.Reader = io.NewSectionReader(z.r, start, int64(h.packed))
	if h.method == methodDeflate {
		r = z.inflate(r)
	}
	return &checked{r: &expanded{r, &z.expansion}, left: int64(h.size), sum: h.crc, crc: crc32.NewIEEE()}
}

// inflate returns what r holds, by the one inflater that serves all members.
func (z *zipReader) inflate(r io.Reader) io.Reader {
	resetter, ok := z.inflater.(flate.Resetter)
	if !ok {
		z.packed = bufio.NewReaderSize(r, 16<<10)
		z.inflater = flate.NewReader(z.packed)
		return z.inflater
	}
	z.packed.Reset(r)
	if err := resetter.Reset(z.packed, nil); err != nil {
		return failed{err}
	}
	return z.inflater
}

// failed gives nothing but an error.
type failed struct{ err error }

// Read implements io.Reader.
func (f failed) Read([]byte) (int, error) { return 0, f.err }

// checked is content that must have a certain length and checksum.
type checked struct {
	r    io.Reader
	left int64
	crc  hash.Hash32
	sum  uint32
}

// Read implements io.Reader.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.left -= int64(n)
	c.crc.Write(p[:n])
	switch {
	case c.left < 0:
		return 0, malformed("a member is longer than it says")
	case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return n, err
	case c.left > 0:
		return n, malformed("a member is shorter than it says")
	case c.crc.Sum32() != c.sum:
		return n, malformed("a member does not have the checksum that it says")
	}
	return n, io.EOF
}

// The methods of compression that are read.
const (
	methodStore   = 0
	methodDeflate = 8
)

// Flags of a member (APPNOTE section 4.4.4).
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes and checksum follow the content
	flagStrong     = 1 << 6
	flagMasked     = 1 << 13
)

// zipHeader is what the central directory says of a member.
type zipHeader struct {
	madeBy, flags, method uint16
	crc                   uint32
	packed, size          uint64
	attributes            uint32
	off                   uint64
	name                  string
}

// kind says what a member is that is no file, else "".
func (h *zipHeader) kind() string {
	if strings.HasSuffix(h.name, "/") {
		return "a directory"
	}
	const unix, darwin = 3, 19
	if system := h.madeBy >> 8; system != unix && system != darwin {
		return ""
	}
	const typeMask, regular, link, directory = 0o170000, 0o100000, 0o120000, 0o040000
	switch h.attributes >> 16 & typeMask {
	case 0, regular:
		return ""
	case directory:
		return "a directory"
	case link:
		return "a link, which is not followed"
	}
	return "no regular file"
}

// readable returns why the content of a member is not read.
func (h *zipHeader) readable() error {
	switch {
	case h.flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return malformed("the member is encrypted")
	case h.method != methodStore && h.method != methodDeflate:
		return malformed("the member is compressed by method %d, which is neither \"store\" nor \"deflate\"", h.method).
			WithHint("make the archive anew with the usual method")
	case h.method == methodStore && h.packed != h.size:
		return malformed("the member is not compressed and has two sizes")
	case h.size > MaxExpanded:
		return fault.New(fault.InputTooLarge, "the member says that it has %d bytes", h.size)
	}
	return nil
}

// checkLocal compares what stands before a member's content with what the central
// directory says, and returns where the content starts. limit is where it must end.
func (z *zipReader) checkLocal(h *zipHeader, limit int64) (start int64, err error) {
	const size = 30
	var fixed [size]byte
	if h.off > uint64(limit) {
		return 0, malformed("a member begins behind the central directory")
	}
	if _, err := z.r.ReadAt(fixed[:], int64(h.off)); err != nil {
		return 0, err
	}
	f := fields(fixed[:])
	if f.u32() != 0x04034b50 {
		return 0, malformed("the central directory names a place where no member begins")
	}
	f.u16() // version needed
	local := zipHeader{flags: f.u16(), method: f.u16()}
	f.u32() // time and date
	local.crc, local.packed, local.size = f.u32(), uint64(f.u32()), uint64(f.u32())
	nameSize, extraSize := int(f.u16()), int(f.u16())
	rest := make([]byte, nameSize+extraSize)
	if _, err := z.r.ReadAt(rest, int64(h.off)+size); err != nil {
		return 0, err
	}
	local.name = string(rest[:nameSize])
	local.addZip64(rest[nameSize:], false)
	if !local.agrees(h) {
		return 0, malformed("the two descriptions of a member differ").
			WithHint("programs differ in which of them they go by; have the archive made anew")
	}
	if err := z.follows(int64(h.off)); err != nil {
		return 0, err
	}
	start = int64(h.off) + size + int64(len(rest))
	if h.packed > uint64(limit) || start+int64(h.packed) > limit {
		return 0, malformed("a member reaches into the central directory")
	}
	z.end, z.described = start+int64(h.packed), nil
	if h.flags&flagDescriptor != 0 {
		z.described = h
	}
	return start, nil
}

// agrees reports whether a member's own description is that of the central
// directory. With a descriptor behind the content it may leave out sizes.
func (h *zipHeader) agrees(central *zipHeader) bool {
	same := h.name == central.name && h.method == central.method && h.flags == central.flags
	if h.flags&flagDescriptor != 0 && h.crc == 0 && h.packed == 0 && h.size == 0 {
		return same
	}
	return same && h.crc == central.crc && h.packed == central.packed && h.size == central.size
}

// addZip64 takes over the sizes, and with central the place, that do not fit into
// their own fields (APPNOTE section 4.5.3).
func (h *zipHeader) addZip64(extra []byte, central bool) {
	const zip64, full = 1, 0xffffffff
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return
		}
		body := extra[:size]
		extra = extra[size:]
		if id != zip64 {
			continue
		}
		wide := []*uint64{&h.size, &h.packed}
		if central {
			wide = append(wide, &h.off)
		}
		for _, v := range wide {
			if *v == full && len(body) >= 8 {
				*v, body = binary.LittleEndian.Uint64(body), body[8:]
			}
		}
		return
	}
}
