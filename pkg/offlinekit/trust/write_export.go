package trust

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// WriteExport writes files to a directory, or to an archive if out ends in .tar,
// .tar.gz, .tgz, .tar.zst or .tzst. The same files make the same archive. A directory may hold an
// older export; what else is there is fault.OutputExists, unless force. Whoever reads
// a directory while it is written finds the old trust or the new one: the timestamp,
// by which all else is found, comes last.
func WriteExport(ctx context.Context, out string, files []File, force bool) error {
	if f := archive.FormatOfName(out); f != archive.None {
		return writeArchive(ctx, out, files, f, force)
	}
	return writeDirectory(ctx, out, files, force)
}

func writeDirectory(ctx context.Context, out string, files []File, force bool) error {
	entries, err := os.ReadDir(out)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fault.Wrap(fault.OutputFailed, atomicfile.Cause(err), "failed to write to %q", out).With("path", out)
	case len(entries) > 0 && !force && !(&FileSource{files: dirOrNil(out), name: out}).isExport():
		return fault.New(fault.OutputExists, "%q holds something else than an export", out).With("path", out).
			WithHint("name another directory, or say --force to put the export beside it")
	}
	order := func(f File) int {
		if f.Name == metadataDir+"/"+timestampFile {
			return 1
		}
		return 0
	}
	ordered := slices.Clone(files)
	slices.SortStableFunc(ordered, func(a, b File) int { return order(a) - order(b) })
	for _, f := range ordered {
		path := filepath.Join(out, filepath.FromSlash(f.Name))
		if err := atomicfile.MakeDir(nil, filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := atomicfile.WriteFile(ctx, path, f.Content, atomicfile.Options{Force: true}); err != nil {
			return err
		}
	}
	return nil
}

// isExport reports whether trust lies in the directory.
func (s *FileSource) isExport() bool {
	if s.files == nil {
		return false
	}
	found := s.files.has(metadataDir + "/" + timestampFile)
	return s.files.close() == nil && found
}

func dirOrNil(name string) files {
	d, err := openDirectory(name)
	if err != nil {
		return nil
	}
	return d
}

func writeArchive(ctx context.Context, out string, files []File, format archive.Format, force bool) error {
	f, err := atomicfile.Create(ctx, out, atomicfile.Options{Force: force})
	if err != nil {
		return err
	}
	defer f.Abort()
	w, err := archive.NewWriter(f, format, time.Unix(0, 0))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := w.Add(file.Name, int64(len(file.Content)), false, bytes.NewReader(file.Content)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Commit()
}
