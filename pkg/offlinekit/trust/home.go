package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// The files of a bundle's directory.
const (
	stateName = "state.json"
	lockName  = "lock"
	blobsName = "blobs"
)

// defaultWait is how long a change waits for another process.
const defaultWait = 10 * time.Second

// DefaultName is the name of a bundle that was given none.
const DefaultName = "default"

// Home is a directory of trust bundles, each in a directory of its name. It is safe
// for concurrent use, also by several processes.
type Home struct {
	dir string
	// FS is the file system, for tests; nil is atomicfile.OS.
	FS atomicfile.FS
}

// NewHome returns the bundles in dir. Nothing is read or made yet. The directory ""
// is none at all, as for a user without a home.
func NewHome(dir string) *Home { return &Home{dir: dir} }

// Dir returns the directory.
func (h *Home) Dir() string { return h.dir }

// Names returns the names of the bundles that are there, sorted.
func (h *Home) Names() ([]string, error) {
	if h.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(h.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.TrustFailed, atomicfile.Cause(err), "failed to read %q", h.dir)
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(h.dir, e.Name(), stateName)); err == nil && IsName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Choose returns the bundle that counts when none is named: the one called default,
// or else the only one. None is "", and several are fault.TrustAmbiguous.
func (h *Home) Choose() (string, error) {
	names, err := h.Names()
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", nil
	case slices.Contains(names, DefaultName):
		return DefaultName, nil
	case len(names) == 1:
		return names[0], nil
	}
	return "", fault.New(fault.TrustAmbiguous, "there are %d trust bundles, and none is called %q", len(names), DefaultName).
		With("names", joined(names)).WithHint("choose one with --trust trust:NAME, or the setting trust.name: %s", joined(names))
}

// bundle is one directory of a Home.
type bundle struct {
	home *Home
	name string
	dir  string
}

func (h *Home) bundle(name string) (*bundle, error) {
	if h.dir == "" {
		return nil, fault.New(fault.TrustFailed, "there is no place for trust: no home directory is known").
			WithHint("set XDG_DATA_HOME, or name a directory with --state DIR")
	}
	if !IsName(name) {
		return nil, fault.New(fault.UsageInvalid, "%q is not a name of a trust bundle", name).
			WithHint("take letters, digits, dots, dashes and underlines")
	}
	return &bundle{h, name, filepath.Join(h.dir, name)}, nil
}

func (b *bundle) file() string { return filepath.Join(b.dir, stateName) }

// read returns the state; none is fault.TrustNotFound.
func (b *bundle) read() (*state, error) {
	f, err := input.Open(b.file(), nil, MaxState)
	switch {
	case fault.ReasonOf(err) == fault.InputNotFound:
		return nil, b.notFound()
	case err != nil:
		return nil, fault.Wrap(fault.TrustFailed, err, "failed to read trust %q", b.name)
	}
	text, err := f.ReadAll()
	f.Close()
	if err != nil {
		return nil, fault.Wrap(fault.TrustFailed, err, "failed to read trust %q", b.name)
	}
	s, err := parseState(text, b.file())
	if err == nil {
		s.text = string(text)
	}
	if err != nil && fault.HintOf(err) == "" {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "").WithHint("restore %s from a backup; to begin anew, move it away and run trust init", b.dir)
	}
	return s, err
}

func (b *bundle) notFound() error {
	err := fault.New(fault.TrustNotFound, "there is no trust bundle %q", b.name).With("path", b.dir)
	if names, _ := b.home.Names(); len(names) > 0 {
		return err.WithHint("there are: %s", joined(names))
	}
	return err.WithHint("begin with: stella trust init --root root.json --root-sha256 HEX")
}

// steadily reads the state and then what it names. No lock is needed for that: an
// import that takes the files away meanwhile has put another state there before, and
// then everything is read again.
func (b *bundle) steadily(read func(*state) error) error {
	const most = 8 // imports that come just then
	var before string
	for i := 0; ; i++ {
		s, err := b.read()
		if err != nil {
			return err
		}
		err = read(s)
		if fault.ReasonOf(err) != fault.TrustFailed || s.text == before || i == most {
			return err
		}
		before = s.text
	}
}

