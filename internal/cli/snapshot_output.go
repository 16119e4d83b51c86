package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/input"
)

// snapshotOutput is an archive or a directory that appears whole or not at all.
type snapshotOutput struct {
	path string

	file   atomicfile.Output // of an archive
	format archive.Format
	writer *archive.Writer

	dir string // the directory until it gets its name; "" for none any more
}

func newSnapshotArchive(ctx context.Context, path string, f archive.Format, force bool, inputs []string) (*snapshotOutput, error) {
	file, err := atomicfile.Create(ctx, path, atomicfile.Options{Force: force, Inputs: inputs})
	if err != nil {
		return nil, err
	}
	return &snapshotOutput{path: path, file: file, format: f}, nil
}

// newSnapshotDirectory starts a directory, which must not be there yet, also not with
// --force: it may hold more than a snapshot.
func newSnapshotDirectory(path string) (*snapshotOutput, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.OutputExists, "%s exists already", input.Display(path)).
			WithHint("name a new directory, or an archive: -o NAME.tar.zst").With("path", path)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, atomicfile.WriteFailed(path, err)
	}
	return &snapshotOutput{path: path, dir: dir}, nil
}

// open returns where members go. at is their time in an archive.
func (o *snapshotOutput) open(at time.Time) (forensic.Sink, error) {
	if o.file == nil {
		return forensic.Directory(o.dir), nil
	}
	var err error
	o.writer, err = archive.NewWriter(o.file, o.format, at)
	return o.writer, err
}

func (o *snapshotOutput) commit() error {
	if o.file != nil {
		if err := o.writer.Close(); err != nil {
			return err
		}
		return o.file.Commit()
	}
	err := os.Chmod(o.dir, 0o755) //nolint:gosec // evidence is for others to read
	if err == nil {
		err = os.Rename(o.dir, o.path)
	}
	if err != nil {
		return atomicfile.WriteFailed(o.path, err)
	}
	o.dir = ""
	return nil
}

// abort throws away what was written. After commit it does nothing.
func (o *snapshotOutput) abort() {
	if o.file != nil {
		o.file.Abort()
	}
	if o.dir != "" {
		os.RemoveAll(o.dir)
	}
}
