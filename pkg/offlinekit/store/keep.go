package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// keep copies the kit into dir. Where that is not done it returns nil, and the report
// says why; what is left of an attempt is removed.
func (i *importing) keep(dir string, r *Report) (*Kept, error) {
	if r.Reason == fault.KitChannel || r.Reason == fault.KitVersion || r.Reason == fault.KitFormat {
		r.NotKept = "it is another kit than was wanted, and nothing in it was judged"
		return nil, nil
	}
	name := i.source.Name()
	if name == "-" {
		r.NotKept = "it came through a pipe, and keeping it would have meant to write it twice"
		return nil, nil
	}
	kept, err := i.copied(dir, name)
	switch {
	case i.ctx.Err() != nil:
		return nil, err
	case err != nil:
		r.NotKept = clip(words(err), maxText)
		return nil, nil
	}
	return kept, nil
}

// words say why a kit was not copied.
func words(err error) string {
	if atomicfile.IsFull(err) {
		return "the disk has no room for it"
	}
	return err.Error()
}

// copied writes the kit to a new file in dir.
func (i *importing) copied(dir, from string) (*Kept, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, atomicfile.Cause(err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	size := info.Size()
	if info.IsDir() {
		if size, err = sizeOf(from); err != nil {
			return nil, err
		}
	}
	if size > MaxQuarantinedBytes {
		return nil, fmt.Errorf("it has %d bytes, and all kits in quarantine together may have %d", size, int64(MaxQuarantinedBytes))
	}
	if have, known := i.store.free(dir); known && have < size+spare {
		return nil, syscall.ENOSPC
	}
	return i.write(dir, from, info.IsDir())
}

// write copies a file, or puts the files of a directory into an archive: what it holds
// is not unpacked a second time.
func (i *importing) write(dir, from string, isDir bool) (kept *Kept, err error) {
	kept = &Kept{File: "kit" + extension(from)}
	fill := i.file
	if isDir {
		kept.File, fill = "kit.tar", i.tree
	}
	path := filepath.Join(dir, kept.File)
	h, err := i.store.system().Create(path, 0o600)
	if err != nil {
		return nil, atomicfile.Cause(err)
	}
	defer func() {
		if err != nil {
			_ = i.store.system().Remove(path) // the first error is the one that matters
		}
	}()
	w := &measured{w: h, sum: sha256.New()}
	err = errors.Join(fill(w, from), h.Sync(), h.Close())
	kept.Size, kept.SHA256 = w.n, hex.EncodeToString(w.sum.Sum(nil))
	return kept, err
}

// extension is the part of a name that says how an archive is packed.
func extension(name string) string {
	switch archive.FormatOfName(name) {
	case archive.Tar:
		return ".tar"
	case archive.Gzip:
		return ".tar.gz"
	case archive.Zstd:
		return ".tar.zst"
	}
	return ""
}

func (i *importing) file(w io.Writer, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return atomicfile.Cause(err)
	}
	defer f.Close()
	_, err = io.Copy(w, io.LimitReader(interruptible{i.ctx, f}, MaxQuarantinedBytes))
	return err
}

// tree writes the regular files of a directory as a tar archive. Links are left out.
func (i *importing) tree(w io.Writer, from string) error {
	root, err := os.OpenRoot(from)
	if err != nil {
		return atomicfile.Cause(err)
	}
	defer root.Close()
	out, err := archive.NewWriter(w, archive.Tar, i.o.Now)
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return i.member(out, root, name)
	})
	return errors.Join(err, out.Close())
}

func (i *importing) member(out *archive.Writer, root *os.Root, name string) error {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return atomicfile.Cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return out.Add(name, info.Size(), false, interruptible{i.ctx, f})
}

// sizeOf is how many bytes the archive of a directory has.
func sizeOf(dir string) (int64, error) {
	var n int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size() + 3*headerSize
		}
		return err
	})
	return n, err
}

// headerSize is what a tar archive needs for the header of a file, in bytes, and at
// most for its padding.
const headerSize = 512

// measured counts and hashes what is written.
type measured struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

// Write implements io.Writer.
func (m *measured) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.sum.Write(p[:n])
	m.n += int64(n)
	return n, err
}
