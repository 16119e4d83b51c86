package archive

import (
	"bytes"
	"encoding/binary"
	"io"
)

// fields reads little-endian numbers one after the other. There must be enough.
type fields []byte

func (f *fields) u16() uint16 {
	v := binary.LittleEndian.Uint16(*f)
	*f = (*f)[2:]
	return v
}

func (f *fields) u32() uint32 {
	v := binary.LittleEndian.Uint32(*f)
	*f = (*f)[4:]
	return v
}

func (f *fields) u64() uint64 {
	v := binary.LittleEndian.Uint64(*f)
	*f = (*f)[8:]
	return v
}

// directory is where the central directory is.
type directory struct {
	off, size int64
	count     uint64
}

// The records at the end of an archive (APPNOTE sections 4.3.14 to 4.3.16).
const (
	endSize       = 22
	maxComment    = 1<<16 - 1
	locatorSize   = 20
	end64Size     = 56
	signatureEnd  = "PK\x05\x06"
	signature64   = "PK\x06\x06"
	signatureLoc  = "PK\x06\x07"
	signatureFile = 0x02014b50
)

// findDirectory finds the central directory, which must end where the records
// behind it begin.
func findDirectory(r io.ReaderAt, size int64) (directory, error) {
	tail := make([]byte, min(size, endSize+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && len(tail) > 0 {
		return directory{}, err
	}
	base := size - int64(len(tail))
	i, err := endIn(tail, base)
	if err != nil {
		return directory{}, err
	}
	at := base + int64(i)
	f := fields(tail[i+4:])
	disk, first := f.u16(), f.u16()
	here, count, length, off := f.u16(), f.u16(), f.u32(), f.u32()
	d := directory{int64(off), int64(length), uint64(count)}
	if disk != 0 || first != 0 || here != count {
		return directory{}, malformed("the archive is one part of several")
	}
	if count == 0xffff || length == 0xffffffff || off == 0xffffffff {
		if d, at, err = findDirectory64(r, at); err != nil {
			return directory{}, err
		}
	}
	if d.off < 0 || d.size < 0 || d.off > at || d.off+d.size != at {
		return directory{}, malformed("the central directory is not where the archive says")
	}
	return d, nil
}

// endIn finds the record that ends the archive: the one whose comment ends where the
// archive does. There must be only one. base is where the tail begins.
func endIn(tail []byte, base int64) (int, error) {
	found := -1
	for i := len(tail) - endSize; i >= 0; i-- {
		if !bytes.HasPrefix(tail[i:], []byte(signatureEnd)) {
			continue
		}
		comment := int(binary.LittleEndian.Uint16(tail[i+endSize-2:]))
		if end := i + endSize + comment; end < len(tail) && found < 0 && follows(tail[i:], base+int64(i)) {
			return 0, moreBehind()
		} else if end != len(tail) {
			continue
		}
		if found >= 0 {
			return 0, malformed("the archive has two ends")
		}
		found = i
	}
	if found < 0 {
		return 0, malformed("the archive has no end: it is truncated, or has other content behind it")
	}
	return found, nil
}

// follows reports whether the record at a place names a central directory that ends there: it
// is the archive's own, and no content that looks like it.
func follows(record []byte, at int64) bool {
	f := fields(record[12:])
	length, off := int64(f.u32()), int64(f.u32())
	return off+length == at
}

// findDirectory64 reads the records of a large archive, which stand before the end
// record at the offset, and returns where they begin.
func findDirectory64(r io.ReaderAt, end int64) (directory, int64, error) {
	const both = end64Size + locatorSize
	b := make([]byte, both)
	if end < both {
		return directory{}, 0, malformed("the archive ends early: it is truncated")
	}
	if _, err := r.ReadAt(b, end-both); err != nil {
		return directory{}, 0, err
	}
	at := end - both
	loc := fields(b[end64Size:])
	if !bytes.HasPrefix(b, []byte(signature64)) || !bytes.HasPrefix(loc, []byte(signatureLoc)) {
		return directory{}, 0, malformed("the records of a large archive are not where they belong")
	}
	loc = loc[4:]
	disk, off, disks := loc.u32(), loc.u64(), loc.u32()
	f := fields(b[4:])
	size := f.u64()
	f.u32() // versions
	if disk != 0 || off != uint64(at) || disks > 1 || size != end64Size-12 || f.u64() != 0 {
		return directory{}, 0, malformed("the records of a large archive contradict each other")
	}
	here, count := f.u64(), f.u64()
	if here != count {
		return directory{}, 0, malformed("the archive is one part of several")
	}
	length, start := f.u64(), f.u64()
	return directory{int64(start), int64(length), count}, at, nil
}

// readCentral reads the next header of the central directory.
func readCentral(r io.Reader) (*zipHeader, error) {
	const size = 46
	var fixed [size]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return nil, err
	}
	f := fields(fixed[:])
	if f.u32() != signatureFile {
		return nil, malformed("the central directory is not well-formed")
	}
	h := &zipHeader{madeBy: f.u16()}
	f.u16() // version needed
	h.flags, h.method = f.u16(), f.u16()
	f.u32() // time and date
	h.crc, h.packed, h.size = f.u32(), uint64(f.u32()), uint64(f.u32())
	nameSize, extraSize, commentSize := int(f.u16()), int(f.u16()), int(f.u16())
	disk := f.u16()
	f.u16() // internal attributes
	h.attributes, h.off = f.u32(), uint64(f.u32())
	rest := make([]byte, nameSize+extraSize+commentSize)
	if _, err := io.ReadFull(r, rest); err != nil {
		return nil, err
	}
	if disk != 0 {
		return nil, malformed("the archive is one part of several")
	}
	h.name = string(rest[:nameSize])
	h.addZip64(rest[nameSize:nameSize+extraSize], true)
	return h, nil
}
