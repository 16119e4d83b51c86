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

// checkSnapshotOutput refuses what newSnapshotOutput would refuse. A directory must not be
// there yet, also not with --force: it may hold more than a snapshot.
func checkSnapshotOutput(path string, o atomicfile.Options) error {
	if archive.FormatOfName(path) != archive.None {
		return atomicfile.Check(path, o)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.OutputExists, "%s exists already", input.Display(path)).
			WithHint("name a new directory, or an archive: -o NAME.tar.zst").With("path", path)
	}
	return nil
}

// newSnapshotOutput starts an output, an archive by its name, else a directory. What goes
// into it was listed before: it may lie among that.
func newSnapshotOutput(ctx context.Context, path string, o atomicfile.Options) (*snapshotOutput, error) {
	if err := checkSnapshotOutput(path, o); err != nil {
		return nil, err
	}
	if format := archive.FormatOfName(path); format != archive.None {
		file, err := atomicfile.Create(ctx, path, o)
		if err != nil {
			return nil, err
		}
		return &snapshotOutput{path: path, file: file, format: format}, nil
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
