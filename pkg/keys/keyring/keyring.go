package keyring

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
	"github.com/stellaops/stella/internal/input"
)

// The files of a keyring. The lock is a file of its own, because keyring.json
// is another file after each change.
const (
	fileName = "keyring.json"
	lockName = "keyring.lock"
)

// defaultWait is how long a change waits for another process. One takes
// milliseconds.
const defaultWait = 10 * time.Second

// Keyring is a directory of keys. It is safe for concurrent use.
type Keyring struct {
	dir  string
	opts Options
}

// Options are what can be chosen of a keyring. The zero value is right for one
// that may not be there yet.
type Options struct {
	// MustExist makes a directory that is not there an error, and not a keyring
	// without keys: for one that a user named.
	MustExist bool
	// Wait is how long Update waits for another process; zero is ten seconds.
	Wait time.Duration
	// FS is the file system, for tests; nil is atomicfile.OS.
	FS atomicfile.FS
}

// New returns the keyring in dir. Nothing is read or made yet. The directory ""
// is none at all, as for a user without a home: it has no keys and takes none.
func New(dir string, opts Options) *Keyring {
	if opts.Wait == 0 {
		opts.Wait = defaultWait
	}
	return &Keyring{dir, opts}
}

// Dir returns the directory.
func (k *Keyring) Dir() string { return k.dir }

func (k *Keyring) file() string { return filepath.Join(k.dir, fileName) }

// Read returns what the keyring holds, which is nothing if it is not there. The
// errors are fault.KeyringMalformed, fault.KeyringFailed, and
// fault.InputTooLarge.
func (k *Keyring) Read() (*Contents, error) {
	if k.dir == "" {
		return &Contents{}, nil
	}
	f, err := input.Open(k.file(), nil, MaxSize)
	switch {
	case fault.ReasonOf(err) == fault.InputNotFound:
		return &Contents{}, k.missing()
	case err != nil:
		return nil, fault.Wrap(fault.KeyringFailed, err, "failed to read the keyring")
	}
	b, err := f.ReadAll()
	f.Close()
	if err != nil {
		return nil, fault.Wrap(fault.KeyringFailed, err, "failed to read the keyring")
	}
	c, err := Parse(b, k.file())
	if err != nil && fault.HintOf(err) == "" {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "").WithHint("restore %s from a backup", k.file())
	}
	return c, err
}

// missing is the verdict over a keyring without its file.
func (k *Keyring) missing() error {
	if _, err := os.Stat(k.dir); err == nil || !k.opts.MustExist {
		return nil
	}
	return fault.New(fault.KeyringFailed, "there is no keyring in %q", k.dir).
		WithHint("name the directory with --keyring DIR; keys generate --name and keys import make it").With("path", k.dir)
}

// Update lets change alter what the keyring holds, and writes it. From the
// reading to the writing no other process changes it. When Update returns nil
// the new keyring is on disk; when it does not, the old one is there as it was.
//
// What a keyring promises is held against change, whatever it does: no entry, no
// line of a history and no revocation goes away, and a revocation moves to an
// earlier time at most.
//
// The errors: that of change; those of Read; fault.KeyringBusy after the time to
// wait; the cause of ctx; fault.KeyringFailed.
func (k *Keyring) Update(ctx context.Context, change func(*Contents) error) (err error) {
	if k.dir == "" {
		return fault.New(fault.KeyringFailed, "there is no place for a keyring: no home directory is known").
			WithHint("name a directory with --keyring DIR, or set XDG_DATA_HOME")
	}
	if err := k.missing(); err != nil {
		return err
	}
	if err := atomicfile.MakeDir(k.opts.FS, k.dir, 0o700); err != nil {
		return fault.Wrap(fault.KeyringFailed, err, "failed to make the keyring")
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(k.dir, lockName), k.opts.Wait)
	if err != nil {
		return k.lockFault(ctx, err)
	}
	defer func() {
		if released := lock.Release(); err == nil && released != nil {
			err = fault.Wrap(fault.KeyringFailed, released, "failed to unlock the keyring in %q", k.dir)
		}
	}()
	before, err := k.Read()
	if err != nil {
		return err
	}
	old, err := before.Marshal()
	if err != nil {
		return err
	}
	after, err := Parse(old, k.file())
	if err != nil {
		return err
	}
	if err := change(after); err != nil {
		return err
	}
	if err := before.allows(after); err != nil {
		return err
	}
	return k.write(ctx, old, after)
}

func (k *Keyring) write(ctx context.Context, old []byte, after *Contents) error {
	text, err := after.Marshal()
	if err != nil || bytes.Equal(text, old) {
		return err
	}
	opts := atomicfile.Options{Mode: 0o600, Force: true, FS: k.opts.FS}
	if err := atomicfile.WriteFile(ctx, k.file(), text, opts); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fault.Wrap(fault.KeyringFailed, err, "failed to write the keyring")
	}
	return nil
}

func (k *Keyring) lockFault(ctx context.Context, err error) error {
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.Is(err, filelock.ErrBusy):
		return fault.New(fault.KeyringBusy, "another process has been changing the keyring in %q for %s", k.dir, k.opts.Wait).
			WithHint("run the command again when it is done").With("path", k.dir)
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fault.Wrap(fault.KeyringFailed, err, "failed to lock the keyring in %q", k.dir).With("path", k.dir).
		WithHint("make the directory one that you may write to, or name another with --keyring DIR")
}