// load returns the content of a file.
func (b *bundle) load(f file) ([]byte, error) { return b.blob(f.sha256) }

// locked runs change while no other process changes the bundle.
func (b *bundle) locked(ctx context.Context, change func() error) (err error) {
	if err := atomicfile.MakeDir(b.home.FS, filepath.Join(b.dir, blobsName), 0o700); err != nil {
		return fault.Wrap(fault.TrustFailed, err, "failed to make the directory of trust %q", b.name)
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(b.dir, lockName), defaultWait)
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.Is(err, filelock.ErrBusy):
		return fault.New(fault.TrustBusy, "another process has been changing trust %q for %s", b.name, defaultWait).
			WithHint("run the command again when it is done")
	case err != nil:
		return fault.Wrap(fault.TrustFailed, atomicfile.Cause(err), "failed to lock trust %q in %q", b.name, b.dir).
			WithHint("name a directory that you may write to with --state DIR")
	}
	defer func() {
		if released := lock.Release(); err == nil && released != nil {
			err = fault.Wrap(fault.TrustFailed, released, "failed to unlock trust %q", b.name)
		}
	}()
	return change()
}

// commit puts blobs and then the state that names them on disk. Until the last step
// the old state stands, and all that it names.
func (b *bundle) commit(ctx context.Context, s *state, blobs map[string][]byte) error {
	text, err := s.marshal()
	if err != nil {
		return err
	}
	for sum, content := range blobs {
		if err := b.writeBlob(ctx, sum, content); err != nil {
			return err
		}
	}
	if err := b.write(ctx, b.file(), text); err != nil {
		return err
	}
	b.sweep(s)
	return nil
}

func (b *bundle) writeBlob(ctx context.Context, sum string, content []byte) error {
	if have, err := b.blob(sum); err == nil && bytes.Equal(have, content) {
		return nil
	}
	return b.write(ctx, b.blobPath(sum), content)
}

func (b *bundle) write(ctx context.Context, path string, content []byte) error {
	err := atomicfile.WriteFile(ctx, path, content, atomicfile.Options{Mode: 0o600, Force: true, FS: b.home.FS})
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return fault.Wrap(fault.TrustFailed, err, "failed to write trust %q", b.name)
}

func (b *bundle) blobPath(sum string) string { return filepath.Join(b.dir, blobsName, sum) }

// blob returns the content with a digest.
func (b *bundle) blob(sum string) ([]byte, error) {
	f, err := os.Open(b.blobPath(sum))
	if err != nil {
		return nil, b.damaged(sum, atomicfile.Cause(err))
	}
	defer f.Close()
	content, err := readAtMost(f, b.blobPath(sum), MaxTarget)
	if err != nil {
		return nil, b.damaged(sum, err)
	}
	if digest(content) != sum {
		return nil, b.damaged(sum, errors.New("its content changed"))
	}
	return content, nil
}

func (b *bundle) damaged(sum string, err error) error {
	return fault.Wrap(fault.TrustFailed, err, "trust %q is damaged: %s", b.name, b.blobPath(sum)).
		With("path", b.blobPath(sum)).WithHint("import the newest export again, or restore %s from a backup", b.dir)
}

// sweep removes blobs that the state does not name. That it fails is of no
// consequence: the next change sweeps again.
func (b *bundle) sweep(s *state) {
	entries, err := os.ReadDir(filepath.Join(b.dir, blobsName))
	if err != nil {
		return
	}
	named := s.blobs()
	fsys := b.home.FS
	if fsys == nil {
		fsys = atomicfile.OS()
	}
	for _, e := range entries {
		if strictjson.IsSHA256(e.Name()) && !named[e.Name()] {
			_ = fsys.Remove(b.blobPath(e.Name()))
		}
	}
}

// blobs are the digests that the state names.
func (s *state) blobs() map[string]bool {
	named := map[string]bool{}
	lists := [][]file{s.roots, s.newest}
	if s.active != nil {
		lists = append(lists, s.active.metadata, s.active.targets, s.active.carried)
	}
	for _, list := range lists {
		for _, f := range list {
			named[f.sha256] = true
		}
	}
	return named
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
