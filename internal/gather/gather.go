package gather

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/archive/tarend"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/verify"
)

// Options say more about the inputs than their names.
type Options struct {
	// Stdin is what "-" names.
	Stdin io.Reader
	// About are the digests, "sha256:<hex>", of the images about which evidence is
	// wanted of an image layout; none for all of it.
	About []string
	// Beside is what lies beside the one file that is named.
	Beside bundle.Beside
}

// Inputs are what the user named, as verify.Inputs. Close them.
type Inputs struct {
	names   []string
	o       Options
	keep    *keep // nil before the first use
	closers []io.Closer
	members archive.Members  // in place of names, already open
	nested  iter.Seq[Nested] // behind members

	mu    sync.Mutex
	known map[parsedKey]*parsed // what Open finds by name and member
}

var (
	_ verify.Inputs    = (*Inputs)(nil)
	_ verify.Explainer = (*Inputs)(nil)
)

// New returns the inputs called names.
func New(names []string, o Options) *Inputs { return &Inputs{names: names, o: o} }

// Close releases everything that is still open.
func (in *Inputs) Close() error {
	err := closeAll(in.closers)
	in.closers = nil
	if in.keep != nil {
		err = errors.Join(err, in.keep.close())
	}
	return err
}

// Bulk reports whether something is named that may hold any number of files: a
// directory, a pattern, an archive or standard input. What is named one by one was
// meant to be looked at together.
func (in *Inputs) Bulk() bool {
	for _, name := range in.names {
		if name == "-" {
			return true
		}
		info, err := os.Stat(name)
		switch {
		case err != nil && isPattern(name), err == nil && info.IsDir() && !oci.IsLayout(name):
			return true
		case err == nil && info.Mode().IsRegular() && isArchive(name):
			return true
		}
	}
	return false
}

// isArchive reports whether a file is an archive by its first bytes.
func isArchive(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, archive.HeadSize)
	n, _ := io.ReadFull(f, head)
	return archive.Recognise(head[:n]) != archive.None
}

// Pieces implements verify.Inputs.
func (in *Inputs) Pieces(ctx context.Context, again bool) iter.Seq[verify.Piece] {
	return func(yield func(verify.Piece) bool) {
		in.pieces(ctx, again, yield)
	}
}

// Open implements verify.Inputs.
func (in *Inputs) Open(p *verify.Piece) (verify.Content, error) {
	if p.Place.Kept {
		return in.keep.open(p)
	}
	if known := in.remembered(p); known != nil {
		return known, nil
	}
	open := input.OpenPlain
	if p.Named {
		open = func(name string) (*input.File, error) { return input.Open(name, nil, input.MaxArtifact) }
	}
	f, err := open(p.Name)
	if err != nil {
		return nil, err // and not a nil *input.File in an interface, which is not nil
	}
	return f, nil
}

// Explain implements verify.Explainer: an archive in a directory is told from other files.
func (in *Inputs) Explain(p *verify.Piece, c verify.Content, i *verify.Ignored) {
	if p.Named || p.Member != "" || p.Line > 0 {
		return
	}
	head := make([]byte, min(c.Size(), archive.HeadSize))
	n, _ := c.ReadAt(head, 0)
	switch archive.Recognise(head[:n]) {
	case archive.Tar, archive.Zip:
		i.Reason, i.Message = fault.InputNotRegular, "an archive in a directory, which is not opened: name it"
	case archive.Gzip, archive.Zstd:
		i.Reason, i.Message = fault.InputNotRegular, "a compressed file in a directory, which is not opened: name it if it is an archive"
	}
}

// walk is one pass over the inputs.
type walk struct {
	*Inputs
	ctx   context.Context
	again bool
	yield func(verify.Piece) bool
	held  ahead
}

// give yields a piece, unless the pass is to end.
func (w *walk) give(p verify.Piece) bool { return w.ctx.Err() == nil && w.yield(p) }

// failed yields what cannot be read.
func (w *walk) failed(p verify.Piece, err error) bool {
	p.Err = err
	return w.give(p)
}

// passOver yields what is no evidence by its kind. If its name says that it is, it
// must not be passed over: nobody looked at it.
func (w *walk) passOver(p verify.Piece, why string) bool {
	if bundle.LooksLikeEvidence(cmp.Or(p.Member, p.Name)) {
		err := fault.New(fault.InputNotRegular, "it is called like evidence, and it is %s", why)
		if p.Member == "" {
			err = err.WithHint("name the file itself")
		}
		return w.failed(p, err)
	}
	return w.failed(p, &verify.Ignored{Reason: fault.InputNotRegular, Message: why})
}

// argument finds what is behind one word of the command line.
func (w *walk) argument(name string) bool {
	if name == "-" {
		return w.standardInput()
	}
	if _, err := os.Lstat(name); err != nil && isPattern(name) {
		return w.pattern(name)
	}
	return w.named(name)
}

// named finds what is behind the name of a file or directory.
func (w *walk) named(name string) bool {
	p := verify.Piece{Name: name, Named: true}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		if w.o.Beside != (bundle.Beside{}) {
			return w.failed(p, errBeside())
		}
		return w.directory(p, 0, nil)
	case err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0:
		return w.device(p)
	}
	f, err := input.Open(name, nil, input.MaxArtifact)
	if err != nil {
		return w.failed(p, err)
	}
	head, err := headOf(f)
	if err != nil {
		return w.failed(p, errors.Join(err, f.Close()))
	}
	packed := archive.Recognise(head) != archive.None
	if tarend.IsZero(head) {
		packed, err = archive.IsEmptyTar(f.Reader())
	}
	switch {
	case err != nil:
		return w.failed(p, errors.Join(err, f.Close()))
	case packed:
		return w.archive(p, head, f)
	}
	return w.file(p, f)
}

// file yields a file that is open.
func (w *walk) file(p verify.Piece, f *input.File) bool {
	if w.o.Beside != (bundle.Beside{}) {
		return w.beside(p, f)
	}
	if w.again {
		defer f.Close()
		if info, err := os.Stat(p.Name); p.Name != "-" && err == nil && info.Mode().IsRegular() {
			return w.give(p)
		}
		return w.kept(p, f.Reader()) // it can be read once
	}
	if f.Size() > heldInMemory {
		p.Content = f
		return w.give(p)
	}
	defer f.Close()
	b, err := f.ReadAll()
	if err != nil {
		return w.failed(p, err)
	}
	p.Content = input.FromBytes(p.Name, b)
	return w.give(p)
}

// kept yields a piece of whose content only one reading is possible.
func (w *walk) kept(p verify.Piece, r io.Reader) bool {
	k, err := w.keeper()
	if err == nil {
		p.Place, err = k.put(r)
	}
	if err != nil {
		return w.failed(p, err)
	}
	return w.give(p)
}

// headOf returns what tells the format of a file.
func headOf(f *input.File) ([]byte, error) {
	head := make([]byte, min(f.Size(), archive.HeadSize))
	n, err := f.ReadAt(head, 0)
	if n < len(head) {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(f.Name()))
	}
	return head, nil
}
