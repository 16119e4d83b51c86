package trust

import (
	"context"
	"encoding/hex"
	"maps"
	"path"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// File is a target to publish.
type File struct {
	// Name is one of those that a bundle is made of, see Contents.
	Name    string
	Content []byte
}

// Put stages targets, in place of those that have the same names, and with them new
// versions of targets, snapshot and timestamp. All of them together must be trust that
// can be imported: else the error is that of Import.
func (p *Publisher) Put(ctx context.Context, now time.Time, files ...File) (*Progress, error) {
	list := make([]target, len(files))
	for i, f := range files {
		if !uses(f.Name) {
			return nil, fault.New(fault.UsageInvalid, "%q is not a target of a trust bundle", f.Name)
		}
		list[i] = target{f.Name, f.Content}
	}
	return p.progress(ctx, func() error { return p.putTargets(ctx, now, 0, list...) })
}

func (p *Publisher) putTargets(ctx context.Context, now time.Time, validity time.Duration, list ...target) error {
	d, err := openDraft(p, metadata.TARGETS, metadata.Targets().Signed)
	if err != nil {
		return err
	}
	for _, t := range list {
		info, err := metadata.TargetFile().FromBytes(t.name, t.content, "sha256")
		if err != nil {
			return err
		}
		if d.body.Targets == nil {
			d.body.Targets = map[string]*metadata.TargetFiles{}
		}
		d.body.Targets[t.name] = info
		if err := p.write(ctx, p.targetPath(t.name, info), t.content); err != nil {
			return err
		}
	}
	if err := p.readable(d.body.Targets); err != nil {
		return err
	}
	if err := d.stamp(now, validity); err != nil {
		return err
	}
	if err := d.stage(ctx, p); err != nil {
		return err
	}
	return p.stageSnapshot(ctx, d.body.Version, now, validity)
}

// targetPath is where a target lies under its digest. It is there before metadata
// names it, which does no harm.
func (p *Publisher) targetPath(name string, info *metadata.TargetFiles) string {
	dir, base := path.Split(name)
	return filepath.Join(p.dir, targetsDir, filepath.FromSlash(dir), hex.EncodeToString(info.Hashes["sha256"])+"."+base)
}

// readable refuses targets that an import would refuse.
func (p *Publisher) readable(targets map[string]*metadata.TargetFiles) error {
	list, err := p.contents(targets)
	if err != nil {
		return err
	}
	_, err = readOwn(p.dir, list)
	return err
}

func (p *Publisher) contents(targets map[string]*metadata.TargetFiles) ([]target, error) {
	var list []target
	for _, name := range sorted(maps.Keys(targets)) {
		content, err := p.read(p.targetPath(name, targets[name]), MaxTarget)
		if err != nil {
			return nil, err
		}
		if err := VerifyTarget(name, content, targets[name]); err != nil {
			return nil, err
		}
		list = append(list, target{name, content})
	}
	return list, nil
}

// Target returns the content of a target as it is staged or published; nil for none.
func (p *Publisher) Target(name string) ([]byte, error) {
	raw, _, err := p.current(metadata.TARGETS)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, p.notFound()
	}
	m, err := parse[metadata.TargetsType](metadata.TARGETS, FileName(metadata.TARGETS), raw)
	if err != nil {
		return nil, err
	}
	info := m.body.Targets[name]
	if info == nil {
		return nil, nil
	}
	return p.read(p.targetPath(name, info), MaxTarget)
}

// stageSnapshot stages the snapshot of a version of targets, and its timestamp. They
// name versions and no digests: then all roles can be signed on one visit, and a
// signature more makes no other file of what is signed.
func (p *Publisher) stageSnapshot(ctx context.Context, targets int64, now time.Time, validity time.Duration) error {
	snapshot, err := openDraft(p, metadata.SNAPSHOT, metadata.Snapshot().Signed)
	if err != nil {
		return err
	}
	snapshot.body.Meta["targets.json"] = &metadata.MetaFiles{Version: targets}
	if err := snapshot.stamp(now, validity); err != nil {
		return err
	}
	if err := snapshot.stage(ctx, p); err != nil {
		return err
	}
	timestamp, err := openDraft(p, metadata.TIMESTAMP, metadata.Timestamp().Signed)
	if err != nil {
		return err
	}
	timestamp.body.Meta["snapshot.json"] = &metadata.MetaFiles{Version: snapshot.body.Version}
	if err := timestamp.stamp(now, validity); err != nil {
		return err
	}
	return timestamp.stage(ctx, p)
}

// Renew stages new versions of targets, snapshot and timestamp that say the same and
// expire later. A validity of zero is what it was.
func (p *Publisher) Renew(ctx context.Context, now time.Time, validity time.Duration) (*Progress, error) {
	return p.progress(ctx, func() error { return p.putTargets(ctx, now, validity) })
}
