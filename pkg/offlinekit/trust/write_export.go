package trust

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// WriteExport writes files to a directory, or to an archive if out ends in .tar,
// .tar.gz or .tgz. The same files make the same archive. A directory may hold an
// older export; what else is there is fault.OutputExists, unless force. Whoever reads
// a directory while it is written finds the old trust or the new one: the timestamp,
// by which all else is found, comes last.
func WriteExport(ctx context.Context, out string, files []File, force bool) error {
	zipped := strings.HasSuffix(out, ".tar.gz") || strings.HasSuffix(out, ".tgz")
	if zipped || strings.HasSuffix(out, ".tar") {
		return writeArchive(ctx, out, files, zipped, force)
	}
	return writeDirectory(ctx, out, files, force)
}

func writeDirectory(ctx context.Context, out string, files []File, force bool) error {
	entries, err := os.ReadDir(out)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fault.Wrap(fault.OutputFailed, pathCause(err), "failed to write to %q", out).With("path", out)
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

func writeArchive(ctx context.Context, out string, files []File, zipped, force bool) error {
	f, err := atomicfile.Create(ctx, out, atomicfile.Options{Force: force})
	if err != nil {
		return err
	}
	defer f.Abort()
	var to io.Writer = f
	finish := func() error { return nil }
	if zipped {
		z := gzip.NewWriter(f)
		to, finish = z, z.Close
	}
	if err := writeTar(to, files); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	return f.Commit()
}

func writeTar(to io.Writer, files []File) error {
	w := tar.NewWriter(to)
	for _, f := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Content)), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
		}
		if len(f.Name) > maxUSTARName {
			header.Format = tar.FormatPAX
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(f.Content); err != nil {
			return err
		}
	}
	return w.Close()
}

// maxUSTARName is how long a name is that every tar reads as it is.
const maxUSTARName = 100
