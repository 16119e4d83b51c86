package forensic

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/spill"
)

// Open returns the members of the snapshot called name, an archive, a directory or,
// for "-", an archive in stdin, in the order in which they are judged. They can be
// read once. What is no snapshot is fault.SnapshotMalformed. The caller closes it.
func Open(name string, stdin io.Reader) (archive.Members, io.Closer, error) {
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		return directory(name), io.NopCloser(nil), nil
	}
	in, err := input.OpenStream(name, stdin)
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, archive.HeadSize)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, errors.Join(fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(name)).With("path", name), in.Close())
	}
	format := archive.Recognise(head[:n])
	if format == archive.None || format == archive.Zip {
		return nil, nil, errors.Join(noSnapshot(name, "it is no tar archive"), in.Close())
	}
	if file, size := regular(in); file != nil && format == archive.Tar {
		return archive.ReadTarFile(file, size), in, nil
	}
	r := io.MultiReader(bytes.NewReader(head[:n]), in)
	if format != archive.Tar { // whose reader has a buffer that most of it need not be copied through
		r = bufio.NewReaderSize(r, 256<<10)
	}
	return archive.ReadTar(r, format), in, nil
}

// regular returns in as a file that can be read at any place, and its size, if it is one.
func regular(in io.Reader) (file io.ReaderAt, size int64) {
	f, ok := in.(*os.File)
	if !ok {
		return nil, 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, 0
	}
	return f, info.Size()
}

func noSnapshot(name, why string) error {
	return fault.New(fault.SnapshotMalformed, "%s is no snapshot: %s", input.Display(name), why).With("path", name).
		WithHint("a snapshot is what stella forensic snapshot create writes, as an archive or unpacked into a directory")
}

// directory yields the files of an unpacked snapshot in the order of an archive's
// members.
func directory(dir string) archive.Members {
	return func(yield func(archive.Member, error) bool) {
		sorter := spill.NewSorter("the files of the snapshot", collectMemory)
		defer sorter.Close()
		for f, err := range gather.Files(dir) {
			if err == nil {
				err = addFile(sorter, dir, f)
			}
			if err != nil {
				yield(archive.Member{}, err)
				return
			}
		}
		for record, err := range sorter.Sorted() {
			if err != nil {
				yield(archive.Member{}, err)
				return
			}
			if !yieldFile(dir, record, yield) {
				return
			}
		}
	}
}

// addFile adds the record of a file: the place of its section, its path, a NUL, and
// what it is if it is no file.
func addFile(sorter *spill.Sorter, dir string, f gather.Found) error {
	rel, err := filepath.Rel(dir, f.Path)
	if err != nil {
		return err
	}
	path := filepath.ToSlash(rel)
	place := rank(path) + 3
	switch path {
	case ManifestName:
		place = 0
	case SignatureName:
		place = 1
	case ChecksumsName:
		place = 2
	}
	record := append(append([]byte{place}, path...), 0)
	return sorter.Add(append(record, f.Kind...))
}

func yieldFile(dir string, record []byte, yield func(archive.Member, error) bool) bool {
	path, kind := cutNUL(record[1:])
	m := archive.Member{Name: path, Kind: string(kind)}
	if m.Kind != "" {
		return yield(m, nil)
	}
	f, err := input.OpenPlain(filepath.Join(dir, filepath.FromSlash(path)))
	if err != nil {
		m.Err = err
		return yield(m, nil)
	}
	defer f.Close()
	m.Size, m.Content = f.Size(), f.Reader()
	return yield(m, nil)
}
