package gather

import (
	"bytes"
	"errors"
	"io"
	"path"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/verify"
)

// heldInMemory bounds the members and lines that are read into memory, in bytes;
// larger ones go to a temporary file. Some hundred of them are on the way at once.
const heldInMemory = 64 << 10

// archive walks the archive p, which is in f and begins with head, or yields the
// image layout that it is. It closes f.
func (w *walk) archive(p verify.Piece, head []byte, f *input.File) bool {
	if w.o.Beside != (bundle.Beside{}) {
		return w.failed(p, errors.Join(errBeside(), f.Close()))
	}
	switch format := archive.Recognise(head); format {
	case archive.None: // an empty tar archive
		defer f.Close()
		return w.archived(p, head, archive.ReadTar(f.Reader(), archive.Tar))
	case archive.Zip:
		defer f.Close()
		return w.archived(p, head, archive.ReadZip(f, f.Size()))
	case archive.Tar:
		l, err := openLayout(f)
		if err != nil {
			return w.failed(p, errors.Join(err, f.Close()))
		}
		if l != nil {
			w.closers = append(w.closers, f)
			return w.layout(p, l) && w.beyond(p, l)
		}
		fallthrough
	default:
		defer f.Close()
		return w.archived(p, head, archive.ReadTar(f.Reader(), format))
	}
}

func (w *walk) archived(p verify.Piece, head []byte, members archive.Members) bool {
	for m, err := range members {
		switch {
		case errors.Is(err, archive.ErrNotArchive):
			return w.failed(p, bundle.CheckHead(head)) // which says how it is compressed
		case err != nil:
			return w.failed(p, err)
		case !w.packed(verify.Piece{Name: p.Name, Member: m.Name}, &m):
			return false
		}
	}
	return w.give(verify.Piece{Name: p.Name, Named: true, End: true})
}

// openLayout returns the image layout that a tar archive is, or nil.
func openLayout(f *input.File) (*oci.Layout, error) {
	if !oci.HoldsLayout(f) {
		return nil, nil //nolint:nilnil // documented
	}
	return oci.OpenTar(f)
}

// packed yields one member of an archive that the user named. An image layout there,
// which only an uncompressed tar archive in a file can be, is a failure: member by member
// its signatures would look like something that is no evidence.
func (w *walk) packed(p verify.Piece, m *archive.Member) bool {
	if m.Err == nil && m.Kind == "" && oci.IsMark(path.Base(path.Clean(m.Name))) {
		return w.failed(p, fault.New(fault.LayoutUnread, "it makes an image layout of what lies beside it, which is not read out of this archive").
			WithHint("name the layout itself: its directory, or a file that is an uncompressed tar archive of it"))
	}
	return w.member(p, m)
}

// member yields one member of an archive. Of one that cannot be evidence it reads no
// more than tells so.
func (w *walk) member(p verify.Piece, m *archive.Member) bool {
	switch {
	case m.Err != nil:
		return w.failed(p, m.Err)
	case m.Kind != "":
		return w.passOver(p, m.Kind)
	}
	head := make([]byte, min(m.Size, archive.HeadSize))
	if _, err := io.ReadFull(m.Content, head); err != nil {
		return w.failed(p, err)
	}
	if archive.Recognise(head) != archive.None && !bundle.LooksLikeEvidence(m.Name) {
		return w.passOver(p, "an archive within an archive, which is not opened")
	}
	err := bundle.CheckHead(head)
	if err == nil && m.Size > input.MaxEvidence {
		err = fault.New(fault.InputTooLarge, "it has more than the limit of %d bytes", int64(input.MaxEvidence))
	}
	if err != nil {
		return w.failed(p, err)
	}
	return w.once(p, io.MultiReader(bytes.NewReader(head), m.Content), m.Size)
}

// once yields a piece of size bytes of r, which can be read once.
func (w *walk) once(p verify.Piece, r io.Reader, size int64) bool {
	if w.again {
		return w.kept(p, r)
	}
	f, err := aside(p.Name, r, size)
	if err != nil {
		return w.failed(p, err)
	}
	p.Content = f
	return w.give(p)
}

// aside returns size bytes of r as a file: in memory if they are few, else in a
// temporary file of their own.
func aside(name string, r io.Reader, size int64) (*input.File, error) {
	if size <= heldInMemory {
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		// The end, too, must be as it should: a checksum is told there.
		if _, err := io.ReadFull(r, make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return input.FromBytes(name, b), nil
	}
	return input.Aside(name, r, input.MaxEvidence)
}
