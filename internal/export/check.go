package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// checkFiles holds a directory to its manifest, which must have been verified: every file is
// there, with its size and digest, none is beside them, and checksums.txt says the
// same. signature is the verified one over the manifest, as detached returns it, which
// export.json.sig must hold; provenance is the verified statement, which provenance.json
// must be. It returns what was found, or the first difference in the order of paths.
func checkFiles(ctx context.Context, dir string, m *Manifest, signature []byte, provenance dsse.Message) (string, error) {
	files, err := scan(ctx, dir)
	if err != nil {
		return "", err
	}
	script, err := describeOwn(dir, ScriptName)
	if err != nil {
		return "", err
	}
	if err := compare(m.Files, insert(files, script)); err != nil {
		return "", err
	}
	if err := same(dir, ChecksumsName, ManifestName, m.sums()); err != nil {
		return "", err
	}
	if err := same(dir, ManifestSig, ManifestBundle, signature); err != nil {
		return "", err
	}
	var statement bytes.Buffer
	if _, err := provenance.WriteTo(&statement); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d files are those of the manifest", len(m.Files)), same(dir, ProvenanceName, ProvenanceBundle, statement.Bytes())
}

// describeOwn describes one of our own files.
func describeOwn(dir, name string) (File, error) {
	info, err := os.Lstat(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, missing("an export", name)
	}
	if err != nil {
		return File{}, fault.Wrap(fault.InputUnreadable, err, "failed to read %q", name)
	}
	if !info.Mode().IsRegular() {
		return File{}, irregular(filepath.Join(dir, name))
	}
	return describe(filepath.Join(dir, name), name)
}

// same compares a file with what it should be, as the file by says.
func same(dir, name, by string, want []byte) error {
	f, err := describeOwn(dir, name)
	if err == nil && f.SHA256 != sumOf(want) {
		err = differs(by, name)
	}
	return err
}

// compare walks both lists, which are sorted, side by side.
func compare(want, got []File) error {
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0, len(want) > 0 && want[0].Path < got[0].Path:
			return missing("the manifest", want[0].Path)
		case len(want) == 0, got[0].Path < want[0].Path:
			return fault.New(fault.ExportMismatch, "%q is there, and not in the manifest", got[0].Path).With("path", got[0].Path)
		case want[0] != got[0]:
			return differs("the manifest", want[0].Path)
		}
		want, got = want[1:], got[1:]
	}
	return nil
}

func missing(in, name string) error {
	return fault.New(fault.ExportMissing, "%s has %q, and it is not there", in, name).With("path", name)
}

func differs(by, name string) error {
	return fault.New(fault.ExportMismatch, "%q is not what %s says", name, by).With("path", name)
}
