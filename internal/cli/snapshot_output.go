package cli

import (
	"context"
	"time"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/forensic"
)

// snapshotOutput is an archive or a directory that appears whole or not at all.
type snapshotOutput struct {
	file   atomicfile.Output // of an archive
	format archive.Format
	writer *archive.Writer

	directory *atomicfile.Directory // or of a directory
}

// checkSnapshotOutput refuses what newSnapshotOutput would refuse. A directory must not hold
// anything, also not with --force: that may be more than a snapshot.
func checkSnapshotOutput(path string, o atomicfile.Options) error {
	if archive.FormatOfName(path) != archive.None {
		return atomicfile.Check(path, o)
	}
	return atomicfile.CheckDirectory(path)
}

// newSnapshotOutput starts an output, an archive by its name, else a directory. What goes
// into it was listed before: it may lie among that.
func newSnapshotOutput(ctx context.Context, path string, o atomicfile.Options) (*snapshotOutput, error) {
	out := &snapshotOutput{format: archive.FormatOfName(path)}
	var err error
	if out.format == archive.None {
		out.directory, err = atomicfile.NewDirectory(o.FS, path)
	} else {
		out.file, err = atomicfile.Create(ctx, path, o)
	}
	return out, err
}

// open returns where members go. at is their time in an archive.
func (o *snapshotOutput) open(at time.Time) (forensic.Sink, error) {
	if o.directory != nil {
		return o.directory, nil
	}
	var err error
	o.writer, err = archive.NewWriter(o.file, o.format, at)
	return o.writer, err
}

func (o *snapshotOutput) commit() error {
	if o.directory != nil {
		return o.directory.Commit()
	}
	if err := o.writer.Close(); err != nil {
		return err
	}
	return o.file.Commit()
}

// abort throws away what was written. After commit it does nothing.
func (o *snapshotOutput) abort() {
	if o.directory != nil {
		o.directory.Abort()
	} else {
		o.file.Abort()
	}
}
