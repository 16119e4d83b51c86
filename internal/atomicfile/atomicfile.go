// Package atomicfile writes outputs so that a reader sees the whole content
// or nothing. Content goes to a temporary file in the directory of the output,
// readable by the owner only, and gets its name when it is complete and on
// disk. Failure, interruption and a full disk leave nothing behind.
//
// An existing output is replaced only when that is asked for; without it even
// a file that appears while ours is being written survives. Standard output,
// pipes and devices cannot be renamed into place; what goes there is kept
// aside until it is complete. [Tree] writes a directory of many files.
package atomicfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/stellaops/stella/internal/fault"
)

// Options say how an output is written. The zero value writes a file of mode
// 0644, less the process's umask, and refuses to replace anything.
type Options struct {
	// Mode is the permission of the finished file; zero means 0644. The umask
	// applies. While the file is being written nobody but the owner can open it.
	Mode fs.FileMode
	// Force replaces an existing file. A symbolic link is replaced itself; what
	// it points to stays as it is.
	Force bool
	// Inputs are files that the command reads. None of them may be the output.
	Inputs []string
	// Below are files and directories that the command reads, with all that is in
	// them. None of it may be the output either.
	Below []string
	// FS is the file system, for tests; nil is OS.
	FS FS
}

// Output receives one artefact. Nothing can be seen of it before Commit.
type Output interface {
	io.Writer
	// Commit makes the content visible under its name, whole and on disk.
	Commit() error
	// Abort throws the content away. After Commit it does nothing, so that it
	// can be deferred.
	Abort()
}

var (
	_ Output = (*File)(nil)
	_ Output = (*Spool)(nil)
)

// Create starts the output called path. When ctx ends before Commit, the
// output is aborted at once, even if the writer is stuck elsewhere. Every
// error is a *fault.Error.
func Create(ctx context.Context, path string, opts Options) (Output, error) {
	if err := Check(path, opts); err != nil {
		return nil, err
	}
	if special(path) {
		return createSpecial(ctx, path)
	}
	return newFile(ctx, path, opts)
}

// WriteFile writes data to path in one go, as Create and Commit do.
func WriteFile(ctx context.Context, path string, data []byte, opts Options) error {
	out, err := Create(ctx, path, opts)
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := out.Write(data); err != nil {
		return err
	}
	return out.Commit()
}

// File is an output with a name. It is safe against an Abort from another
// goroutine; Write and Commit belong to one.
type File struct {
	path  string
	fs    FS
	force bool
	mode  fs.FileMode // of the finished file, umask applied
	ctx   context.Context
	stop  func() bool

	mu   sync.Mutex
	temp Handle // nil after Commit or Abort
	err  error  // the first failure of a write
}

func newFile(ctx context.Context, path string, opts Options) (*File, error) {
	mode := opts.Mode
	if mode == 0 {
		mode = 0o644
	}
	fsys := opts.FS
	if fsys == nil {
		fsys = OS()
	}
	temp, mode, err := createTemp(fsys, filepath.Dir(path), mode.Perm())
	if err != nil {
		return nil, failed(path, err)
	}
	f := &File{path: path, fs: fsys, force: opts.Force, mode: mode, ctx: ctx, temp: temp}
	// ctx may have ended already: Abort must find stop set.
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stop = context.AfterFunc(ctx, f.Abort)
	return f, nil
}

// Write implements io.Writer. After an error the output can only be aborted.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return 0, f.err
	}
	if f.temp == nil {
		return 0, f.gone()
	}
	n, err := f.temp.Write(p)
	if err != nil {
		f.err = failed(f.path, err)
	}
	return n, f.err
}

// Commit implements Output.
func (f *File) Commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.discard()
	if f.err != nil {
		return f.err
	}
	if f.temp == nil || f.ctx.Err() != nil {
		return f.gone()
	}
	if err := f.finish(); err != nil {
		return err
	}
	return f.fs.SyncDir(filepath.Dir(f.path))
}

// finish puts the content on disk and the file in its place.
func (f *File) finish() error {
	name := f.temp.Name()
	err := errors.Join(f.temp.Chmod(f.mode), f.temp.Sync(), f.temp.Close())
	if err != nil {
		return failed(f.path, err)
	}
	if f.force {
		err = f.fs.Rename(name, f.path)
	} else {
		err = renameNew(f.fs, name, f.path)
	}
	if errors.Is(err, fs.ErrExist) {
		return exists(f.path)
	}
	if err != nil {
		return failed(f.path, err)
	}
	f.temp = nil
	f.stop()
	return nil
}

// Abort implements Output.
func (f *File) Abort() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.discard()
}

// discard removes what was not committed. Its own failure has nobody to go
// to: the caller already holds the error that matters.
func (f *File) discard() {
	if f.temp == nil {
		return
	}
	_ = f.temp.Close()
	_ = f.fs.Remove(f.temp.Name())
	f.temp = nil
	f.stop()
}

// gone says why there is no file to write to any more.
func (f *File) gone() error {
	if err := context.Cause(f.ctx); err != nil {
		return err
	}
	return fault.New(fault.Internal, "output %q is already closed", f.path)
}

// Check refuses what Create would refuse, without starting an output: for
// commands that ask or compute something first.
func Check(path string, opts Options) error {
	if err := refuseInputs(path, opts.Inputs); err != nil || special(path) {
		return err
	}
	if err := refuseExisting(path, opts.Force); err != nil {
		return err
	}
	return refuseBelow(path, opts.Below)
}
