package trust

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
	"github.com/stellaops/stella/internal/strictjson"
)

// The directories of a publisher, beside metadata/ and targets/: what is being
// prepared and signed.
const stagedDir = "staged"

// Publisher is a directory in which trust is prepared, signed and published. The
// directory is a TUF repository, with consistent snapshots, and beside it what is not
// yet signed by all. It holds no private key and can be carried to the machines that
// do. It is not safe for concurrent use by one process; several keep out of each
// other's way.
type Publisher struct{ dir string }

// NewPublisher returns the publisher in dir. Nothing is read or made yet.
func NewPublisher(dir string) *Publisher { return &Publisher{dir} }

// The default times for which metadata is good. They are long, because a medium
// travels.
const (
	DefaultRootValidity = 365 * 24 * time.Hour
	DefaultValidity     = 90 * 24 * time.Hour
)

// staged returns the file that a role's metadata is prepared in.
func (p *Publisher) staged(role string) string {
	return filepath.Join(p.dir, stagedDir, FileName(role))
}

// locked runs change while no other process changes the directory.
func (p *Publisher) locked(ctx context.Context, change func() error) (err error) {
	lock, err := filelock.Acquire(ctx, filepath.Join(p.dir, stagedDir, lockName), defaultWait)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.notFound()
	case errors.Is(err, filelock.ErrBusy):
		return fault.New(fault.TrustBusy, "another process has been changing %q for %s", p.dir, defaultWait).
			WithHint("run the command again when it is done")
	case err != nil:
		return fault.Wrap(fault.TrustFailed, atomicfile.Cause(err), "failed to lock %q", p.dir)
	}
	defer func() {
		if released := lock.Release(); err == nil && released != nil {
			err = fault.Wrap(fault.TrustFailed, released, "failed to unlock %q", p.dir)
		}
	}()
	return change()
}

func (p *Publisher) notFound() error {
	return fault.New(fault.TrustNotFound, "%q is not a directory that trust is published from", p.dir).With("path", p.dir).
		WithHint("make one with: stella trust publish init DIR --root-key KEY.pub --key KEY.pub")
}

// read returns a file of the directory; one that is not there is nil.
func (p *Publisher) read(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %q", name).With("path", name)
	}
	defer f.Close()
	return readAtMost(f, name, limit)
}

func (p *Publisher) write(ctx context.Context, name string, content []byte) error {
	if err := atomicfile.MakeDir(nil, filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteFile(ctx, name, content, atomicfile.Options{Force: true})
}

// published returns the newest metadata of a role that is published, nil for none.
func (p *Publisher) published(role string) ([]byte, error) {
	version, err := p.publishedVersion(role)
	if err != nil || version == 0 {
		return nil, err
	}
	return p.read(filepath.Join(p.dir, metadataDir, versionedName(role, version)), MaxMetadata)
}

func versionedName(role string, version int64) string {
	if role == metadata.TIMESTAMP {
		return timestampFile
	}
	return strictjson.Number(version) + "." + FileName(role)
}

// publishedVersion returns the newest version of a role that is published, 0 for none.
func (p *Publisher) publishedVersion(role string) (int64, error) {
	if role == metadata.TIMESTAMP {
		raw, err := p.read(filepath.Join(p.dir, metadataDir, timestampFile), MaxMetadata)
		if raw == nil || err != nil {
			return 0, err
		}
		h, err := headOf(role, raw)
		return h.version, err
	}
	entries, err := os.ReadDir(filepath.Join(p.dir, metadataDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %q", filepath.Join(p.dir, metadataDir))
	}
	var newest int64
	for _, e := range entries {
		newest = max(newest, versionIn(e.Name(), role))
	}
	return newest, nil
}

// current returns what a role's metadata is being made of: what is staged, else what
// is published, else nil.
func (p *Publisher) current(role string) (raw []byte, isStaged bool, err error) {
	raw, err = p.read(p.staged(role), MaxMetadata)
	if raw != nil || err != nil {
		return raw, true, err
	}
	raw, err = p.published(role)
	return raw, false, err
}

func (p *Publisher) metadataPath(role string, version int64) string {
	return filepath.Join(p.dir, metadataDir, versionedName(role, version))
}
