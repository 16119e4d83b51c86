package forensic

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
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
