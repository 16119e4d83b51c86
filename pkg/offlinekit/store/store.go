package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// The files of a channel's directory.
const (
	stateName    = "state.json"
	lockName     = "lock"
	payloadsName = "payloads"
)

// Store is a directory of channels, each in a directory of its name, and a quarantine.
// It is safe for concurrent use, also by several processes.
type Store struct {
	dir        string
	quarantine string
	// FS is the file system, for tests; nil is atomicfile.OS.
	FS atomicfile.FS
	// Free returns how many bytes may still be written to a directory, and whether that
	// is known, for tests; nil asks the system.
	Free func(dir string) (int64, bool)
}

// New returns the channels in dir, with the quarantine in a directory of its own.
// Nothing is read or made yet. The directory "" is none at all, as for a user without
// a home.
func New(dir, quarantine string) *Store { return &Store{dir: dir, quarantine: quarantine} }

// Dir returns the directory.
func (s *Store) Dir() string { return s.dir }

func (s *Store) system() atomicfile.FS {
	if s.FS == nil {
		return atomicfile.OS()
	}
	return s.FS
}

func (s *Store) free(dir string) (int64, bool) {
	if s.Free == nil {
		return free(dir)
	}
	return s.Free(dir)
}

// Channels returns the names of the channels that have an active kit, sorted.
func (s *Store) Channels() ([]string, error) {
	if s.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.KitFailed, atomicfile.Cause(err), "failed to read %q", s.dir)
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(s.dir, e.Name(), stateName)); err == nil && offlinekit.IsWord(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Choose returns the channel called name, or if that is "" the only one there is. None
// is fault.KitNotFound, and several are fault.KitAmbiguous.
func (s *Store) Choose(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	names, err := s.Channels()
	switch {
	case err != nil:
		return "", err
	case len(names) == 1:
		return names[0], nil
	case len(names) == 0:
		return "", fault.New(fault.KitNotFound, "no kit was imported yet in %q", s.dir).
			WithHint("import one: stella offline-kit import KIT")
	}
	return "", fault.New(fault.KitAmbiguous, "there are kits of %d channels, and none was chosen", len(names)).
		With("channels", joined(names)).WithHint("choose one with --channel NAME: %s", joined(names))
}

// channel is one directory of a Store.
type channel struct {
	store *Store
	name  string
	dir   string
}

func (s *Store) channel(name string) (*channel, error) {
	if s.dir == "" {
		return nil, fault.New(fault.KitFailed, "there is no place for kits: no home directory is known").
			WithHint("set XDG_DATA_HOME, or name a directory with --state DIR")
	}
	if !offlinekit.IsWord(name) {
		return nil, fault.New(fault.UsageInvalid, "%q is not a name of a channel", name).
			WithHint("take lower-case letters, digits, dots, dashes and underlines")
	}
	return &channel{s, name, filepath.Join(s.dir, name)}, nil
}

func (c *channel) file() string     { return filepath.Join(c.dir, stateName) }
func (c *channel) payloads() string { return filepath.Join(c.dir, payloadsName) }

// path is where a kit is.
func (c *channel) path(k *Kit) string { return filepath.Join(c.payloads(), k.Directory) }

// read returns the state; one without a kit if there is none.
func (c *channel) read() (*state, error) {
	if err := guard(c.store.dir, c.dir, c.payloads()); err != nil {
		return nil, err
	}
	f, err := input.Open(c.file(), nil, MaxState)
	switch {
	case fault.ReasonOf(err) == fault.InputNotFound:
		return &state{channel: c.name}, nil
	case err != nil:
		return nil, fault.Wrap(fault.KitFailed, err, "failed to read the state of channel %q", c.name)
	}
	text, err := f.ReadAll()
	f.Close()
	if err != nil {
		return nil, fault.Wrap(fault.KitFailed, err, "failed to read the state of channel %q", c.name)
	}
	s, err := parseState(text, c.file())
	switch {
	case err != nil && fault.HintOf(err) == "":
		return nil, fault.Wrap(fault.ReasonOf(err), err, "").WithHint("restore %s from a backup, or move it away and import the newest kit again", c.dir)
	case err == nil && s.channel != c.name:
		return nil, fault.New(fault.KitFailed, "%q is the state of channel %q", c.file(), s.channel).
			With("path", c.file()).WithHint("give the directory its old name again: %s", s.channel)
	}
	return s, err
}

// current is read, where there must be a kit.
func (c *channel) current() (*state, error) {
	s, err := c.read()
	if err != nil || s.active != nil {
		return s, err
	}
	f := fault.New(fault.KitNotFound, "there is no kit of channel %q", c.name).With("path", c.dir)
	if names, err := c.store.Channels(); err == nil && len(names) > 0 {
		return nil, f.WithHint("there are kits of: %s", joined(names))
	}
	return nil, f.WithHint("import one: stella offline-kit import KIT")
}

// lock keeps other processes from changing the channel until it is released. It makes
// the directory.
func (c *channel) lock(ctx context.Context) (*filelock.Lock, error) {
	if err := atomicfile.MakeDir(c.store.FS, c.payloads(), 0o700); err != nil {
		return nil, fault.Wrap(fault.KitFailed, err, "failed to make the directory of channel %q", c.name).
			WithHint("name a directory that you may write to with --state DIR")
	}
	if err := guard(c.store.dir, c.dir, c.payloads()); err != nil {
		return nil, err
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(c.dir, lockName), defaultWait)
	switch {
	case context.Cause(ctx) != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, filelock.ErrBusy):
		return nil, fault.New(fault.KitBusy, "another process has been changing the kits of channel %q for %s", c.name, defaultWait).
			WithHint("run the command again when it is done")
	case err != nil:
		return nil, fault.Wrap(fault.KitFailed, atomicfile.Cause(err), "failed to lock channel %q in %q", c.name, c.dir)
	}
	return lock, nil
}

// commit makes a state the one that counts: the switch. What it refers to is on disk.
func (c *channel) commit(ctx context.Context, s *state) error {
	text, err := s.marshal()
	if err != nil {
		return err
	}
	err = atomicfile.WriteFile(ctx, c.file(), text, atomicfile.Options{Mode: 0o600, Force: true, FS: c.store.FS})
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return fault.Wrap(fault.KitFailed, err, "failed to switch to another kit of channel %q", c.name)
}

// sweep removes what the state on disk does not refer to: the kit before the previous
// one, and what an interrupted import left. It asks the disk, since a switch whose
// failure was reported may have come about. That it fails itself is of no consequence:
// the next import sweeps again.
func (c *channel) sweep() {
	s, err := c.read()
	if err != nil {
		return
	}
	for _, path := range c.strays(s) {
		removeTree(c.store.system(), path)
	}
	for _, e := range entriesOf(c.dir) {
		if strings.HasPrefix(e.Name(), ".stella-") { // a state.json that was not finished
			_ = c.store.system().Remove(filepath.Join(c.dir, e.Name()))
		}
	}
}

// strays is what lies among the kits and a state does not refer to.
func (c *channel) strays(s *state) []string {
	var out []string
	keep := s.directories()
	for _, e := range entriesOf(c.payloads()) {
		if !slices.Contains(keep, e.Name()) {
			out = append(out, filepath.Join(c.payloads(), e.Name()))
		}
	}
	return out
}
