package forensic

import (
	"path/filepath"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/spill"
)

// directory yields the files of an unpacked snapshot in the order of an archive's
// members, which depends on what the manifest says.
func directory(dir string) archive.Members {
	return func(yield func(archive.Member, error) bool) {
		sorter := spill.NewSorter("the files of the snapshot", collectMemory)
		defer sorter.Close()
		rank := rankIn(dir)
		for f, err := range gather.Files(dir) {
			if err == nil {
				err = addFile(sorter, rank, dir, f)
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

// rankIn returns the place of a path's section among the others: as the manifest in a
// directory has it. Whoever reads the members says what is wrong with that one.
func rankIn(dir string) func(path string) byte {
	f, err := input.OpenPlain(filepath.Join(dir, ManifestName))
	if err != nil {
		return rank
	}
	defer f.Close()
	if f.Size() > maxManifest {
		return rank
	}
	if m, _, err := readManifest(f, f.Size(), nil); err != nil || m.bySection() {
		return rank
	}
	return func(string) byte { return 0 }
}

// addFile adds the record of a file: the place of its section, its path, a NUL, and
// what it is if it is no file.
func addFile(sorter *spill.Sorter, rank func(path string) byte, dir string, f gather.Found) error {
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
