package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// Export returns what is published, as the files of a repository: every root, the
// newest of the other roles, and their targets. It has gone through a client from the
// first root on, so that what leaves can be imported.
func (p *Publisher) Export(now time.Time) ([]File, error) {
	first, err := p.FirstRoot()
	if err != nil {
		return nil, err
	}
	if first == nil {
		return nil, p.unpublished()
	}
	source, err := OpenSource(p.dir)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	seen := &exported{first: first}
	c := &Client{Source: source, Store: seen, Now: now}
	if err := c.Refresh(); err != nil {
		return nil, hintRenew(err)
	}
	files := append([]File{{path.Join(metadataDir, "1.root.json"), first}}, seen.files...)
	body := c.targets[metadata.TARGETS].body
	for _, name := range sorted(maps.Keys(body.Targets)) {
		content, err := c.Target(name, body.Targets[name])
		if err != nil {
			return nil, err
		}
		file, err := filepath.Rel(p.dir, p.targetPath(name, body.Targets[name]))
		if err != nil {
			return nil, err
		}
		files = append(files, File{filepath.ToSlash(file), content})
	}
	return files, nil
}

// hintRenew says what who publishes trust can do about its expiry.
func hintRenew(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == fault.TrustExpired {
		return f.WithHint("renew it: trust publish sign --renew, or trust publish rotate-root for a root")
	}
	return err
}

func (p *Publisher) unpublished() error {
	progress, err := p.Progress()
	if err != nil {
		return err
	}
	e := fault.New(fault.TrustUnsigned, "nothing is published in %q yet", p.dir).With("path", p.dir)
	for _, r := range progress.Staged {
		for _, n := range r.Needs {
			e.With(r.Role, fmt.Sprintf("%d of %d signatures", n.Have, n.Want))
		}
	}
	return e.WithHint("trust publish sign shows whose signatures are wanted")
}

// exported is the store of a client that is only asked what it would take.
type exported struct {
	first []byte
	files []File
}

var _ Store = (*exported)(nil)

// Load implements Store.
func (e *exported) Load(role string) ([]byte, error) {
	if role == metadata.ROOT {
		return e.first, nil
	}
	return nil, fs.ErrNotExist
}

// Save implements Store.
func (e *exported) Save(role string, version int64, raw []byte) error {
	e.files = append(e.files, File{path.Join(metadataDir, versionedName(role, version)), raw})
	return nil
}
